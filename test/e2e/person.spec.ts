import { eventually } from "../support/eventually.ts";
import { order, type Order, town, type Town } from "./support.ts";

describe("a person", () => {
	let it_: Town;
	beforeAll(async () => {
		it_ = await town();
	});
	afterAll(() => it_.souk.close());

	// checklist: 15, 103
	it("takes along what is kept about them, and leaves nothing that names them", async () => {
		const { client } = it_;
		const account = { name: "Paula Leaving", email: "paula@souk.test", password: "long enough" };
		const { body: made } = await client.ask<{ userId: number }>("/auth/register", { method: "POST", body: account });
		const path = `/users/${made.userId}`;
		const token = await client.logIn(account.email, account.password);
		await client.ask(path, { method: "PUT", token, body: { phone: "+33123456789" } });
		const shippingAddress = {
			name: account.name,
			street: "Leaving Lane 1",
			city: "Lyon",
			postalCode: "69001",
			country: "FR"
		};
		const { id, shipmentId } = await order(it_, { shippingAddress }, { token });

		const exported = await client.ask<{ orders: Order[]; messages: object[] }>(`${path}/export`, { token });
		expect(exported.status).toBe(200);
		expect(exported.body).toMatchObject({
			user: { name: account.name, email: account.email, phone: "+33123456789" },
			orders: [{ id, shippingAddress }],
			payments: [{ orderId: id, state: "CAPTURED" }],
			shipments: [{ id: shipmentId, address: shippingAddress }],
			incomplete: []
		});
		expect((await client.ask(`${path}/export`, { token: it_.bob })).status).toBe(403);

		await client.ask(`/orders/${id}/cancel`, { method: "POST", token });
		await eventually(async () =>
			expect((await client.ask<Order>(`/orders/${id}`, { token })).body.status).toBe("CANCELLED")
		);
		expect((await client.ask(path, { method: "DELETE", token })).status).toBe(204);
		await eventually(async () => {
			const left = await Promise.all(
				[`/orders/${id}`, `/orders/${id}/history`, `/shipments/${shipmentId}`].map(
					async one => (await client.ask(one, { token: it_.staff })).body
				)
			);
			expect(left[0]).toMatchObject({ id, userId: made.userId, status: "CANCELLED", total: expect.any(Number) });
			expect(JSON.stringify(left)).not.toMatch(/Paula|Leaving/);
		});
		const log = await client.ask(`/admin/audit?limit=100`, { token: it_.admin });
		expect(JSON.stringify(log.body)).not.toMatch(/Paula|paula@|Leaving/);
	});
});
