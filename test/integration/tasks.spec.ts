import { Task } from "../../services/tasks/tasks.contract.ts";
import type { TestNode } from "../support/node.ts";
import { as, event } from "../support/node.ts";
import { board, tasksOf, told, user } from "../support/tasks.ts";

let here: TestNode;
beforeEach(async () => {
	here = await board();
});
afterEach(() => here.close());

const alice = (headers?: Record<string, string>) => user(here, 1, headers);
const bob = (headers?: Record<string, string>) => user(here, 2, headers);
const staff = (headers?: Record<string, string>) => user(here, 3, headers);
const create = (more: object = {}, call = alice()) => call("tasks.create", { title: "Pack it", ...more });

describe("opening a task", () => {
	// checklist: 176, 183
	it("answers with it, and says so once", async () => {
		const task = await create({
			description: "All of it",
			priority: "HIGH",
			labels: ["fragile", "big", "big"],
			checklist: [{ text: "Foam" }, { text: "Tape", done: true }],
			assigneeId: 1,
			dueAt: "2126-01-02T05:04:05+02:00"
		});
		expect(task).toEqual({
			id: 1,
			title: "Pack it",
			description: "All of it",
			status: "OPEN",
			priority: "HIGH",
			labels: ["big", "fragile"],
			checklist: [
				{ text: "Foam", done: false },
				{ text: "Tape", done: true }
			],
			assigneeId: 1,
			createdBy: 1,
			dueAt: "2126-01-02T03:04:05.000Z",
			createdAt: task.createdAt,
			updatedAt: task.createdAt,
			version: 1
		});
		expect(await alice()("tasks.get", { id: 1 })).toEqual(task);
		expect(await told(here)).toEqual(["task.created task/1 v1"]);
		expect(here.of("task.created")[0]!.data).toMatchObject({ taskId: 1, userId: 1, task: { title: "Pack it" } });
	});

	it("answers a repeated key with the first task, and opens no other", async () => {
		const keyed = alice({ "idempotency-key": "pack-it-1" });
		const [first, ...repeats] = await Promise.all(Array.from({ length: 20 }, () => create({}, keyed)));
		for (const repeat of repeats) expect(repeat).toEqual(first);
		expect((await alice()("tasks.list", {})).items).toHaveLength(1);
		await expect(create({ priority: "LOW" }, keyed)).rejects.toMatchObject({ type: "IDEMPOTENCY_KEY_REUSED" });
	});

	it("is done once for each kind and thing, also when the task was removed since", async () => {
		const pick = () => create({ kind: "pick", about: "order/17" }, staff());
		const { id } = await pick();
		await expect(pick()).rejects.toMatchObject({ type: "TASK_EXISTS", code: 409 });
		await staff()("tasks.remove", { id });
		await expect(pick()).rejects.toMatchObject({ type: "TASK_EXISTS" });
		await create({ kind: "pack", about: "order/17" }, staff());
		await create({ kind: "pick", about: "order/18" }, staff());
		expect((await staff()("tasks.list", { about: "order/17" })).items.map(({ kind }) => kind)).toEqual(["pack"]);
	});

	it.each<[string, object, string]>([
		["no title", { title: " " }, "/title"],
		["a due time that is none", { dueAt: "tomorrow" }, "/dueAt"],
		["a priority that there is not", { priority: "ASAP" }, "/priority"],
		["a label in capitals", { labels: ["ok", "Big"] }, "/labels/1"],
		["a line of the checklist without text", { checklist: [{ done: true }] }, "/checklist/0/text"],
		["a thing without its id", { about: "order" }, "/about"],
		["a status: it begins open", { status: "DONE" }, "/status"]
	])("refuses %s", async (_, params, pointer) => {
		await expect(create(params)).rejects.toMatchObject({
			type: "VALIDATION_FAILED",
			data: { errors: [{ pointer }] }
		});
	});

	it("refuses an assignee and a category that there are not", async () => {
		await expect(create({ assigneeId: 12 }, staff())).rejects.toMatchObject({ type: "ASSIGNEE_UNKNOWN", code: 422 });
		await expect(create({ categoryId: 5 })).rejects.toMatchObject({ type: "CATEGORY_UNKNOWN", code: 422 });
		expect(await told(here)).toEqual([]);
	});
});

