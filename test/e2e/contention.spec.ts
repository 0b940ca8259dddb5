import { eventually } from "../support/eventually.ts";
import { available, order, product, town, type Order, type Town } from "./support.ts";

describe("many at once", () => {
	let it_: Town;
	beforeAll(async () => {
		it_ = await town({ PROVIDER_SLOW_MS: "30000" });
	});
	afterAll(() => it_.souk.close());

	// checklist: 2
	it.each(["orchestrated", "choreographed"])("sells 10 units to exactly 10 of 30 buyers, %s", async flow => {
		const productId = await product(it_, 10);
		const wanted = { items: [{ productId, quantity: 1 }], flow };
		const ended = await Promise.all(Array.from({ length: 30 }, () => order(it_, wanted)));
		const count = (status: string) => ended.filter(each => each.status === status).length;
		expect([count("CONFIRMED"), count("CANCELLED")]).toEqual([10, 20]);
		expect(ended.filter(({ reason }) => reason === "OUT_OF_STOCK")).toHaveLength(20);
		expect(await available(it_, productId)).toBe(0);
	});

	it.each(["orchestrated", "choreographed"])("makes one order of 100 parallel sends of one key, %s", async flow => {
		const productId = await product(it_, 100);
		const send = () =>
			it_.client.ask<Order>("/orders", {
				method: "POST",
				token: it_.bob,
				key: `one-key-${flow}`,
				body: { items: [{ productId, quantity: 3 }], payment: { token: "tok_ok" }, flow }
			});
		const answers = await Promise.all(Array.from({ length: 100 }, send));
		expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
		expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
		expect(answers.filter(({ headers }) => headers.get("idempotency-replayed") === "true")).toHaveLength(99);
		const { id } = answers[0]!.body;
		const ended = await order(
			it_,
			{ items: [{ productId, quantity: 3 }], flow },
			{ token: it_.bob, key: `one-key-${flow}` }
		);
		expect(ended).toMatchObject({ id, status: "CONFIRMED" });
		expect(await available(it_, productId)).toBe(97);
		const { body: mine } = await it_.client.ask<{ items: Order[] }>("/orders?limit=100", { token: it_.bob });
		expect(mine.items.filter(({ paymentId }) => paymentId === ended.paymentId)).toHaveLength(1);
	});

	// checklist: 126
	it("lets nobody who asks about users wait for fifty orders that are slow", async () => {
		let answered = 0;
		const slow = Array.from({ length: 50 }, async () => {
			const wanted = { payment: { token: "tok_slow" } };
			// Whether it still comes when the process is gone does not matter here.
			await order(it_, wanted).then(
				() => answered++,
				() => undefined
			);
		});
		await eventually(async () => {
			const { body } = await it_.client.ask<{ items: Order[] }>("/orders?status=PENDING&limit=100", {
				token: it_.alice
			});
			expect(body.items).toHaveLength(slow.length);
		});
		for (let n = 0; n < 20; n++)
			expect((await it_.client.ask(`/users/${1 + (n % 2)}`, { token: it_.staff })).status).toBe(200);
		expect(answered).toBe(0);
	});

	it("refuses the key for another order", async () => {
		await order(it_, {}, { key: "used-before" });
		const { status, body } = await it_.client.ask("/orders", {
			method: "POST",
			token: it_.alice,
			key: "used-before",
			body: { items: [{ productId: 102, quantity: 1 }], payment: { token: "tok_ok" } }
		});
		expect([status, body.code]).toEqual([422, "IDEMPOTENCY_KEY_REUSED"]);
	});
});
