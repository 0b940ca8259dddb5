import { randomUUID } from "node:crypto";
import { eventually as soon } from "../support/eventually.ts";
import { available, order, product, town, type Town } from "./support.ts";

interface Return {
	id: number;
	status: string;
	amount: number;
	refusal?: string;
	code?: string;
}

const eventually = <T>(probe: () => T | Promise<T>): Promise<T> => soon(probe, { within: 60_000 });

let it_: Town;
beforeAll(async () => {
	it_ = await town();
});
afterAll(() => it_.souk.close());

const ask = <Body = Return>(method: string, path: string, body?: object, token = it_.alice) =>
	it_.client.ask<Body>(path, { method, token, key: randomUUID(), ...(body && { body }) });
const staff = <Body = Return>(method: string, path: string, body?: object) => ask<Body>(method, path, body, it_.staff);

/** Alice's order of three of a product, at her door. */
async function delivered(): Promise<{ id: number; paymentId: number; productId: number }> {
	const productId = await product(it_, 3);
	const { id, shipmentId, paymentId } = await order(it_, { items: [{ productId, quantity: 3 }] });
	await eventually(async () => expect((await staff("POST", `/shipments/${shipmentId}/dispatch`)).status).toBe(200));
	expect((await staff("POST", `/shipments/${shipmentId}/deliver`)).status).toBe(200);
	await eventually(async () => expect((await ask("GET", `/orders/${id}`)).body.status).toBe("DELIVERED"));
	return { id, paymentId: paymentId!, productId };
}

const sendBack = (id: number, productId: number, quantity: number) =>
	ask("POST", `/orders/${id}/returns`, { items: [{ productId, quantity }], reason: "It is too small" });
const becomes = (id: number, status: string) =>
	eventually(async () => {
		const { body } = await ask("GET", `/returns/${id}`);
		expect(body.status).toBe(status);
		return body;
	});
/** The task by which somebody inspects a return. */
const inspectionOf = (id: number) =>
	eventually(async () => {
		const path = `/tasks?kind=inspect&about=return/${id}`;
		const { body } = await staff<{ items: { id: number; title: string; checklist: { text: string }[] }[] }>(
			"GET",
			path
		);
		expect(body.items).toHaveLength(1);
		return body.items[0]!;
	});
const told = async (id: number): Promise<string[]> => {
	const path = "/notifications?limit=100";
	const { body } = await ask<{ items: { kind: string; channel: string; text: string }[] }>("GET", path);
	return body.items
		.filter(
			({ kind, channel, text }) => kind.startsWith("return.") && channel === "email" && text.includes(`eturn ${id}`)
		)
		.map(({ kind }) => kind)
		.sort();
};

describe("goods that come back", () => {
	it("are inspected, refunded and for sale again, while everything restarts", async () => {
		const { id: orderId, paymentId, productId } = await delivered();
		const asked = await sendBack(orderId, productId, 2);
		expect([asked.status, asked.body.status, asked.body.amount]).toEqual([201, "REQUESTED", 2_000]);
		const { id } = asked.body;
		const tooMany = await sendBack(orderId, productId, 2);
		expect([tooMany.status, tooMany.body.code]).toEqual([409, "RETURN_TOO_LARGE"]);
		const task = await inspectionOf(id);
		expect([task.title, task.checklist]).toEqual([
			`Inspect return ${id} of order ${orderId}`,
			[{ text: "2 × A rare thing", done: false }]
		]);
		expect(await available(it_, productId)).toBe(0);
		expect((await staff("POST", `/tasks/${task.id}/complete`)).status).toBe(200);
		await it_.souk.kill();
		await it_.souk.start();
		await becomes(id, "COMPLETED");
		expect(await available(it_, productId)).toBe(2);
		const payment = await ask<{ state: string; refunded: number }>("GET", `/payments/${paymentId}`);
		expect(payment.body).toMatchObject({ state: "CAPTURED", refunded: 2_000 });
		const { body } = await ask<{ status: string; returned: number }>("GET", `/orders/${orderId}`);
		expect(body).toMatchObject({ status: "DELIVERED", returned: 2_000 });
		const { items } = (await staff<{ items: object[] }>("GET", `/stock/${productId}/movements`)).body;
		expect(items[0]).toMatchObject({ delta: 2, kind: "RETURNED", orderId, returnId: id });
		await eventually(async () => expect(await told(id)).toEqual(["return.completed", "return.requested"]));
	});

	it("are not taken back when somebody calls the inspection off", async () => {
		const { id: orderId, paymentId, productId } = await delivered();
		const { id } = (await sendBack(orderId, productId, 3)).body;
		const task = await inspectionOf(id);
		expect((await staff("PUT", `/tasks/${task.id}`, { status: "CANCELLED" })).status).toBe(200);
		expect(await becomes(id, "REFUSED")).toMatchObject({ refusal: "INSPECTION" });
		expect(await available(it_, productId)).toBe(0);
		expect((await ask("GET", `/payments/${paymentId}`)).body).toMatchObject({ refunded: 0 });
		await eventually(async () => expect(await told(id)).toEqual(["return.refused", "return.requested"]));
	});

	it("are a matter of the customer, who finds them in the export, and of the staff", async () => {
		const { id: orderId, productId } = await delivered();
		const {
			body: { id },
			headers
		} = await sendBack(orderId, productId, 1);
		expect(headers.get("location")).toBe(`/api/v1/returns/${id}`);
		expect((await ask("GET", `/returns/${id}`, undefined, it_.bob)).status).toBe(403);
		const ofOrder = await ask<{ items: Return[] }>("GET", `/orders/${orderId}/returns`);
		expect(ofOrder.body.items.map(one => one.id)).toEqual([id]);
		const all = await staff<{ items: Return[] }>("GET", "/returns?status=REQUESTED&limit=100");
		expect(all.body.items.map(one => one.id)).toContain(id);
		const mine = await ask<{ returns: { id: number; reason: string }[] }>("GET", "/users/1/export");
		expect(mine.body.returns[0]).toMatchObject({ id, reason: "It is too small" });
		const cancelled = await ask("POST", `/returns/${id}/cancel`);
		expect([cancelled.status, cancelled.body.refusal]).toEqual([200, "CUSTOMER"]);
		const { id: taskId } = await inspectionOf(id);
		await eventually(async () => expect((await staff("GET", `/tasks/${taskId}`)).body.status).toBe("CANCELLED"));
	});
});
