import { createRemoteJWKSet, jwtVerify } from "jose";
import { eventually } from "../support/eventually.ts";
import { available, order, product, settled, town, type Order, type Town } from "./support.ts";

describe("what happens to an order afterwards", () => {
	let it_: Town;
	beforeAll(async () => {
		it_ = await town();
	});
	afterAll(() => it_.souk.close());

	const status = async (id: number) => (await it_.client.ask<Order>(`/orders/${id}`, { token: it_.alice })).body;
	const post = (path: string, token: string) => it_.client.ask<Order>(path, { method: "POST", token });

	it("is taken back with money and goods when the customer cancels", async () => {
		const productId = await product(it_, 4);
		const { id, paymentId } = await order(it_, { items: [{ productId, quantity: 4 }] });
		expect(await available(it_, productId)).toBe(0);
		expect((await post(`/orders/${id}/cancel`, it_.alice)).status).toBe(202);
		await eventually(async () => expect(await status(id)).toMatchObject({ status: "CANCELLED", reason: "CUSTOMER" }));
		expect(await available(it_, productId)).toBe(4);
		const { body } = await it_.client.ask(`/payments/${paymentId}`, { token: it_.alice });
		expect(body).toMatchObject({ state: "REFUNDED", refunded: 4_000 });
	});

	it("goes out, arrives, and cannot be cancelled then", async () => {
		const { id, shipmentId } = await order(it_, {});
		await eventually(async () => expect((await post(`/shipments/${shipmentId}/dispatch`, it_.staff)).status).toBe(200));
		await eventually(async () => expect(await status(id)).toMatchObject({ status: "SHIPPED" }));
		const refused = await post(`/orders/${id}/cancel`, it_.alice);
		expect([refused.status, (refused.body as { code?: string }).code]).toEqual([409, "ORDER_NOT_CANCELLABLE"]);
		expect((await post(`/shipments/${shipmentId}/deliver`, it_.staff)).status).toBe(200);
		await eventually(async () => expect(await status(id)).toMatchObject({ status: "DELIVERED" }));
	});

	// checklist: 245
	it("can be seen as it was", async () => {
		const { id } = await order(it_, {});
		const { body } = await it_.client.ask<{ events: { at: string }[] }>(`/orders/${id}/history`, { token: it_.alice });
		const then = await it_.client.ask<Order>(`/orders/${id}?at=${body.events[0]!.at}`, { token: it_.alice });
		expect(then.body).toMatchObject({ status: "PENDING", version: 1 });
	});

	// checklist: 37, 45, 74
	it("is nobody else's business, but the staff's", async () => {
		const { id } = await order(it_, {});
		expect((await it_.client.ask(`/orders/${id}`, { token: it_.bob })).status).toBe(403);
		expect((await it_.client.ask(`/users/1/orders`, { token: it_.bob })).status).toBe(403);
		expect((await it_.client.ask(`/orders/${id}`, { token: it_.staff })).status).toBe(200);
		expect((await it_.client.ask(`/orders/${id}`)).status).toBe(401);
		const listed = await it_.client.ask<{ items: Order[] }>(`/users/1/orders?limit=1`, { token: it_.alice });
		expect(listed.body.items).toMatchObject([{ id }]);
		expect((await it_.client.ask("/admin/sagas", { token: it_.alice })).status).toBe(403);
	});

	// checklist: 1, 27, 39, 133
	it("is not accepted from a user who is gone", async () => {
		const account = { name: "Gone Soon", email: "gone@souk.test", password: "long enough" };
		const made = await it_.client.ask<{ userId: number }>("/auth/register", { method: "POST", body: account });
		expect(made.status).toBe(201);
		const token = await it_.client.logIn(account.email, account.password);
		expect((await it_.client.ask(`/users/${made.body.userId}`, { method: "DELETE", token })).status).toBe(204);
		const refused = await it_.client.ask("/orders", {
			method: "POST",
			token,
			key: "from-nobody",
			body: { items: [{ productId: 101, quantity: 1 }], payment: { token: "tok_ok" } }
		});
		expect([refused.status, refused.body.code, refused.body.detail]).toEqual([404, "USER_NOT_FOUND", "User not found"]);
	});

	it("is listed in pages that link to the next", async () => {
		for (let n = 0; n < 3; n++) await order(it_, {});
		const first = await it_.client.ask<{ items: Order[]; next: number }>("/orders?limit=2", { token: it_.alice });
		expect(first.body.items).toHaveLength(2);
		expect(first.headers.get("link")).toContain('rel="next"');
		const second = await it_.client.ask<{ items: Order[] }>(`/orders?limit=2&after=${first.body.next}`, {
			token: it_.alice
		});
		expect(second.body.items[0]!.id).toBeLessThan(first.body.items[1]!.id);
	});

	it("is in an audit log whose chain is whole", async () => {
		const { id } = await order(it_, {});
		await settled(it_.client, id, it_.alice);
		const { body } = await it_.client.ask("/admin/audit/verify", { token: it_.admin });
		expect(body).toMatchObject({ ok: true });
		const letters = await it_.client.ask<{ items: unknown[] }>("/admin/dead-letters", { token: it_.admin });
		expect(letters.body.items).toEqual([]);
	});

	// checklist: 12
	it("was ordered with a token that anyone can check by the key set", async () => {
		const keys = createRemoteJWKSet(new URL(`${it_.souk.url}/.well-known/jwks.json`));
		const { payload } = await jwtVerify(it_.alice, keys, { issuer: "souk", audience: "souk" });
		expect(payload).toMatchObject({ sub: "1", roles: ["customer"] });
	});
});
