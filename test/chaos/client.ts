import { setTimeout as pause } from "node:timers/promises";
import type { Souk } from "./harness.ts";
import type { Ledger } from "./ledger.ts";

export interface Request {
	/** What it is called in the ledger: the action, `orders.place`. */
	operation: string;
	method: "GET" | "POST" | "PUT" | "DELETE";
	/** Below the API's base path; a leading `//` means below the root. */
	path: string;
	as: string;
	key?: string;
	body?: unknown;
	headers?: Record<string, string>;
	/** Refusals that are no mistake, because an earlier sending may have done it. */
	orElse?: number[];
}

export interface Answer<Body = Record<string, unknown>> {
	status: number;
	text: string;
	body: Body;
	headers: Headers;
}

const PASSWORD = "souk-demo";

/** Sends requests until the outcome of each is known, and writes every sending into the ledger. */
export class Client {
	readonly #souk: Souk;
	readonly #ledger: Ledger;
	readonly #tokens = new Map<string, Promise<string>>();
	#turn = 0;

	constructor(souk: Souk, ledger: Ledger) {
		this.#souk = souk;
		this.#ledger = ledger;
	}

	/** One sending, when the process is ready. Undefined when nobody knows what became of it. */
	async send<Body>(request: Request): Promise<Answer<Body> | undefined> {
		const { operation, as, key } = request;
		const token = as === "nobody" ? undefined : await this.logIn(as);
		const note = this.#ledger.sending({ operation, as, key });
		try {
			const answer = await this.#exchange<Body>(request, token);
			const { status, text } = answer;
			// An access token is good for ten minutes.
			const expired = status === 401 && as !== "nobody";
			if (expired) this.#tokens.delete(as);
			const settled = status < 500 && !expired && status !== 429 && !isInFlight(answer);
			note({ outcome: !settled ? "unknown" : status < 300 ? "ok" : "failed", status, body: text });
			return settled ? answer : undefined;
		} catch (error) {
			note({ outcome: "unknown", error: String((error as Error).cause ?? error) });
			return undefined;
		}
	}

	/** Sends the same request, under the same key, until its outcome is known. */
	async insist<Body = Record<string, unknown>>(request: Request): Promise<Answer<Body>> {
		const began = performance.now();
		for (let pauseMs = 20; ; pauseMs = Math.min(250, pauseMs * 1.5)) {
			const answer = await this.send<Body>(request);
			if (answer) return answer;
			if (this.#isOver(began)) throw new Error(`${request.method} ${request.path} was never answered`);
			await pause(pauseMs);
		}
	}

	/** The same, for what must succeed. */
	async done<Body = Record<string, unknown>>(request: Request): Promise<Body> {
		const { status, text, body } = await this.insist<Body>(request);
		if (status >= 300 && !request.orElse?.includes(status))
			throw new Error(`${request.method} ${request.path} answers ${status} ${text}`);
		return body;
	}

	/** Reads until what was read is as it should be. */
	async until<Body>(request: Omit<Request, "method">, wanted: (body: Body) => boolean): Promise<Body> {
		const began = performance.now();
		for (let pauseMs = 25; ; pauseMs = Math.min(1_000, pauseMs * 1.5)) {
			const { status, body, text } = await this.insist<Body>({ ...request, method: "GET" });
			if (status < 300 && wanted(body)) return body;
			if (this.#isOver(began)) throw new Error(`GET ${request.path} still answers ${status} ${text}`);
			await pause(pauseMs);
		}
	}

	/** The access token of a user, from the login there is or a new one. */
	logIn(email: string): Promise<string> {
		let token = this.#tokens.get(email);
		if (!token) {
			token = this.#trade(email);
			token.catch(() => this.#tokens.delete(email));
			this.#tokens.set(email, token);
		}
		return token;
	}

	#isOver(began: number): boolean {
		return performance.now() - Math.max(began, this.#souk.readyAt) > this.#souk.patience;
	}

	async #trade(email: string): Promise<string> {
		const body = { email, password: PASSWORD };
		const login = { operation: "users.login", method: "POST", path: "/auth/login", as: "nobody", body } as const;
		return (await this.done<{ accessToken: string }>(login)).accessToken;
	}

	async #exchange<Body>(request: Request, token: string | undefined): Promise<Answer<Body>> {
		const { method, path, key, body, headers } = request;
		const { gateways } = this.#souk;
		const gateway = gateways[this.#turn++ % gateways.length]!;
		const response = await fetch(gateway + (path.startsWith("//") ? path.slice(1) : `/api/v1${path}`), {
			method,
			headers: {
				...(body !== undefined && { "content-type": "application/json" }),
				...(token && { authorization: `Bearer ${token}` }),
				...(key && { "idempotency-key": key }),
				...headers
			},
			body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
			signal: AbortSignal.timeout(15_000)
		});
		const text = await response.text();
		const isJson = /json/.test(response.headers.get("content-type") ?? "");
		const parsed = isJson ? (JSON.parse(text) as Body) : undefined;
		return { status: response.status, text, body: parsed as Body, headers: response.headers };
	}
}

/** The first sending of a key is still being worked on. */
const isInFlight = ({ status, headers }: Answer<unknown>): boolean => status === 409 && headers.has("retry-after");
