import { setTimeout as pause } from "node:timers/promises";

export interface Answer<Body = Record<string, unknown>> {
	status: number;
	headers: Headers;
	body: Body;
}

export interface Ask {
	method?: string;
	token?: string;
	key?: string;
	body?: unknown;
	headers?: Record<string, string>;
}

/** Who asked may not come in, or cannot now. */
export class LoginRefused extends Error {
	override name = "LoginRefused";
	readonly status: number;

	constructor(message: string, status: number) {
		super(message);
		this.status = status;
	}
}

/** A small client of Souk's API, as a customer's program would have one: JSON, a token, a key, and patience with 429. */
export class Client {
	readonly base: string;
	readonly #say: (line: string) => void;

	constructor(origin: string, say = (line: string): void => void process.stdout.write(`   (${line})\n`)) {
		this.base = `${origin}/api/v1`;
		this.#say = say;
	}

	async ask<Body = Record<string, unknown>>(path: string, options: Ask = {}): Promise<Answer<Body>> {
		for (;;) {
			const response = await this.#send(path, options);
			if (response.status !== 429)
				return { status: response.status, headers: response.headers, body: (await bodyOf(response)) as Body };
			const seconds = Number(response.headers.get("retry-after") ?? 1);
			await response.body?.cancel();
			this.#say(`the limit of requests is reached: waiting ${seconds} s, as Retry-After says`);
			await pause(seconds * 1_000);
		}
	}

	async logIn(email: string, password: string): Promise<string> {
		const { status, body } = await this.ask<{ accessToken: string; detail?: string }>("/auth/login", {
			method: "POST",
			body: { email, password }
		});
		if (status !== 200) throw new LoginRefused(`${email} cannot log in: ${body.detail}`, status);
		return body.accessToken;
	}

	/** Server-sent events, one by one, until the server ends the stream. */
	async *follow(path: string, token: string): AsyncGenerator<{ event: string; data: Record<string, unknown> }> {
		const response = await this.#send(path, { token, headers: { accept: "text/event-stream" } });
		let rest = "";
		for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
			const blocks = (rest + chunk).split("\n\n");
			rest = blocks.pop()!;
			for (const block of blocks) {
				const field = (name: string) => block.match(new RegExp(`^${name}: (.*)$`, "m"))?.[1];
				const data = field("data");
				if (data) yield { event: field("event") ?? "message", data: JSON.parse(data) as Record<string, unknown> };
			}
		}
	}

	#send(path: string, { method = "GET", token, key, body, headers = {} }: Ask): Promise<Response> {
		return fetch(this.base + path, {
			method,
			headers: {
				...(body !== undefined && { "content-type": "application/json" }),
				...(token && { authorization: `Bearer ${token}` }),
				...(key && { "idempotency-key": key }),
				...headers
			},
			body: body === undefined ? undefined : JSON.stringify(body)
		});
	}
}

async function bodyOf(response: Response): Promise<unknown> {
	const text = await response.text();
	return text === "" ? {} : (JSON.parse(text) as unknown);
}
