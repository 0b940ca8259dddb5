import { spawnSync } from "node:child_process";

/** A program that some specs need beside Node. */
export interface Program {
	name: string;
	/** The command that installs it. */
	install: string;
}

/** Whether a program can be started here. */
export const isThere = ({ name }: Program): boolean => spawnSync(name, ["--version"]).error === undefined;

/**
 * Describes what needs a program. Where it is missing nothing of it is shown, and that is said aloud; with
 * SOUK_SERVERS=required (as the build has it) it is a failure.
 */
export function describeWith(program: Program, name: string, specs: () => void): void {
	if (isThere(program)) {
		describe(name, specs);
		return;
	}
	const missing = `NOT SHOWN: ${name}, because ${program.name} is not installed (${program.install})`;
	describe(name, () => {
		it(`needs ${program.name}`, () => {
			if (process.env.SOUK_SERVERS === "required") throw new Error(missing);
			console.warn(missing);
		});
	});
}
