import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What webhooks are signed with: the one that was configured, or in development one that is made on the first start. */
export function webhookSecret(configured: string | undefined, dataDir: string): string {
	if (configured) return configured;
	const file = join(dataDir, "keys/webhook.key");
	if (!existsSync(file)) {
		mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
		const draft = `${file}.${process.pid}`;
		writeFileSync(draft, randomBytes(32).toString("base64url"), { mode: 0o600 });
		// Whole or not at all: a key that was half written when the process died would be read for ever.
		renameSync(draft, file);
	}
	return readFileSync(file, "utf8").trim();
}
