import type { Migration } from "../../../broker/sql/migrate.ts";

/** What waits for a person is few rows of many, and is counted with every look at the metrics. */
export const up: Migration["up"] = async sql => {
	await sql.run("CREATE INDEX sagas_attention ON sagas (id) WHERE status = 'NEEDS_ATTENTION'");
	await sql.run("CREATE INDEX timers_parked ON timers (parked_at) WHERE parked_at IS NOT NULL");
};
