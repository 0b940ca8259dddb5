import { randomUUID } from "node:crypto";
import { eventually as soon } from "../support/eventually.ts";
import { catcher, type Catcher } from "../support/smtp-catcher.ts";
import { order, town, type Order, type Town } from "./support.ts";

interface Task {
	id: number;
	kind: string;
	status: string;
	priority: string;
	overdueAt?: string;
	escalatedAt?: string;
}

const eventually = <T>(probe: () => T | Promise<T>): Promise<T> => soon(probe, { within: 120_000 });

let post: Catcher;
let it_: Town;
beforeAll(async () => {
	post = await catcher();
	it_ = await town({
		SMTP_URL: `smtp://127.0.0.1:${post.port}`,
		ORDER_PLAN: "pick:1,pack:3600,ship",
		TASK_ESCALATE_AFTER_SECONDS: "1"
	});
});
afterAll(async () => {
	await it_.souk.close();
	await post.close();
});

const staff = async <Body>(method: string, path: string): Promise<Body> => {
	const { status, body } = await it_.client.ask<Body>(path, { method, token: it_.staff, key: randomUUID() });
	if (status >= 300) throw new Error(`${method} ${path} answers ${status} ${JSON.stringify(body)}`);
	return body;
};
const tasksOf = async (orderId: number): Promise<Task[]> =>
	(await staff<{ items: Task[] }>("GET", `/tasks?about=order/${orderId}&limit=100`)).items;
/** The subjects of the mails that Alice got about an order, in the order they came. */
const mailsAbout = (orderId: number): string[] =>
	post.caught
		.filter(({ mail, to }) => to.includes("alice@souk.test") && new RegExp(`order ${orderId}\\b`).test(mail.text ?? ""))
		.map(({ mail }) => mail.subject!);
/** What the customer was told, as the service remembers it. */
const told = async (orderId: number): Promise<string[]> => {
	const { items } = await staff<{ items: { status: string; text: string; channel: string; subject: string }[] }>(
		"GET",
		"/users/1/notifications?limit=100"
	);
	return items
		.filter(({ text, channel }) => channel === "email" && new RegExp(`order ${orderId}\\b`).test(text))
		.map(({ subject, status }) => `${subject}: ${status}`);
};

it.each(["orchestrated", "choreographed"])(
	"an order's work is late, survives that everything is killed, is done, and the customer hears of each thing once, %s",
	async flow => {
		const { id, shipmentId } = await order(it_, { flow });
		// Nobody picks it: the task is late, and then more urgent.
		await eventually(async () => {
			const [pick, ...others] = await tasksOf(id);
			expect(others).toEqual([]);
			const late = { kind: "pick", priority: "HIGH", overdueAt: expect.any(String), escalatedAt: expect.any(String) };
			expect(pick).toMatchObject(late);
		});
		await eventually(async () => expect(await told(id)).toEqual(["Order Confirmation: SENT"]));

		await it_.souk.kill();
		await it_.souk.start();

		for (const kind of ["pick", "pack", "ship"]) {
			const task = await eventually(async () => {
				const found = (await tasksOf(id)).find(one => one.kind === kind && one.status === "OPEN");
				expect(found).toBeDefined();
				return found!;
			});
			await staff("POST", `/tasks/${task.id}/complete`);
		}
		const reached = (status: string) =>
			eventually(async () => expect((await staff<Order>("GET", `/orders/${id}`)).status).toBe(status));
		await reached("SHIPPED");
		await staff("POST", `/shipments/${shipmentId}/deliver`);
		await reached("DELIVERED");

		expect((await tasksOf(id)).map(({ kind, status }) => `${kind} ${status}`).toSorted()).toEqual([
			"pack DONE",
			"pick DONE",
			"ship DONE"
		]);
		const all = ["Order Confirmation", "Order Delivered", "Order Shipped"];
		await eventually(async () => expect((await told(id)).toSorted()).toEqual(all.map(subject => `${subject}: SENT`)));
		expect(mailsAbout(id).toSorted()).toEqual(all);
	}
);
