import { useSqlite } from "../../broker/sql/driver.ts";

// The same specs again, over Node's own SQLite.
useSqlite("node");
