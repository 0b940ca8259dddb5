import { PostgresServer } from "./postgres-server.ts";

let server: PostgresServer | undefined;

/** Starts a server before the first spec of the project; every worker finds its address in its environment. */
export default async function setUp(): Promise<void> {
	server = await PostgresServer.start();
	process.env.SPEC_POSTGRES = server.url();
}

export const stopServer = async (): Promise<void> => server?.remove();
