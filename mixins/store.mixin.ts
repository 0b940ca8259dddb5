import type { Service } from "moleculer";
import DbService from "moleculer-db";
import { Op, type ModelAttributes } from "sequelize";
import type { Caused, Unit } from "../broker/sql/store.ts";
import { migrate } from "../broker/sql/migrate.ts";
import { openDatabase, type Opened } from "../broker/sql/open.ts";
import type { ReadingAdapter } from "../broker/sql/sequelize.ts";
import { openLetters } from "../broker/letters.ts";
import { pendingIn } from "../broker/sql/relay.ts";
import { Store } from "../broker/sql/store.ts";
import { runtimeOf, type Probe, type Waiting } from "../broker/runtime.ts";
import { sagasInNeed } from "../broker/saga/log.ts";
import { parkedTimers } from "../broker/timers.ts";
import { type Page, pageFrom } from "../broker/page.ts";
import { part, type Part } from "../broker/service.ts";

/** A table as Sequelize reads it for lists. */
export interface Model {
	name: string;
	define: ModelAttributes;
	options: { tableName: string; timestamps: false };
}

export interface StoreOptions<Self> {
	/** The table that lists are read from; none when the service has no lists. */
	model?: Model;
	/** Demo rows, written once into an empty store: `prepare` does the slow work, `write` is one unit. */
	seed?: (service: Self) => Promise<(unit: Unit) => Promise<void>>;
}

/** A page of a list: the newest first, or the oldest with `ascending`. */
export interface PageRequest {
	where?: Record<string | symbol, unknown>;
	limit: number;
	after?: number | undefined;
	ascending?: boolean;
}
export type { Page } from "../broker/page.ts";

export type StoreService = Service & {
	store: Store;
	/** A page of rows of the model's table, keyset by id. */
	page<Row>(request: PageRequest): Promise<Page<Row>>;
};

type Inner = StoreService & {
	opened: Opened;
	connect(): Promise<void>;
	disconnect(): Promise<void>;
	adapter: ReadingAdapter;
};

// moleculer-db's methods without its actions, which take queries from anyone, and without its life cycle, which would
// open the file before it is made.
const { settings, methods } = DbService as unknown as Part;

/** Gives a service its own database: migrated and owned before it serves, units of work for writes, lists for reads. */
export function store<Self extends StoreService>({ model, seed }: StoreOptions<Self> = {}): Part {
	return part<Inner>({
		mixins: model ? [{ settings, methods }] : [],
		model,
		async started(this: Inner) {
			this.opened = await openDatabase(runtimeOf(this.broker).env, this.name);
			const { database, connections } = this.opened;
			await migrate(database, this.logger);
			this.store = new Store(database, runtimeOf(this.broker).tracer);
			const probe: Probe = {
				name: this.name,
				check: () => this.store.get("SELECT 1"),
				waiting: () => waitingIn(this.store),
				connections: model ? connections + 1 : connections,
				asked: () => database.asked
			};
			runtimeOf(this.broker).probes.push(probe);
			if (model) {
				this.adapter = await this.opened.adapter();
				this.adapter.init(this.broker, this);
				await this.connect();
			}
			if (seed && runtimeOf(this.broker).env.seedDemo) await plant(this, seed as NonNullable<typeof seed>);
		},
		async stopped(this: Inner) {
			if (model && this.adapter) await this.disconnect();
			await this.opened?.close();
		},
		methods: {
			async page({ where = {}, limit, after, ascending }: PageRequest): Promise<Page<unknown>> {
				const beyond = after === undefined ? {} : { id: { [ascending ? Op.gt : Op.lt]: after } };
				const found = await this.adapter.find({
					query: { ...where, ...beyond },
					sort: ascending ? "id" : "-id",
					limit: limit + 1
				});
				return pageFrom(found, limit, row => row.toJSON() as { id: number });
			}
		}
	});
}

async function waitingIn(store: Store): Promise<Waiting> {
	const counted = await Promise.all([pendingIn(store), openLetters(store), sagasInNeed(store), parkedTimers(store)]);
	const [outbox, letters, sagas, timers] = counted;
	return { outbox, letters, sagas, timers };
}

async function plant<Self extends StoreService>(
	service: Inner,
	seed: NonNullable<StoreOptions<Self>["seed"]>
): Promise<void> {
	if (await service.store.get("SELECT name FROM seeds LIMIT 1")) return;
	const write = await seed(service as unknown as Self);
	const cause: Caused = { origin: { unit: `${service.name}/seed`, correlationId: "seed" } };
	await service.store.transact(cause, async unit => {
		// Safe twice: the mark commits with the rows.
		if (
			(await unit.run("INSERT INTO seeds (name, planted_at) VALUES ('demo', ?) ON CONFLICT DO NOTHING", [unit.now])) ===
			0
		)
			return;
		await write(unit);
	});
}
