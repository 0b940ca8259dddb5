import { PostgresServer } from "./postgres-server.ts";

let server: PostgresServer | undefined;
let projects = 0;

/**
 * Starts a server before the first spec of the projects over it, unless SPEC_POSTGRES names one that is to be kept. Every
 * worker finds its address in its environment.
 */
export default async function setUp(): Promise<void> {
	projects++;
	if (process.env.SPEC_POSTGRES) return;
	server = await PostgresServer.start();
	process.env.SPEC_POSTGRES = server.url();
}

export async function stopServer(): Promise<void> {
	if (--projects === 0) await server?.remove();
}
