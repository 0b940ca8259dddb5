import { randomUUID } from "node:crypto";
import { eventually as soon } from "../support/eventually.ts";
import { available, product, type Order as Sold, town, type Town } from "./support.ts";

interface Order extends Sold {
	heldFor?: string[];
	heldUntil?: string;
	shippingAddress?: { country: string };
	code?: string;
}

const eventually = <T>(probe: () => T | Promise<T>): Promise<T> => soon(probe, { within: 60_000 });
const FLOWS = ["orchestrated", "choreographed"];
const address = { name: "Alice", street: "1 Market Street", city: "Lyon", postalCode: "69001", country: "FR" };

let it_: Town;
let productId: number;
beforeAll(async () => {
	it_ = await town({ ORDER_REVIEW_ABOVE: "5000", ORDER_HOLD_ADDRESS: "on" });
	productId = await product(it_, 1_000);
});
afterAll(() => it_.souk.close());

const ask = <Body = Order>(method: string, path: string, body?: object, token = it_.alice, headers = {}) =>
	it_.client.ask<Body>(path, { method, token, headers, key: randomUUID(), ...(body && { body }) });
const place = async (quantity: number, more: object) => {
	const items = [{ productId, quantity }];
	const wanted = { items, payment: { token: "tok_ok" }, shippingAddress: address, ...more };
	const { status, body } = await ask("POST", "/orders", wanted, it_.alice, { prefer: "wait=10" });
	expect(status).toBe(201);
	return body;
};
const stands = (id: number, expected: object) =>
	eventually(async () => expect((await ask("GET", `/orders/${id}`)).body).toMatchObject(expected));
const review = (id: number) =>
	eventually(async () => {
		const path = `/tasks?kind=review&about=order/${id}`;
		const { body } = await ask<{ items: { id: number; status: string }[] }>("GET", path, undefined, it_.staff);
		expect(body.items).toHaveLength(1);
		return body.items[0]!;
	});

describe("an order that is held for a person", () => {
	it("waits through a restart with nothing taken for it, and is CONFIRMED when somebody has looked at it", async () => {
		const before = await available(it_, productId);
		const held = await Promise.all(FLOWS.map(flow => place(6, { flow })));
		for (const order of held) {
			expect(order).toMatchObject({ status: "HELD", heldFor: ["REVIEW"], heldUntil: expect.any(String) });
			const told: string[] = [];
			for await (const { event } of it_.client.follow(`/orders/${order.id}/stream`, it_.alice)) told.push(event);
			expect(told).toEqual(["order.created", "order.held"]);
		}
		await Promise.all(held.map(({ id }) => review(id)));
		await it_.souk.kill();
		await it_.souk.start();
		expect(await available(it_, productId)).toBe(before);
		const { body } = await ask<{ items: Order[] }>("GET", "/orders?status=HELD&limit=100");
		expect(body.items.map(({ id }) => id)).toEqual(expect.arrayContaining(held.map(({ id }) => id)));
		for (const { id } of held) {
			const done = await ask("POST", `/tasks/${(await review(id)).id}/complete`, undefined, it_.staff);
			expect(done.status).toBe(200);
		}
		for (const { id } of held) {
			await stands(id, { status: "CONFIRMED", paymentId: expect.any(Number), shipmentId: expect.any(Number) });
			expect(await review(id)).toMatchObject({ status: "DONE" });
		}
		expect(await available(it_, productId)).toBe(before - 12);
		await eventually(async () => {
			const { body } = await ask<{ items: { kind: string; text: string; channel: string }[] }>(
				"GET",
				"/notifications?limit=100"
			);
			for (const { id } of held) {
				const mails = body.items.filter(({ text, channel }) => channel === "email" && text.includes(` order ${id} `));
				expect(mails.map(({ kind }) => kind).sort()).toEqual(["order.confirmed", "order.held"]);
			}
		});
	});

	it.each(FLOWS)("goes on with another address, %s", async flow => {
		const order = await place(1, { flow, shippingAddress: { ...address, country: "ZZ" } });
		expect(order).toMatchObject({ status: "HELD", heldFor: ["ADDRESS"] });
		const path = `/orders/${order.id}`;
		const { headers } = await ask("GET", path);
		const to = (body: object, token = it_.alice, etag = headers.get("etag")!) =>
			ask("PUT", `${path}/address`, body, token, { "if-match": etag });
		expect((await to({ ...address, country: "ZZ" })).body).toMatchObject({
			status: 422,
			code: "ADDRESS_NOT_SHIPPABLE"
		});
		expect((await to(address, it_.bob)).status).toBe(403);
		expect((await to(address, it_.alice, '"1"')).status).toBe(412);
		expect((await to(address)).body).toMatchObject({ status: "PENDING", shippingAddress: address });
		await stands(order.id, { status: "CONFIRMED" });
		expect((await to({ ...address, city: "Metz" })).body).toMatchObject({ status: 409, code: "ORDER_NOT_HELD" });
		await eventually(async () => expect(await review(order.id)).toMatchObject({ status: "CANCELLED" }));
	});

	it.each(FLOWS)("goes on when the staff releases it, and is over when the customer cancels it, %s", async flow => {
		const [one, other] = [await place(6, { flow }), await place(6, { flow })];
		const release = (id: number, token: string) => ask("POST", `/orders/${id}/release`, undefined, token);
		expect((await release(one.id, it_.alice)).status).toBe(403);
		expect((await release(one.id, it_.staff)).body).toMatchObject({ status: "PENDING" });
		await stands(one.id, { status: "CONFIRMED" });
		const cancelled = await ask("POST", `/orders/${other.id}/cancel`);
		expect(cancelled.body).toMatchObject({ status: "CANCELLED", reason: "CUSTOMER" });
		await eventually(async () => expect(await review(other.id)).toMatchObject({ status: "CANCELLED" }));
		expect((await release(other.id, it_.staff)).body).toMatchObject({ status: 409, code: "ORDER_NOT_HELD" });
	});
});
