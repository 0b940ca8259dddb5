import type { Flaw } from "../../broker/errors.ts";
import { BodyMalformed } from "./api.errors.ts";

/** Deeper than any contract, and far less than what could hurt. */
const DEPTH = 32;
/** Names that reach into the prototypes of what they are merged with. */
export const POISONOUS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

const SPACE = /[ \t\n\r]*/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON strings hold no control characters
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/y;
const SCALAR = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;

/**
 * Parses JSON and refuses what JSON.parse lets pass: a key given twice, keys that reach into prototypes, and nesting
 * without end. Throws BodyMalformed, which says where.
 */
export function parseJson(text: string): unknown {
	new Scanner(text).scan();
	return JSON.parse(text);
}

/** A JSON pointer (RFC 6901) to what the path leads to. */
export const pointerTo = (path: readonly (string | number)[]): string =>
	path.map(key => `/${String(key).replace(/~/g, "~0").replace(/\//g, "~1")}`).join("");

class Scanner {
	readonly #text: string;
	readonly #path: (string | number)[] = [];
	#at = 0;

	constructor(text: string) {
		this.#text = text;
	}

	scan(): void {
		this.#take(SPACE);
		this.#value();
		this.#take(SPACE);
		if (this.#at < this.#text.length) this.#unexpected();
	}

	#value(): void {
		const first = this.#text[this.#at];
		if (first === "{") this.#object();
		else if (first === "[") this.#array();
		else this.#demand(first === '"' ? STRING : SCALAR);
	}

	#object(): void {
		const keys = new Set<string>();
		this.#members("}", () => {
			const raw = this.#demand(STRING);
			const key = raw.includes("\\") ? (JSON.parse(raw) as string) : raw.slice(1, -1);
			this.#path.push(key);
			if (POISONOUS.has(key)) this.#refuse("is a name that is not allowed");
			if (keys.size === keys.add(key).size) this.#refuse("is given twice");
			this.#take(SPACE);
			this.#expect(":");
			this.#take(SPACE);
			this.#value();
			this.#path.pop();
		});
	}

	#array(): void {
		let index = 0;
		this.#members("]", () => {
			this.#path.push(index++);
			this.#value();
			this.#path.pop();
		});
	}

	#members(close: string, member: () => void): void {
		if (this.#path.length >= DEPTH) this.#refuse(`is nested more than ${DEPTH} levels deep`);
		this.#at++;
		this.#take(SPACE);
		if (this.#text[this.#at] !== close)
			for (;;) {
				member();
				this.#take(SPACE);
				if (this.#text[this.#at] !== ",") break;
				this.#at++;
				this.#take(SPACE);
			}
		this.#expect(close);
	}

	#take(token: RegExp): string | undefined {
		token.lastIndex = this.#at;
		const found = token.exec(this.#text)?.[0];
		if (found !== undefined) this.#at += found.length;
		return found;
	}

	#demand(token: RegExp): string {
		return this.#take(token) ?? this.#unexpected();
	}

	#expect(char: string): void {
		if (this.#text[this.#at] !== char) this.#unexpected();
		this.#at++;
	}

	#unexpected(): never {
		const before = this.#text.slice(0, this.#at).split("\n");
		const found = this.#at < this.#text.length ? JSON.stringify(this.#text[this.#at]) : "end";
		const where = `line ${before.length}, column ${before.at(-1)!.length + 1} (position ${this.#at})`;
		return this.#refuse(`Unexpected ${found} at ${where}`);
	}

	#refuse(detail: string): never {
		const flaw: Flaw = { pointer: pointerTo(this.#path), detail };
		throw new BodyMalformed([flaw]);
	}
}
