import { IfMatchMalformed } from "./api.errors.ts";

/** The version that If-Match asks for: none when it asks for any (`*`). Throws IfMatchMalformed. */
export function versionAsked(ifMatch: string | undefined): string | undefined {
	if (ifMatch === undefined || ifMatch === "*") return undefined;
	const version = /^"(\d{1,15})"$/.exec(ifMatch)?.[1];
	if (version === undefined) throw new IfMatchMalformed();
	return version;
}

/** The ETag of a single resource: its version; none for what has no version, and for lists. */
export function etagOf(result: unknown): string | undefined {
	const version = (result as { version?: unknown } | null | undefined)?.version;
	return typeof version === "number" ? `"${version}"` : undefined;
}

/** Whether the client has what it asks for already. */
export function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
	if (ifNoneMatch === undefined) return false;
	if (ifNoneMatch.trim() === "*") return true;
	return ifNoneMatch.split(",").some(known => known.trim().replace(/^W\//, "") === etag);
}
