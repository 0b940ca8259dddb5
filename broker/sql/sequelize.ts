import type { Service, ServiceBroker } from "moleculer";
import SequelizeAdapter from "moleculer-db-adapter-sequelize";
import { sqlite } from "./driver.ts";

/** What Souk uses of moleculer-db's adapter. */
export interface ReadingAdapter {
	init(broker: ServiceBroker, service: Service): void;
	find(filter: object): Promise<{ toJSON(): unknown }[]>;
}

/** moleculer-db's adapter on a read-only connection: lists and admin screens. Writes go through the unit of work. */
export async function readingAdapter(file: string): Promise<ReadingAdapter> {
	const driver = await sqlite();
	// Sequelize never fires its connection hooks for SQLite, so what a connection must be set to is set where it is
	// opened: in the driver it is given.
	class ReadingDatabase extends driver.Database {
		constructor(name: string, mode: number, opened: (error: Error | null) => void) {
			super(name, mode, error => {
				if (error) return opened(error);
				this.run("PRAGMA busy_timeout=5000", opened);
			});
		}
	}
	const Adapter = SequelizeAdapter as unknown as new (options: object) => ReadingAdapter;
	return new Adapter({
		dialect: "sqlite",
		dialectModule: { ...driver, Database: ReadingDatabase },
		dialectOptions: { mode: driver.OPEN_READONLY },
		storage: file,
		logging: false,
		noSync: true
	});
}