describe("changing a task", () => {
	// checklist: 179, 185
	it("changes what is given, and takes away what is null", async () => {
		await create({ assigneeId: 1, dueAt: "2126-01-02T03:04:05Z", labels: ["big"] });
		const changed = await alice()("tasks.update", { id: 1, title: "Pack all", status: "IN_PROGRESS", dueAt: null });
		expect(changed).toMatchObject({ title: "Pack all", status: "IN_PROGRESS", labels: ["big"], version: 2 });
		expect(changed).not.toHaveProperty("dueAt", expect.anything());
		expect(await alice()("tasks.get", { id: 1 })).toEqual(changed);
		expect(await told(here)).toEqual(["task.created task/1 v1", "task.updated task/1 v2"]);
	});

	it("makes no version and says nothing when everything is as it was", async () => {
		const task = await create({ labels: ["big"] });
		expect(await alice()("tasks.update", { id: 1, title: "Pack it", labels: ["big"] })).toEqual(task);
		expect(await told(here)).toHaveLength(1);
	});

	it("is refused when the version that was read is not the current one", async () => {
		await create();
		await alice({ "if-match": "1" })("tasks.update", { id: 1, title: "Pack all" });
		const late = alice({ "if-match": "1" });
		await Promise.all(
			[
				late("tasks.update", { id: 1, title: "Pack none" }),
				late("tasks.complete", { id: 1 }),
				late("tasks.remove", { id: 1 })
			].map(refused =>
				expect(refused).rejects.toMatchObject({ type: "VERSION_CONFLICT", data: { expected: 1, current: 2 } })
			)
		);
	});

	it("has one winner among those who read the same version", async () => {
		await create();
		const tries = await Promise.allSettled(
			Array.from({ length: 20 }, (_, n) => alice({ "if-match": "1" })("tasks.update", { id: 1, title: `Pack ${n}` }))
		);
		expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
		expect(await told(here)).toHaveLength(2);
	});

	it("is refused once it is done or cancelled, and never opens again what was begun", async () => {
		await create();
		await alice()("tasks.update", { id: 1, status: "IN_PROGRESS" });
		await expect(alice()("tasks.update", { id: 1, status: "OPEN" })).rejects.toMatchObject({ type: "TASK_BEGUN" });
		await alice()("tasks.update", { id: 1, status: "CANCELLED" });
		await expect(alice()("tasks.update", { id: 1, title: "Again" })).rejects.toMatchObject({
			type: "TASK_CLOSED",
			code: 409,
			data: { status: "CANCELLED" }
		});
		await expect(alice()("tasks.complete", { id: 1 })).rejects.toMatchObject({ type: "TASK_CLOSED" });
	});

	it("refuses an assignee and a category that there are not, and changes nothing", async () => {
		await create({}, staff());
		const change = (changes: object) => staff()("tasks.update", { id: 1, ...changes });
		await expect(change({ assigneeId: 12 })).rejects.toMatchObject({ type: "ASSIGNEE_UNKNOWN" });
		await expect(change({ categoryId: 5 })).rejects.toMatchObject({ type: "CATEGORY_UNKNOWN" });
		expect(await change({ assigneeId: 2 })).toMatchObject({ assigneeId: 2, version: 2 });
	});
});

