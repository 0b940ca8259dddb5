import type { Migration } from "../../../broker/sql/migrate.ts";

/** What people have to do. A removed task keeps its row: what it was opened for does not open it again. */
export const up: Migration["up"] = async sql => {
	await sql.run(`CREATE TABLE categories (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		name TEXT NOT NULL,
		name_key TEXT NOT NULL,
		description TEXT NOT NULL,
		created_at TEXT NOT NULL,
		updated_at TEXT NOT NULL,
		removed_at TEXT,
		version INTEGER NOT NULL DEFAULT 1
	)`);
	await sql.run("CREATE UNIQUE INDEX categories_name ON categories (name_key) WHERE removed_at IS NULL");
	await sql.run(`CREATE TABLE tasks (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		title TEXT NOT NULL,
		description TEXT NOT NULL,
		status TEXT NOT NULL CHECK (status IN ('OPEN', 'IN_PROGRESS', 'DONE', 'CANCELLED')),
		priority TEXT NOT NULL CHECK (priority IN ('LOW', 'NORMAL', 'HIGH', 'URGENT')),
		category_id INTEGER REFERENCES categories (id),
		labels TEXT NOT NULL,
		checklist TEXT NOT NULL,
		assignee_id INTEGER,
		created_by INTEGER,
		kind TEXT,
		about TEXT,
		due_at TEXT,
		overdue_at TEXT,
		escalated_at TEXT,
		completed_at TEXT,
		created_at TEXT NOT NULL,
		updated_at TEXT NOT NULL,
		removed_at TEXT,
		version INTEGER NOT NULL,
		UNIQUE (about, kind),
		CHECK ((completed_at IS NOT NULL) = (status = 'DONE')),
		CHECK (overdue_at IS NULL OR due_at IS NOT NULL),
		CHECK (escalated_at IS NULL OR overdue_at IS NOT NULL)
	)`);
	for (const column of ["assignee_id", "created_by", "category_id", "status"])
		await sql.run(`CREATE INDEX tasks_${column} ON tasks (${column}, id) WHERE removed_at IS NULL`);
	await sql.run("CREATE INDEX tasks_due_at ON tasks (due_at) WHERE removed_at IS NULL");
};
