import { hasPostgres } from "./postgres-server.ts";
import { isThere, type Program } from "./needs.ts";

/** The programs that whole projects of specs need: servers, */
export const POSTGRES: Program = { name: "postgres", install: "apt-get install postgresql" };
export const NATS: Program = { name: "nats-server", install: "apt-get install nats-server" };
export const REDIS: Program = { name: "redis-server", install: "apt-get install redis-server" };
/** and what shows pages as people see them. */
export const CHROMIUM: Program = { name: "chromium", install: "apt-get install chromium" };

const missing = (program: Program): boolean => (program === POSTGRES ? !hasPostgres() : !isThere(program));

/** Why a project cannot be run here; undefined where all that it needs is installed. */
export function whyNot(project: string, needs: readonly Program[]): string | undefined {
	const absent = needs.filter(missing);
	if (absent.length === 0) return undefined;
	const names = absent.map(({ name }) => name).join(", ");
	const commands = absent.map(({ install }) => install).join(" && ");
	return `SKIPPED: all specs of ${project}, as these are not installed: ${names}. To run them: ${commands}`;
}