describe("completing a task", () => {
	// checklist: 180, 184
	it("happens once, however often it is asked for", async () => {
		await create({ assigneeId: 1 });
		const answers = await Promise.all(Array.from({ length: 20 }, () => alice()("tasks.complete", { id: 1 })));
		expect(new Set(answers.map(answer => JSON.stringify(answer))).size).toBe(1);
		expect(answers[0]).toMatchObject({ status: "DONE", completedAt: answers[0]!.updatedAt, version: 2 });
		// The same request again, because its answer was lost: nothing is changed by it.
		expect(await alice({ "if-match": "1" })("tasks.complete", { id: 1 })).toEqual(answers[0]);
		expect(await told(here)).toEqual(["task.created task/1 v1", "task.completed task/1 v2"]);
		expect(here.of("task.completed")[0]!.data).toMatchObject({ userId: 1, task: { status: "DONE" } });
	});

	it("may be said by a change of its status", async () => {
		await create();
		await alice()("tasks.update", { id: 1, status: "DONE" });
		expect(await told(here)).toEqual(["task.created task/1 v1", "task.completed task/1 v2"]);
	});
});

// checklist: 181
it("a removed task is nowhere any more, and that is said", async () => {
	await create();
	expect(await alice()("tasks.remove", { id: 1 })).toBeNull();
	await Promise.all(
		[
			alice()("tasks.get", { id: 1 }),
			alice()("tasks.update", { id: 1, title: "x" }),
			alice()("tasks.complete", { id: 1 }),
			alice()("tasks.remove", { id: 1 })
		].map(gone => expect(gone).rejects.toMatchObject({ type: "TASK_NOT_FOUND", code: 404 }))
	);
	expect((await alice()("tasks.list", {})).items).toEqual([]);
	expect(await told(here)).toEqual(["task.created task/1 v1", "task.deleted task/1 v2"]);
});

describe("who may do what", () => {
	it("a task is seen and changed by who opened it, who has it to do, and staff", async () => {
		await create({ assigneeId: 2 }, staff());
		await create({}, alice());
		for (const call of [bob(), staff()]) {
			expect(await call("tasks.get", { id: 1 })).toMatchObject({ id: 1 });
			await call("tasks.update", { id: 1, checklist: [{ text: `Seen ${Math.random()}` }] });
		}
		await expect(alice()("tasks.get", { id: 1 })).rejects.toMatchObject({ type: "FORBIDDEN" });
		await expect(alice()("tasks.update", { id: 1, title: "x" })).rejects.toMatchObject({ type: "FORBIDDEN" });
		await expect(bob()("tasks.complete", { id: 2 })).rejects.toMatchObject({ type: "FORBIDDEN" });
		expect(await bob()("tasks.complete", { id: 1 })).toMatchObject({ status: "DONE" });
		await expect(as(here, "anonymous")("tasks.get", { id: 1 })).rejects.toMatchObject({ type: "NO_TOKEN" });
	});

	it("a list shows what is one's own, and staff everything", async () => {
		await create({ assigneeId: 2 }, staff());
		await create({}, alice());
		await create({}, bob());
		const seen = async (call: ReturnType<typeof alice>) => (await call("tasks.list", {})).items.map(({ id }) => id);
		expect([await seen(alice()), await seen(bob()), await seen(staff())]).toEqual([[2], [3, 1], [3, 2, 1]]);
	});

	it("people take tasks upon themselves; staff give them to others, and say what they are about", async () => {
		await expect(create({ assigneeId: 2 })).rejects.toMatchObject({ type: "FORBIDDEN" });
		await expect(create({ kind: "pick", about: "order/1" })).rejects.toMatchObject({ type: "FORBIDDEN" });
		await create();
		await expect(alice()("tasks.update", { id: 1, assigneeId: 2 })).rejects.toMatchObject({ type: "FORBIDDEN" });
		await alice()("tasks.update", { id: 1, assigneeId: 1 });
		await staff()("tasks.update", { id: 1, assigneeId: 2 });
		// It is left as it is.
		expect(await alice()("tasks.update", { id: 1, assigneeId: 2, title: "Theirs" })).toMatchObject({ assigneeId: 2 });
	});

	it("a task is removed by who opened it and by staff, not by who has it to do", async () => {
		await create({ assigneeId: 2 }, staff());
		await expect(bob()("tasks.remove", { id: 1 })).rejects.toMatchObject({ type: "FORBIDDEN" });
		expect(await staff()("tasks.remove", { id: 1 })).toBeNull();
	});

	it("a service opens tasks for anybody, in nobody's name", async () => {
		const task = await here.call("tasks.create", { title: "Pick it", kind: "pick", about: "order/1", assigneeId: 2 });
		expect(task).not.toHaveProperty("createdBy", expect.anything());
		await told(here);
		expect(here.of("task.created")[0]!.data.userId).toBe(2);
	});
});

