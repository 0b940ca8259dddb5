import { migrate } from "../../broker/sql/migrate.ts";
import { Store } from "../../broker/sql/store.ts";
import { isoNow } from "../../broker/ids.ts";
import { Timers } from "../../broker/timers.ts";
import { eventually } from "../support/eventually.ts";
import { notebook } from "../unit/broker/sql/scratch.ts";
import { Databases } from "./support.ts";

const databases = new Databases();
afterEach(() => databases.remove());

/** One of several processes on a database: what it fires, it says. */
async function processOn(url: string): Promise<{ timers: Timers; store: Store; fired: string[] }> {
	const database = await databases.open(url);
	const { logger } = notebook();
	await migrate(database, logger);
	const store = new Store(database);
	const fired: string[] = [];
	const timers = new Timers({
		service: "shop",
		store,
		logger,
		handlers: new Map([
			[
				"bell",
				async ({ subject }, unit) => {
					await unit.run("INSERT INTO seeds (name, planted_at) VALUES (?, ?)", [subject, unit.now]);
					unit.afterCommit(() => fired.push(subject));
				}
			]
		])
	});
	return { timers, store, fired };
}

const cause = { origin: { unit: "spec", correlationId: "spec" } };

it("of two processes one fires what both set, and the other goes on when it stops", async () => {
	const url = databases.fresh();
	const one = await processOn(url);
	const other = await processOn(url);
	const ring = (from: typeof one, subject: string) =>
		from.store.transact(cause, unit => from.timers.set(unit, { kind: "bell", subject, at: isoNow() }));
	one.timers.start();
	await ring(one, "a");
	await eventually(() => expect(one.fired).toEqual(["a"]), { within: 15_000 });
	other.timers.start();
	await ring(other, "b");
	await eventually(() => expect(one.fired).toEqual(["a", "b"]), { within: 15_000 });
	await one.timers.stop();
	await ring(one, "c");
	await eventually(() => expect(other.fired).toEqual(["c"]), { within: 15_000 });
	await other.timers.stop();
});

it("two processes that both think it is their turn fire each timer once", async () => {
	const url = databases.fresh();
	const all = await Promise.all([processOn(url), processOn(url)]);
	const subjects = Array.from({ length: 40 }, (_, n) => `s${String(n).padStart(2, "0")}`);
	await all[0].store.transact(cause, async unit => {
		for (const subject of subjects) await all[0].timers.set(unit, { kind: "bell", subject, at: isoNow() });
	});
	await Promise.all(all.map(({ timers }) => timers.fireDue()));
	await eventually(async () => expect(await all[0].store.all("SELECT 1 FROM timers")).toEqual([]));
	expect(all.flatMap(({ fired }) => fired).sort()).toEqual(subjects);
});
