import { randomUUID } from "node:crypto";
import { eventually as soon } from "../support/eventually.ts";
import { order, town, type Town } from "./support.ts";

interface Task {
	id: number;
	title: string;
	status: string;
	priority: string;
	version: number;
	overdueAt?: string;
	escalatedAt?: string;
}

const eventually = <T>(probe: () => T | Promise<T>): Promise<T> => soon(probe, { within: 60_000 });

let it_: Town;
beforeAll(async () => {
	it_ = await town({ TASK_ESCALATE_AFTER_SECONDS: "1", ORDER_PLAN: "pick:3600,pack:3600,ship" });
});
afterAll(() => it_.souk.close());

const ask = <Body = Task>(method: string, path: string, body?: object, token = it_.alice, headers = {}) =>
	it_.client.ask<Body>(path, { method, token, headers, key: randomUUID(), ...(body && { body }) });
const open = async (more: object = {}) => (await ask("POST", "/tasks", { title: "Pack it", ...more })).body;
/** What the audit log has of a subject, in order. */
const logged = async (subject: string): Promise<string[]> => {
	const path = `/admin/events?subject=${encodeURIComponent(subject)}&limit=100`;
	const { body } = await it_.client.ask<{ items: { type: string }[] }>(path, { token: it_.admin });
	return body.items.map(({ type }) => type).sort();
};

describe("tasks over HTTP", () => {
	// checklist: 176-181
	it("are opened, read, listed, changed, completed and removed", async () => {
		const made = await ask("POST", "/tasks", { title: "Pack it", labels: ["big"] });
		const { id } = made.body;
		const path = `/tasks/${id}`;
		expect([made.status, made.headers.get("location")]).toEqual([201, `/api/v1${path}`]);
		expect((await ask("GET", path)).headers.get("etag")).toContain("1");
		expect((await ask("GET", path, undefined, it_.bob)).status).toBe(403);
		const list = await ask<{ items: Task[] }>("GET", "/tasks?label=big&status=OPEN");
		expect(list.body.items.map(task => task.id)).toContain(id);
		const put = await ask("PUT", path, { status: "IN_PROGRESS" }, it_.alice, { "if-match": '"1"' });
		expect([put.status, put.body.status]).toEqual([200, "IN_PROGRESS"]);
		expect((await ask("PUT", path, { title: "Late" }, it_.alice, { "if-match": '"1"' })).status).toBe(412);
		const done = await ask("POST", `${path}/complete`);
		expect([done.status, done.body.status]).toEqual([200, "DONE"]);
		expect((await ask("PUT", path, { title: "Too late" })).status).toBe(409);
		expect((await ask("DELETE", path)).status).toBe(204);
		expect((await ask("GET", path)).status).toBe(404);
		const bad = await ask<{ errors: { pointer: string }[] }>("POST", "/tasks", { title: "x", dueAt: "soon" });
		expect([bad.status, bad.body.errors.map(({ pointer }) => pointer)]).toEqual([400, ["/dueAt"]]);
	});

	// checklist: 192, 208
	it("that are done are told of, once, to whoever opened them", async () => {
		const { id } = await open({ title: "Water the plants" });
		expect((await ask("POST", `/tasks/${id}/complete`, undefined, it_.staff)).status).toBe(200);
		const about = await eventually(async () => {
			const { body } = await ask<{ items: { kind: string; channel: string; text: string }[] }>(
				"GET",
				"/notifications?limit=100"
			);
			const mails = body.items.filter(({ kind, channel }) => kind === "task.completed" && channel === "email");
			expect(mails.filter(({ text }) => text.includes("Water the plants"))).toHaveLength(1);
			return mails;
		});
		expect(about.every(({ text }) => !text.includes("{"))).toBe(true);
	});

	// checklist: 176, 177, 182
	it("and categories are found where an earlier system had them", async () => {
		const old = async <Body>(path: string, method: string, token: string, body?: object) => {
			const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
			const response = await fetch(it_.souk.url + path, {
				method,
				headers,
				...(body && { body: JSON.stringify(body) })
			});
			return { status: response.status, body: (response.status === 204 ? {} : await response.json()) as Body };
		};
		const category = await old<{ id: number }>("/categories", "POST", it_.staff, { name: "Warehouse" });
		const path = `/categories/${category.body.id}`;
		expect(category.status).toBe(201);
		const task = await old<Task>("/tasks", "POST", it_.alice, { title: "Pack it", categoryId: category.body.id });
		expect([task.status, task.body.title]).toEqual([201, "Pack it"]);
		expect((await old(`/tasks/${task.body.id}/complete`, "POST", it_.alice, {})).status).toBe(200);
		expect((await old(path, "PUT", it_.staff, { name: "Stockroom" })).status).toBe(200);
		expect((await old<{ items: { name: string }[] }>("/categories", "GET", it_.alice)).body.items).toMatchObject([
			{ name: "Stockroom" }
		]);
		expect((await old(path, "DELETE", it_.alice)).status).toBe(403);
		expect((await old(path, "DELETE", it_.staff)).status).toBe(204);
		await eventually(async () => expect(await logged(`category/${category.body.id}`)).toHaveLength(3));
	});

	// checklist: 183-185
	it("are told of, each thing once, also what time does to them while everything restarts", async () => {
		const { id } = await open({ dueAt: new Date().toISOString() });
		const { id: done } = await open({ dueAt: new Date(Date.now() + 1_500).toISOString() });
		await ask("PUT", `/tasks/${done}`, { title: "Packed" });
		await ask("POST", `/tasks/${done}/complete`);
		await it_.souk.kill();
		await it_.souk.start();
		await eventually(async () =>
			expect((await ask("GET", `/tasks/${id}`)).body).toMatchObject({
				overdueAt: expect.any(String),
				escalatedAt: expect.any(String),
				priority: "HIGH"
			})
		);
		await eventually(async () =>
			expect(await logged(`task/${id}`)).toEqual(["task.created", "task.escalated", "task.overdue"])
		);
		expect(await logged(`task/${done}`)).toEqual(["task.completed", "task.created", "task.updated"]);
	});
});