describe("a list of tasks", () => {
	const ids = async (filter: object) => (await staff()("tasks.list", filter)).items.map(({ id }) => id);

	// checklist: 177
	it("has the newest first, a page at a time", async () => {
		for (let n = 0; n < 5; n++) await create();
		const first = await staff()("tasks.list", { limit: 2 });
		expect([first.items.map(({ id }) => id), first.next]).toEqual([[5, 4], 4]);
		const last = await staff()("tasks.list", { limit: 3, after: first.next! });
		expect([last.items.map(({ id }) => id), last.next]).toEqual([[3, 2, 1], undefined]);
		for (const task of last.items) expect(Task.parse(task)).toEqual(task);
	});

	it("has what every filter asks for", async () => {
		const { id: categoryId } = await staff()("tasks.createCategory", { name: "Warehouse" });
		await create({ assigneeId: 2, priority: "HIGH", labels: ["big", "bigger"] }, staff());
		await create({ categoryId, dueAt: "2126-01-01T00:00:00Z", labels: ["bigger"] });
		await create({ dueAt: "2126-03-01T00:00:00Z" });
		await staff()("tasks.complete", { id: 3 });
		expect(await ids({ assigneeId: "2" })).toEqual([1]);
		expect(await ids({ priority: "HIGH" })).toEqual([1]);
		expect(await ids({ label: "big" })).toEqual([1]);
		expect(await ids({ label: "bigger" })).toEqual([2, 1]);
		expect(await ids({ categoryId: String(categoryId) })).toEqual([2]);
		expect(await ids({ dueBefore: "2126-02-01T00:00:00+01:00" })).toEqual([2]);
		expect(await ids({ dueAfter: "2126-02-01T00:00:00Z" })).toEqual([3]);
		expect(await ids({ status: "DONE" })).toEqual([3]);
		expect(await ids({ label: "bigger", categoryId, dueBefore: "2126-02-01T00:00:00Z", limit: 1 })).toEqual([2]);
		await expect(ids({ label: "%" })).rejects.toMatchObject({ type: "VALIDATION_FAILED" });
	});
});

