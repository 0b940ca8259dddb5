import { randomBytes } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What webhooks are signed with: the one that was configured, or in development one that is made on the first start. */
export function webhookSecret(configured: string | undefined, dataDir: string): string {
	if (configured) return configured;
	const file = join(dataDir, "keys/webhook.key");
	if (!existsSync(file)) {
		mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
		const draft = `${file}.${process.pid}`;
		writeFileSync(draft, randomBytes(32).toString("base64url"), { mode: 0o600 });
		// Whole or not at all: a key that was half written when the process died would be read for ever. Of processes that
		// start together the first one's is everybody's.
		try {
			linkSync(draft, file);
		} catch (error) {
			if ((error as { code?: string }).code !== "EEXIST") throw error;
		}
		rmSync(draft);
	}
	return readFileSync(file, "utf8").trim();
}
