import { useSqlite } from "../../broker/sql/driver.ts";

// The same specs again, over Node's own SQLite: also for what is built from the environment.
process.env.SQLITE_DRIVER = "node";
useSqlite("node");
