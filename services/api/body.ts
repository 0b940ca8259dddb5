import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { BodyMalformed, BodyTooLarge, MediaTypeNotSupported } from "./api.errors.ts";
import { parseJson } from "./json.ts";

/** The longest body, in bytes. */
const LONGEST_BODY = 100 * 1024;

/**
 * The body as text: empty when there is none. Throws MediaTypeNotSupported, BodyTooLarge, BodyMalformed, before it reads
 * more than it must.
 */
export async function readBody(req: IncomingMessage): Promise<string> {
	const { "content-length": length, "transfer-encoding": encoding } = req.headers;
	if (encoding === undefined && (length === undefined || Number(length) === 0)) return "";
	assertPlainJson(req);
	if (Number(length) > LONGEST_BODY) throw new BodyTooLarge(LONGEST_BODY);
	const bytes = await collect(req);
	if (!isUtf8(bytes)) throw new BodyMalformed([{ pointer: "", detail: "is not UTF-8" }]);
	return bytes.toString("utf8");
}

/** The members of a body that is a JSON object; none when there is no body. Throws BodyMalformed. */
export function membersOf(body: string): Record<string, unknown> {
	if (body === "") return {};
	const value = parseJson(body);
	if (typeof value !== "object" || value === null || Array.isArray(value))
		throw new BodyMalformed([{ pointer: "", detail: "is not a JSON object" }]);
	return value as Record<string, unknown>;
}

function assertPlainJson({ headers }: IncomingMessage): void {
	const plain = /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i.test(headers["content-type"] ?? "");
	if (!plain || (headers["content-encoding"] ?? "identity") !== "identity") throw new MediaTypeNotSupported();
}

function collect(req: IncomingMessage): Promise<Buffer> {
	return new Promise((resolve, reject) => {
		const chunks: Buffer[] = [];
		let size = 0;
		const take = (chunk: Buffer) => {
			size += chunk.length;
			if (size <= LONGEST_BODY) chunks.push(chunk);
			else {
				// What is still coming is thrown away unread.
				req.off("data", take);
				req.resume();
				reject(new BodyTooLarge(LONGEST_BODY));
			}
		};
		req.on("data", take);
		req.once("end", () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
		req.once("error", reject);
	});
}
