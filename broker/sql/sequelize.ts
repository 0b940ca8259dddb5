import type { Service, ServiceBroker } from "moleculer";
import SequelizeAdapter from "moleculer-db-adapter-sequelize";
import pg from "pg";
import { sqlite } from "./driver.ts";
import { connectionTo, reading } from "./postgres-connection.ts";
import { PostgresFault, toldOf } from "./postgres-faults.ts";

/** What Souk uses of moleculer-db's adapter. */
export interface ReadingAdapter {
	init(broker: ServiceBroker, service: Service): void;
	connect(): Promise<void>;
	find(filter: object): Promise<{ toJSON(): unknown }[]>;
}

const Adapter = SequelizeAdapter as unknown as new (...options: (object | string)[]) => ReadingAdapter;

/** moleculer-db's adapter on a read-only connection: lists and admin screens. Writes go through the unit of work. */
export async function sqliteAdapter(file: string): Promise<ReadingAdapter> {
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
	return new Adapter({
		dialect: "sqlite",
		dialectModule: { ...driver, Database: ReadingDatabase },
		dialectOptions: { mode: driver.OPEN_READONLY },
		storage: file,
		logging: false,
		noSync: true
	});
}

/** moleculer-db's adapter on a few connections to Postgres that only read. */
export function postgresAdapter(url: string, store: string): ReadingAdapter {
	const { connectionTimeoutMillis, query_timeout, statement_timeout, lock_timeout, keepAlive, application_name } =
		connectionTo(url, store);
	const adapter = new Adapter(url, {
		dialect: "postgres",
		dialectModule: { Client: pg.Client, types: { ...pg.types, ...reading } },
		dialectOptions: {
			...{ connectionTimeoutMillis, query_timeout, statement_timeout, lock_timeout, keepAlive, application_name },
			options: "-c default_transaction_read_only=on"
		},
		pool: { max: 2, acquire: 5_000, idle: 30_000 },
		logging: false,
		noSync: true
	});
	const told = (error: unknown): never => {
		throw toldOf(store, error);
	};
	const connect = adapter.connect.bind(adapter);
	adapter.connect = () => connect().catch(unwrap).catch(told);
	const find = adapter.find.bind(adapter);
	const read: ReadingAdapter["find"] = filter => find(filter).catch(unwrap);
	// As with any read: a connection that broke while nobody used it is noticed by the first who does.
	adapter.find = filter =>
		read(filter)
			.catch((error: unknown) => {
				if (error instanceof PostgresFault && error.fault === "lost") return read(filter);
				throw error;
			})
			.catch(told);
	return adapter;
}

/** Sequelize wraps what its driver throws, but for what befalls a connection between being made and being used. */
function unwrap(error: Error & { parent?: unknown }): never {
	if (error.name.startsWith("Sequelize")) throw new PostgresFault(error.parent ?? error);
	const bare = error instanceof pg.DatabaseError || error.message.startsWith("Connection terminated");
	throw bare ? new PostgresFault(error) : error;
}
