import { mkdir, open, readdir, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Message, Outlet } from "./outlet.ts";

/** Mail into a folder, a file a message. The file is named after the message, so that a repeat replaces it. */
export const mailboxFolder = (folder: string, compose: (message: Message) => string): Outlet => ({
	via: "mailbox",
	async send(message) {
		const { key } = message;
		const draft = join(folder, `.${key}.draft`);
		await mkdir(folder, { recursive: true, mode: 0o700 });
		// A new file waits for the journal of the file system, which the stores keep busy: never on the main thread.
		await writeFile(draft, compose(message), { mode: 0o600 });
		await rename(draft, join(folder, `${key}.eml`));
	}
});

/** A mail in the folder. */
export interface Filed {
	/** The message's. */
	id: number;
	file: string;
	to: string;
	subject: string;
	at: string;
	bytes: number;
}

/** How much of a mail is read for its headers. */
const HEAD_BYTES = 4_096;

/** The mails in the folder, the newest message first, from below an id. None when there is no folder yet. */
export async function mailsIn(folder: string, limit: number, below = Number.MAX_SAFE_INTEGER): Promise<Filed[]> {
	const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
		if (error.code === "ENOENT") return [];
		throw error;
	});
	return Promise.all(
		files
			.map(file => ({ file, id: Number(/^(\d+)-.+\.eml$/.exec(file)?.[1]) }))
			.filter(({ id }) => id < below)
			.sort((one, other) => other.id - one.id)
			.slice(0, limit)
			.map(async ({ id, file }) => {
				const [head, { mtime, size }] = await Promise.all([headOf(join(folder, file)), stat(join(folder, file))]);
				return {
					id,
					file,
					to: header(head, "To"),
					subject: header(head, "Subject"),
					at: mtime.toISOString(),
					bytes: size
				};
			})
	);
}

async function headOf(path: string): Promise<string> {
	const file = await open(path);
	try {
		const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
		return buffer.toString("utf8", 0, bytesRead);
	} finally {
		await file.close();
	}
}

// Only what eml.ts writes: encoded words in UTF-8, folded.
function header(head: string, name: string): string {
	const value = new RegExp(`^${name}: (.*(?:\\r\\n .*)*)`, "m").exec(head)?.[1] ?? "";
	return value
		.replace(/\?=\r\n =\?/g, "?==?")
		.replace(/\r\n /g, " ")
		.replace(/=\?utf-8\?B\?([^?]*)\?=/g, (_, base64: string) => Buffer.from(base64, "base64").toString());
}
