import { isoNow } from "../../broker/ids.ts";
import { eventually } from "../support/eventually.ts";
import type { TestNode } from "../support/node.ts";
import { board, tasksOf, told, user } from "../support/tasks.ts";

const HOUR = 3_600_000;
const SLOW = { TASK_ESCALATE_AFTER_SECONDS: "3600" };
let here: TestNode;
const open = async (env: Record<string, string> = SLOW, dataDir?: string) => {
	here = await board({ env, ...(dataDir && { dataDir }) });
};
afterEach(async () => {
	jest.restoreAllMocks();
	await here.close();
});

const alice = () => user(here, 1);
const create = (dueInMs: number, more: object = {}) =>
	alice()("tasks.create", { title: "Pack it", dueAt: isoNow(dueInMs), ...more });
const get = (id = 1) => alice()("tasks.get", { id });
const update = (changes: object, id = 1) => alice()("tasks.update", { id, ...changes });
const waiting = async () =>
	(await tasksOf(here).store.all<{ kind: string; subject: string }>("SELECT * FROM timers ORDER BY subject")).map(
		({ kind, subject }) => `${kind} ${subject}`
	);
/** So many tasks were said to be overdue. */
const overdue = (count = 1) => eventually(() => expect(here.of("task.overdue")).toHaveLength(count));

describe("a task whose due time passes", () => {
	it("is overdue, once, and waits to be escalated", async () => {
		await open();
		await create(50);
		expect(await waiting()).toEqual(["due task/1"]);
		await overdue();
		const task = await get();
		expect(task).toMatchObject({ status: "OPEN", priority: "NORMAL", overdueAt: expect.any(String), version: 2 });
		expect(task.overdueAt! >= task.dueAt!).toBe(true);
		expect(here.of("task.overdue")[0]).toMatchObject({ subject: "task/1", sequence: 2, data: { userId: 1 } });
		expect(here.of("task.overdue")[0]!.data.task).toEqual(task);
		// It belongs to the request that opened it.
		expect(here.of("task.overdue")[0]!.correlationid).toBe(here.of("task.created")[0]!.correlationid);
		expect(await waiting()).toEqual(["escalation task/1"]);
	});

	it("is overdue at once when it passed before", async () => {
		await open();
		await create(-HOUR);
		await overdue();
	});

	it("is escalated a while later, once, and its priority rises", async () => {
		await open({ TASK_ESCALATE_AFTER_SECONDS: "1" });
		await create(0);
		await eventually(() => expect(here.of("task.escalated")).toHaveLength(1));
		const task = await get();
		expect(task).toMatchObject({ priority: "HIGH", escalatedAt: expect.any(String), version: 3 });
		expect(Date.parse(task.escalatedAt!) - Date.parse(task.overdueAt!)).toBeGreaterThanOrEqual(1_000);
		expect(await told(here)).toEqual(["task.created task/1 v1", "task.overdue task/1 v2", "task.escalated task/1 v3"]);
		expect(await waiting()).toEqual([]);
	});

	it("is overdue after a restart when nobody ran at that time", async () => {
		await open();
		await create(HOUR);
		await create(HOUR);
		const { dataDir } = here;
		await here.stop();
		const now = Date.now.bind(Date);
		jest.spyOn(Date, "now").mockImplementation(() => now() + 2 * HOUR);
		await open(SLOW, dataDir);
		await overdue(2);
		await here.stop();
		await open(SLOW, dataDir);
		expect(await waiting()).toEqual(["escalation task/1", "escalation task/2"]);
		expect(here.of("task.overdue")).toEqual([]);
	});

	it("is overdue though the clock was set forward", async () => {
		await open();
		await create(HOUR);
		const now = Date.now.bind(Date);
		jest.spyOn(Date, "now").mockImplementation(() => now() + 2 * HOUR);
		await overdue();
	});
});

describe("another due time", () => {
	it("is waited for instead", async () => {
		await open();
		await create(HOUR);
		await update({ dueAt: isoNow(30) });
		await overdue();
		expect((await get()).version).toBe(3);
	});

	it("lets it be overdue again, and calls off the escalation", async () => {
		await open();
		await create(0);
		await overdue();
		const task = await update({ dueAt: isoNow(HOUR) });
		expect(task).not.toHaveProperty("overdueAt", expect.anything());
		expect(await waiting()).toEqual(["due task/1"]);
		await update({ dueAt: isoNow() });
		await overdue(2);
		expect(await waiting()).toEqual(["escalation task/1"]);
	});

	it("may be none", async () => {
		await open();
		await create(HOUR);
		await create(0);
		await overdue();
		await update({ dueAt: null }, 1);
		await update({ dueAt: null }, 2);
		expect(await waiting()).toEqual([]);
	});
});

describe("what needs no doing any more", () => {
	it.each([
		["is done", () => alice()("tasks.complete", { id: 1 })],
		["is cancelled", () => update({ status: "CANCELLED" })],
		["is removed", () => alice()("tasks.remove", { id: 1 })]
	])("is neither overdue nor escalated: it %s", async (_, end) => {
		await open();
		await create(HOUR);
		await end();
		expect(await waiting()).toEqual([]);
		await create(0);
		await overdue();
		expect(here.of("task.overdue").map(({ subject }) => subject)).toEqual(["task/2"]);
	});

	it("is not escalated when it was done after it was overdue", async () => {
		await open();
		await create(0);
		await overdue();
		await alice()("tasks.complete", { id: 1 });
		expect(await waiting()).toEqual([]);
		expect(await get()).toMatchObject({ status: "DONE", overdueAt: expect.any(String) });
	});

	it("or is overdue at the same moment: whichever comes first, its events are in order", async () => {
		await open();
		for (let id = 1; id <= 10; id++) await create(20);
		await Promise.all(Array.from({ length: 10 }, (_, n) => alice()("tasks.complete", { id: n + 1 })));
		await eventually(async () => expect(await waiting()).toEqual([]));
		const said = await told(here);
		for (let id = 1; id <= 10; id++) {
			const own = said.filter(line => line.includes(` task/${id} `));
			expect(own.at(-1)).toMatch(/^task.completed/);
			expect(own.map(line => line.at(-1))).toEqual(own.map((_, n) => String(n + 1)));
		}
	});
});
