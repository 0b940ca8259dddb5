import type { Migration } from "../../../broker/sql/migrate.ts";

/** Payments, what is given back of them, the ledger, and what the provider told. */
export const up: Migration["up"] = async sql => {
	// A row without a user is a tombstone: the order was given up before its payment came.
	await sql.run(`CREATE TABLE payments (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		order_id INTEGER NOT NULL UNIQUE,
		user_id INTEGER,
		state TEXT NOT NULL CHECK (state IN ('NEW', 'AUTHORIZED', 'CAPTURED', 'REFUNDED', 'VOIDED', 'FAILED', 'UNKNOWN')),
		amount INTEGER NOT NULL CHECK (amount >= 0),
		refunding INTEGER NOT NULL DEFAULT 0 CHECK (refunding >= 0),
		refunded INTEGER NOT NULL DEFAULT 0,
		currency TEXT,
		provider_key TEXT NOT NULL UNIQUE,
		provider_ref TEXT UNIQUE,
		reason TEXT,
		carried TEXT,
		correlation_id TEXT NOT NULL,
		traceparent TEXT,
		version INTEGER NOT NULL,
		created_at TEXT NOT NULL,
		updated_at TEXT NOT NULL,
		CHECK (refunded >= 0 AND refunded <= amount),
		CHECK (refunded + refunding <= amount),
		CHECK (refunded + refunding = 0 OR state IN ('CAPTURED', 'REFUNDED')),
		CHECK (state <> 'REFUNDED' OR refunded = amount),
		CHECK (user_id IS NOT NULL OR (state = 'VOIDED' AND amount = 0))
	)`);
	await sql.run("CREATE INDEX payments_open ON payments (updated_at) WHERE state IN ('NEW', 'UNKNOWN')");
	await sql.run(`CREATE TABLE refunds (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		payment_id INTEGER NOT NULL REFERENCES payments (id),
		refund_key TEXT NOT NULL UNIQUE,
		amount INTEGER NOT NULL CHECK (amount > 0),
		reason TEXT NOT NULL,
		status TEXT NOT NULL CHECK (status IN ('PENDING', 'DONE', 'REFUSED')),
		provider_ref TEXT UNIQUE,
		correlation_id TEXT NOT NULL,
		traceparent TEXT,
		created_at TEXT NOT NULL,
		updated_at TEXT NOT NULL
	)`);
	await sql.run("CREATE INDEX refunds_of_payment ON refunds (payment_id)");
	await sql.run("CREATE INDEX refunds_pending ON refunds (updated_at) WHERE status = 'PENDING'");
	await sql.run(`CREATE TABLE ledger_entries (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		transaction_key TEXT NOT NULL,
		payment_id INTEGER NOT NULL REFERENCES payments (id),
		account TEXT NOT NULL CHECK (account IN ('provider_receivable', 'sales', 'refunds')),
		amount INTEGER NOT NULL,
		currency TEXT NOT NULL,
		at TEXT NOT NULL,
		UNIQUE (transaction_key, account)
	)`);
	await sql.run("CREATE INDEX ledger_entries_of_payment ON ledger_entries (payment_id)");
	await sql.run(`CREATE TABLE provider_events (
		provider_event_id TEXT PRIMARY KEY,
		type TEXT NOT NULL,
		key TEXT NOT NULL,
		received_at TEXT NOT NULL,
		followed_at TEXT
	)`);
	await sql.run("CREATE INDEX provider_events_new ON provider_events (received_at) WHERE followed_at IS NULL");
};