describe("an order and the people who see to it", () => {
	it.each(["orchestrated", "choreographed"])("end with a parcel on its way, and delivered, %s", async flow => {
		const { id, shipmentId } = await order(it_, { flow });
		const staff = <Body = Task>(method: string, path: string) => ask<Body>(method, path, undefined, it_.staff);
		const titles: string[] = [];
		for (const kind of ["pick", "pack", "ship"]) {
			const task = await eventually(async () => {
				const { body } = await staff<{ items: Task[] }>("GET", `/tasks?about=order/${id}&kind=${kind}`);
				expect(body.items).toHaveLength(1);
				return body.items[0]!;
			});
			titles.push(task.title);
			expect((await staff("POST", `/tasks/${task.id}/complete`)).status).toBe(200);
		}
		expect(titles).toEqual([`Pick order ${id}`, `Pack order ${id}`, `Ship order ${id}`]);
		const reached = (status: string) =>
			eventually(async () => expect((await ask("GET", `/orders/${id}`)).body.status).toBe(status));
		await reached("SHIPPED");
		expect((await staff("POST", `/shipments/${shipmentId}/deliver`)).status).toBe(200);
		await reached("DELIVERED");
	});

	it("are called off when it is cancelled", async () => {
		const { id } = await order(it_, {});
		const tasks = async () =>
			(await ask<{ items: Task[] }>("GET", `/tasks?about=order/${id}`, undefined, it_.staff)).body.items;
		await eventually(async () => expect(await tasks()).toMatchObject([{ status: "OPEN" }]));
		await ask("POST", `/orders/${id}/cancel`);
		await eventually(async () => expect(await tasks()).toMatchObject([{ status: "CANCELLED" }]));
	});
});
