import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { PostgresDatabase } from "../../broker/sql/postgres-database.ts";
import { ask } from "../support/postgres-server.ts";

let made = 0;

/** Databases on the project's server, each opened by as many as a spec likes. */
export class Databases {
	readonly #names: string[] = [];
	readonly #open: PostgresDatabase[] = [];

	/** The address of a fresh database; it is made when it is opened first. */
	fresh(): string {
		const name = `spec_${process.pid}_${++made}`;
		this.#names.push(name);
		return new URL(name, process.env.SPEC_POSTGRES).href;
	}

	async open(url: string, connections = 6): Promise<PostgresDatabase> {
		const database = await PostgresDatabase.open("shop", url, connections);
		this.#open.push(database);
		return database;
	}

	async remove(): Promise<void> {
		await Promise.all(this.#open.splice(0).map(database => database.close()));
		for (const name of this.#names.splice(0))
			ask(process.env.SPEC_POSTGRES!, `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
	}
}

/** What happens to the next thing of its kind that passes. */
type Accident = "lost on the way" | "answer lost";

/** A wire to the server on which one commit has an accident, or whatever else is said. */
export class Wire {
	readonly #server = createServer(socket => this.#join(socket));
	readonly #sockets = new Set<Socket>();
	readonly #target: URL;
	accident: Accident | undefined;
	/** What has the accident. */
	at = "COMMIT";

	constructor(url: string) {
		this.#target = new URL(url);
	}

	async listen(): Promise<string> {
		this.#server.listen(0, "127.0.0.1");
		await once(this.#server, "listening");
		const url = new URL(this.#target);
		url.port = String((this.#server.address() as AddressInfo).port);
		return url.href;
	}

	close(): void {
		for (const socket of this.#sockets) socket.destroy();
		this.#server.close();
	}

	#join(client: Socket): void {
		const server = connect(Number(this.#target.port), this.#target.hostname);
		let deaf = false;
		const cut = () => {
			client.destroy();
			server.destroy();
		};
		for (const socket of [client, server]) {
			this.#sockets.add(socket);
			socket.on("error", cut).on("close", cut);
		}
		client.on("data", data => {
			const accident = data.includes(this.at) ? this.accident : undefined;
			if (accident) this.accident = undefined;
			if (accident === "lost on the way") return cut();
			deaf = accident === "answer lost";
			server.write(data);
		});
		server.on("data", data => (deaf ? cut() : client.write(data)));
	}
}
