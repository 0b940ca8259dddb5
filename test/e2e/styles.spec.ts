import { readdirSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { available, order, product, town, type Order, type Town } from "./support.ts";

const nowhere = { name: "A", street: "B", city: "C", postalCode: "1", country: "ZZ" };

interface Branch {
	branch: string;
	wanted: object;
	status: string;
	reason?: string;
	payment?: string;
}

const branches: Branch[] = [
	{ branch: "all goes well", wanted: {}, status: "CONFIRMED", payment: "CAPTURED" },
	{
		branch: "the card is declined",
		wanted: { payment: { token: "tok_declined" } },
		status: "CANCELLED",
		reason: "PAYMENT_DECLINED"
	},
	{
		branch: "nobody ships there",
		wanted: { shippingAddress: nowhere },
		status: "CANCELLED",
		reason: "SHIPPING_FAILED"
	},
	{
		branch: "the provider's answer is lost",
		wanted: { payment: { token: "tok_lost_answer" } },
		status: "CONFIRMED",
		payment: "CAPTURED"
	},
	{ branch: "the capture is declined", wanted: { payment: { token: "tok_capture_declined" } }, status: "CANCELLED" },
	{
		branch: "the provider is slow",
		wanted: { payment: { token: "tok_slow" } },
		status: "CONFIRMED",
		payment: "CAPTURED"
	},
	{
		branch: "the provider's webhook comes late",
		wanted: { payment: { token: "tok_late_webhook" } },
		status: "CONFIRMED",
		payment: "CAPTURED"
	}
];

describe("an order in both styles", () => {
	let it_: Town;
	beforeAll(async () => {
		it_ = await town({ PROVIDER_SLOW_MS: "300" });
	});
	afterAll(() => it_.souk.close());

	const eventsOf = async ({ id }: Order) => {
		const path = `/admin/events?subject=order/${id}&limit=100`;
		const { body } = await it_.client.ask<{ items: { type: string }[] }>(path, { token: it_.admin });
		return body.items.map(({ type }) => type).sort();
	};

	// checklist: 85, 86, 91, 92, 98, 100, 101
	it.each(branches)("ends the same when $branch", async ({ wanted, status, reason, payment }) => {
		const orders: Order[] = [];
		for (const flow of ["orchestrated", "choreographed"]) {
			const productId = await product(it_, 5);
			const now = await order(it_, { items: [{ productId, quantity: 2 }], ...wanted, flow });
			expect(now).toMatchObject({ status, ...(reason && { reason }) });
			expect(await available(it_, productId)).toBe(status === "CONFIRMED" ? 3 : 5);
			if (payment) {
				const { body } = await it_.client.ask(`/payments/${now.paymentId}`, { token: it_.alice });
				expect(body).toMatchObject({ state: payment, amount: 2_000, orderId: now.id });
				const shipment = await it_.client.ask(`/shipments/${now.shipmentId}`, { token: it_.alice });
				expect(shipment.body).toMatchObject({ orderId: now.id, status: "CREATED" });
			}
			orders.push(now);
		}
		// Several services speak under the order's subject; the audit log hears each of them a moment later.
		await eventually(async () => {
			const [conducted, chained] = await Promise.all(orders.map(eventsOf));
			expect(conducted).toContain(status === "CONFIRMED" ? "order.confirmed" : "order.cancelled");
			// In the chain this is also how the news of a capture that failed travels on; the saga has nothing left to void.
			const same = (told: string[]) =>
				told.filter(type => !(told.includes("payment.capture_failed") && type === "payment.voided"));
			expect(same(chained!)).toEqual(same(conducted!));
		});
	});

	// checklist: 89, 99
	it("cancels what is out of stock, and leaves the shelf alone", async () => {
		for (const flow of ["orchestrated", "choreographed"]) {
			const productId = await product(it_, 1);
			const now = await order(it_, { items: [{ productId, quantity: 2 }], flow });
			expect(now).toMatchObject({ status: "CANCELLED", reason: "OUT_OF_STOCK" });
			expect(await available(it_, productId)).toBe(1);
		}
	});

	// checklist: 3, 63, 64, 65, 68
	it("tells the customer once by mail and once by SMS", async () => {
		const { id } = await order(it_, {});
		const mine = async () => {
			const { body } = await it_.client.ask<{ items: { text: string; status: string; id: number; channel: string }[] }>(
				"/notifications?limit=100",
				{
					token: it_.alice
				}
			);
			return body.items.filter(({ text }) => text.toLowerCase().includes(`order ${id} `));
		};
		const [message] = await eventually(async () => {
			const messages = (await mine()).sort((one, other) => one.id - other.id);
			expect(messages).toMatchObject([
				{ status: "SENT", channel: "email" },
				{ status: "SENT", channel: "sms", text: expect.stringMatching(/^Order \d+ confirmed/) as string }
			]);
			return messages;
		});
		const mails = readdirSync(join(it_.souk.dataDir, "mailbox")).filter(name => name.startsWith(`${message!.id}-`));
		expect(mails).toEqual([`${message!.id}-order.confirmed.eml`]);
	});

	it("shows its steps as they happen, until it is settled", async () => {
		const { body } = await it_.client.ask<Order>("/orders", {
			method: "POST",
			token: it_.alice,
			key: "watched-order",
			body: { items: [{ productId: 101, quantity: 1 }], payment: { token: "tok_ok" }, flow: "orchestrated" }
		});
		const seen: string[] = [];
		for await (const { event, data } of it_.client.follow(`/orders/${body.id}/stream`, it_.alice))
			seen.push(event === "step" ? String(data.step) : event);
		expect(seen[0]).toBe("order.created");
		expect(seen).toEqual(
			expect.arrayContaining(["inventory.reserve", "payments.authorize", "payments.capture", "order.confirmed"])
		);
	});
});
