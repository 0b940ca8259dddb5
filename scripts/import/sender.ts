import { setTimeout as pause } from "node:timers/promises";
import type { ImportResult, ProductImport } from "../../services/products/products.contract.ts";
import { type Answer, type Ask, type Client, LoginRefused } from "../support/client.ts";
import type { Batch } from "./reader.ts";

/** How long a server may be away, or its stock not move, in milliseconds. */
const PATIENCE_MS = 120_000;

/** The server was away for too long, or refused a whole batch. What it has taken, it has: the same file can be sent again. */
export class GaveUp extends Error {
	override name = "GaveUp";
}

interface Page<Item> {
	items: Item[];
	next?: number;
}

/** Sends batches as a member of the staff, again where the answer is lost: the server takes each once. */
export class Sender {
	readonly #client: Client;
	readonly #logIn: () => Promise<string>;
	readonly #source: string;
	#token: string | undefined;

	constructor(client: Client, logIn: () => Promise<string>, source: string) {
		this.#client = client;
		this.#logIn = logIn;
		this.#source = source;
	}

	/** Sends a batch until it is taken. Throws GaveUp. */
	async send({ number, lines }: Batch): Promise<ImportResult> {
		const body = { source: this.#source, batch: number, lines: lines.map(({ ware }) => ware) };
		const key = `import-${this.#source.slice(0, 32)}-${number}`;
		return (await this.#insist<ImportResult>("/products/imports", { method: "POST", key, body })).body;
	}

	/** Waits until all that was sent is in the catalogue, and tells how many batches are not. Throws GaveUp. */
	async listed(tell: (pending: number) => void): Promise<void> {
		let moved = Date.now();
		for (let before = Infinity; ; ) {
			const pending = await this.#pending();
			if (pending === 0) return;
			tell(pending);
			if (pending < before) moved = Date.now();
			before = pending;
			if (Date.now() - moved > PATIENCE_MS)
				throw new GaveUp(
					`The products of ${pending} batches wait for their stock: GET /admin/dead-letters may tell why. Until it stands, nobody sees them`
				);
			await pause(500);
		}
	}

	async #pending(): Promise<number> {
		let count = 0;
		for (let after: number | undefined; ; ) {
			const path = `/products/imports?status=PENDING&limit=100${after ? `&after=${after}` : ""}`;
			const { items, next } = (await this.#insist<Page<ProductImport>>(path, {})).body;
			count += items.filter(({ source }) => source === this.#source).length;
			if (next === undefined) return count;
			after = next;
		}
	}

	async #insist<Body>(path: string, options: Ask): Promise<Answer<Body>> {
		const giveUp = Date.now() + PATIENCE_MS;
		for (let tries = 1, logIns = 0; ; tries++) {
			const answer = await this.#try<Body>(path, options);
			// A refusal that says when to come again: the first sending is still being worked on.
			if (answer instanceof Error || answer.status >= 500 || answer.headers.has("retry-after")) {
				const why = answer instanceof Error ? answer.message : `it answers ${answer.status}`;
				if (Date.now() > giveUp) throw new GaveUp(`The server is away: ${why}`);
				await pause(Math.min(5_000, 100 * 2 ** tries));
			} else if (answer.status === 401 && logIns++ < 3) this.#token = undefined;
			else if (answer.status >= 400) throw new GaveUp(`${answer.status} ${JSON.stringify(answer.body)}`);
			else return answer;
		}
	}

	async #try<Body>(path: string, options: Ask): Promise<Answer<Body> | Error> {
		try {
			this.#token ??= await this.#logIn();
			return await this.#client.ask<Body>(path, { ...options, token: this.#token });
		} catch (error) {
			// A refused login is not mended by waiting; a connection that broke is.
			if (error instanceof LoginRefused && error.status < 500) throw new GaveUp(error.message);
			return error as Error;
		}
	}
}
