import { overPostgres } from "./stores.ts";

// The same specs again, over the server that the project has started.
overPostgres(process.env.SPEC_POSTGRES!);
