import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { eml } from "./eml.ts";
import type { Mailer } from "./mailer.ts";

/** Mail into a folder, a file a message. The file is named after the message, so that a repeat replaces it. */
export const mailboxFolder = (folder: string): Mailer => ({
	async send(mail) {
		const draft = join(folder, `.${mail.key}.draft`);
		await mkdir(folder, { recursive: true, mode: 0o700 });
		// A new file waits for the journal of the file system, which the stores keep busy: never on the main thread.
		await writeFile(draft, eml(mail), { mode: 0o600 });
		await rename(draft, join(folder, `${mail.key}.eml`));
	}
});
