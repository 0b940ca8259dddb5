import { VersionConflict } from "../../broker/errors.ts";

/** The message is still as the caller last saw it, where the caller says so. Throws VersionConflict. */
export function assertExpected({ version }: { version: number }, expected: number | undefined): void {
	if (expected !== undefined && expected !== version) throw new VersionConflict(expected, version);
}
