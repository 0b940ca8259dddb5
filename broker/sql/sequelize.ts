import type { Service, ServiceBroker } from "moleculer";
import SequelizeAdapter from "moleculer-db-adapter-sequelize";
import sqlite3 from "sqlite3";

/**
 * Sequelize never fires its connection hooks for SQLite, so what a connection must be set to is set where it is opened:
 * in the driver it is given.
 */
class ReadingDatabase extends sqlite3.Database {
	constructor(file: string, mode: number, opened: (error: Error | null) => void) {
		super(file, mode, error => {
			if (error) return opened(error);
			this.run("PRAGMA busy_timeout=5000", opened);
		});
	}
}

/** What Souk uses of moleculer-db's adapter. */
export interface ReadingAdapter {
	init(broker: ServiceBroker, service: Service): void;
	find(filter: object): Promise<{ toJSON(): unknown }[]>;
}

/** moleculer-db's adapter on a read-only connection: lists and admin screens. Writes go through the unit of work. */
export function readingAdapter(file: string): ReadingAdapter {
	const Adapter = SequelizeAdapter as unknown as new (options: object) => ReadingAdapter;
	return new Adapter({
		dialect: "sqlite",
		dialectModule: { ...sqlite3, Database: ReadingDatabase },
		dialectOptions: { mode: sqlite3.OPEN_READONLY },
		storage: file,
		logging: false,
		noSync: true
	});
}
