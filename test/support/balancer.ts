import { once } from "node:events";
import { Agent, createServer, request, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const LOOK_MS = 100;

/**
 * What stands before several gateways in production, as small as can be: it asks each whether it is ready, sends requests
 * round those that are, and on to the next where nobody listens or a connection is closed before it was answered.
 */
export class Balancer {
	readonly #server: Server;
	readonly #ports: readonly number[];
	readonly #ready = new Set<number>();
	readonly #agent = new Agent({ keepAlive: true });
	#looking: NodeJS.Timeout | undefined;
	#turn = 0;

	private constructor(ports: readonly number[]) {
		this.#ports = ports;
		this.#server = createServer((req, res) => void this.#pass(req, res));
		// Longer than any client leaves a connection alone: one that is closed as a request comes would look like a failure.
		this.#server.keepAliveTimeout = 60_000;
	}

	static async before(ports: readonly number[]): Promise<Balancer> {
		const balancer = new Balancer(ports);
		await balancer.#look();
		balancer.#looking = setInterval(() => void balancer.#look(), LOOK_MS);
		balancer.#server.listen(0, "127.0.0.1");
		await once(balancer.#server, "listening");
		return balancer;
	}

	get url(): string {
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
	}

	async close(): Promise<void> {
		clearInterval(this.#looking);
		const closed = once(this.#server, "close");
		this.#server.close();
		this.#server.closeAllConnections();
		await closed;
		this.#agent.destroy();
	}

	async #look(): Promise<void> {
		await Promise.all(
			this.#ports.map(async port => {
				const answer = await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => undefined);
				await answer?.arrayBuffer();
				if (answer?.ok) this.#ready.add(port);
				else this.#ready.delete(port);
			})
		);
	}

	/** Those that are ready, each first in its turn; then the others, as what was seen last may be old. */
	#inTurn(): number[] {
		const turn = this.#turn++;
		const turned = this.#ports.map((_, at) => this.#ports[(at + turn) % this.#ports.length]!);
		return [...turned.filter(port => this.#ready.has(port)), ...turned.filter(port => !this.#ready.has(port))];
	}

	async #pass(req: IncomingMessage, res: ServerResponse): Promise<void> {
		const chunks: Buffer[] = [];
		for await (const chunk of req) chunks.push(chunk as Buffer);
		const body = Buffer.concat(chunks);
		let failure: unknown;
		for (const port of this.#inTurn()) {
			const answer = await this.#ask(port, req, body).catch((error: unknown) => {
				failure = error;
			});
			if (!answer) continue;
			const { connection: _own, ...headers } = answer.headers;
			res.writeHead(answer.statusCode!, headers);
			answer.on("error", () => res.destroy()).pipe(res);
			return;
		}
		res.writeHead(502, { "content-type": "text/plain" }).end(String(failure));
	}

	#ask(port: number, { method, url, headers }: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
		return new Promise((resolve, reject) => {
			const asking = request({ host: "127.0.0.1", port, method, path: url, headers, agent: this.#agent }, resolve);
			asking.on("error", reject);
			asking.end(body);
		});
	}
}