// checklist: 182
describe("categories", () => {
	const add = (name: string, call = staff()) => call("tasks.createCategory", { name });

	it("are added, listed, changed and taken out of use, and each change is said", async () => {
		const { id } = await add("Warehouse");
		await add("Office");
		const changed = await staff()("tasks.updateCategory", { id, name: "Stockroom", description: "Downstairs" });
		expect(changed).toMatchObject({ id, name: "Stockroom", description: "Downstairs", version: 2 });
		expect((await alice()("tasks.listCategories", {})).items.map(({ name }) => name)).toEqual(["Stockroom", "Office"]);
		const page = await alice()("tasks.listCategories", { limit: 1 });
		expect((await alice()("tasks.listCategories", { after: page.next! })).items.map(({ name }) => name)).toEqual([
			"Office"
		]);
		expect(await staff()("tasks.removeCategory", { id })).toBeNull();
		await expect(staff()("tasks.removeCategory", { id })).rejects.toMatchObject({ type: "CATEGORY_NOT_FOUND" });
		await told(here);
		expect(here.of("category.changed").map(({ subject, sequence, data }) => [subject, sequence, data.change])).toEqual([
			["category/1", 1, "created"],
			["category/2", 1, "created"],
			["category/1", 2, "updated"],
			["category/1", 3, "removed"]
		]);
	});

	it("have a name each, however it is written; a name that is free again can be had", async () => {
		await add("Warehouse");
		const { id } = await add("Office");
		await expect(add("WAREHOUSE")).rejects.toMatchObject({ type: "CATEGORY_EXISTS", code: 409 });
		await expect(staff()("tasks.updateCategory", { id, name: "warehouse" })).rejects.toMatchObject({
			type: "CATEGORY_EXISTS"
		});
		await staff()("tasks.updateCategory", { id, name: "OFFICE" });
		await staff()("tasks.removeCategory", { id: 1 });
		expect(await add("warehouse")).toMatchObject({ id: 3 });
	});

	it("have one of a name, though many add it at once", async () => {
		const tries = await Promise.allSettled(Array.from({ length: 10 }, () => add("Warehouse")));
		expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
	});

	it("stay with the tasks that have them, and are given to no other", async () => {
		const { id: categoryId } = await add("Warehouse");
		await create({ categoryId });
		await staff({ "if-match": "1" })("tasks.removeCategory", { id: categoryId });
		await expect(create({ categoryId })).rejects.toMatchObject({ type: "CATEGORY_UNKNOWN" });
		expect(await alice()("tasks.update", { id: 1, title: "Still", categoryId })).toMatchObject({ categoryId });
		expect(await alice()("tasks.update", { id: 1, categoryId: null })).not.toHaveProperty(
			"categoryId",
			expect.anything()
		);
	});

	it("are for staff to change, in the version that they have read", async () => {
		const { id } = await add("Warehouse");
		const change = (call: ReturnType<typeof staff>) => call("tasks.updateCategory", { id, name: "Office" });
		await Promise.all(
			[add("Office", alice()), change(alice()), alice()("tasks.removeCategory", { id })].map(refused =>
				expect(refused).rejects.toMatchObject({ type: "FORBIDDEN" })
			)
		);
		await change(staff({ "if-match": "1" }));
		await expect(change(staff({ "if-match": "1" }))).rejects.toMatchObject({ type: "VERSION_CONFLICT" });
		await expect(staff({ "if-match": "1" })("tasks.removeCategory", { id })).rejects.toMatchObject({
			type: "VERSION_CONFLICT"
		});
	});
});

describe("a user whose account is removed", () => {
	const deleted = (userId: number, role: "customer" | "staff") =>
		event("user.deleted", `user/${userId}`, { userId, name: "A", email: "a@souk.test", roles: [role] });

	it("leaves no task of their own, and what they had to do to others", async () => {
		await create({ description: "My secret" });
		await create({ assigneeId: 1 });
		await create({ assigneeId: 1 }, staff());
		await create({}, bob());
		const one = deleted(1, "customer");
		await here.publish(one);
		await here.publish(one);
		const left = (await staff()("tasks.list", {})).items;
		expect(left.map(({ id, assigneeId, version }) => [id, assigneeId, version])).toEqual([
			[4, undefined, 1],
			[3, undefined, 2]
		]);
		const rows = await tasksOf(here).store.all("SELECT * FROM tasks");
		expect(JSON.stringify(rows)).not.toContain("My secret");
		expect((await told(here)).filter(line => !line.startsWith("task.created"))).toEqual([
			"task.deleted task/1 v2",
			"task.deleted task/2 v2",
			"task.updated task/3 v2"
		]);
	});

	it("and who was of the staff leaves the tasks that they opened", async () => {
		await create({ assigneeId: 3 }, staff());
		await here.publish(deleted(3, "staff"));
		expect((await staff()("tasks.list", {})).items).toMatchObject([{ id: 1, createdBy: 3, version: 2 }]);
	});
});
