import { randomBytes } from "node:crypto";
import {
	chmodSync,
	closeSync,
	fsyncSync,
	linkSync,
	mkdirSync,
	openSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { ConfigurationError } from "./env.ts";

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** The file of a key that a development machine makes for itself. */
export const keyFile = (dataDir: string, name: string): string => join(dataDir, "keys", name);

/** The key that a file keeps, which nobody but its owner may read from now on; undefined when there is none. */
export function readKey(file: string): string | undefined {
	try {
		chmodSync(file, 0o600);
		return readFileSync(file, "utf8").trim();
	} catch (error) {
		if (codeOf(error) === "ENOENT") return undefined;
		throw error;
	}
}

/**
 * Keeps a key, unless another process was first, and answers with the one that is kept. It gets its name when it is whole: a
 * kill leaves no half of it, and the next start a new try.
 */
export function keepKey(file: string, key: string): string {
	const folder = dirname(file);
	mkdirSync(folder, { recursive: true, mode: 0o700 });
	chmodSync(folder, 0o700);
	const growing = `${file}.${process.pid}`;
	rmSync(growing, { force: true });
	const handle = openSync(growing, "wx", 0o600);
	try {
		writeFileSync(handle, key);
		fsyncSync(handle);
	} finally {
		closeSync(handle);
	}
	try {
		linkSync(growing, file);
	} catch (error) {
		// Another was faster, and may have cleared up since.
		if (!["EEXIST", "ENOENT"].includes(codeOf(error)!)) throw error;
	}
	// Its own, and what a kill left.
	for (const name of readdirSync(folder))
		if (name.startsWith(`${basename(file)}.`)) rmSync(join(folder, name), { force: true });
	return readFileSync(file, "utf8").trim();
}

/** The secret that a file keeps: 256 bits, made on the first start, the same for all processes on its folder. Throws ConfigurationError. */
export function keptSecret(file: string): string {
	const secret = readKey(file) ?? keepKey(file, randomBytes(32).toString("base64url"));
	if (secret.length < 32) throw new ConfigurationError(`${file} is no secret; delete it, and the next start makes one`);
	return secret;
}
