import { VersionConflict } from "../../broker/errors.ts";

/** Throws VersionConflict. */
export function assertExpected({ version }: { version: number }, expected: number | undefined): void {
	if (expected !== undefined && expected !== version) throw new VersionConflict(expected, version);
}
