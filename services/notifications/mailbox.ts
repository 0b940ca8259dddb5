import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eml } from "./eml.ts";
import type { Mailer } from "./mailer.ts";

/** Mail into a folder, a file a message. The file is named after the message, so that a repeat replaces it. */
export const mailboxFolder = (folder: string): Mailer => ({
	// Without waiting: for files this small, trips through the thread pool cost three times what they would save.
	async send(mail) {
		const draft = join(folder, `.${mail.key}.draft`);
		mkdirSync(folder, { recursive: true, mode: 0o700 });
		writeFileSync(draft, eml(mail), { mode: 0o600 });
		renameSync(draft, join(folder, `${mail.key}.eml`));
	}
});
