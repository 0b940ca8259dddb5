import fc from "fast-check";
import { aboutOf, inWords, letters, money } from "../../../services/notifications/letters.ts";

const order = { orderId: 12, userId: 1, total: 2_599, currency: "EUR" };
const items = [
	{ productId: 101, name: "Product A", quantity: 2, unitPrice: 1_000, total: 2_000 },
	{ productId: 102, name: "Product B", quantity: 1, unitPrice: 599, total: 599 }
];

describe("a letter", () => {
	// checklist: 63
	it("says that an order is confirmed, and what is in it", () => {
		expect(letters["order.confirmed"]({ ...order, items }, "Alice")).toEqual({
			subject: "Order Confirmation",
			text: [
				"Hello Alice,",
				"",
				"Your order 12 is confirmed:",
				"",
				"2 × Product A: EUR 20.00",
				"1 × Product B: EUR 5.99",
				"",
				"Total: EUR 25.99"
			].join("\n")
		});
	});

	it("says why an order is cancelled", () => {
		const { subject, text } = letters["order.cancelled"]({ ...order, reason: "PAYMENT_DECLINED" }, "Bob");
		expect(subject).toBe("Order Cancelled");
		expect(text).toContain("Your order 12 is cancelled: the payment was declined.");
	});

	it.each([
		["order.shipped", "Order Shipped", "Your order 12 is on its way."],
		["order.delivered", "Order Delivered", "Your order 12 was delivered."]
	] as const)("tells of %s", (type, subject, sentence) => {
		const letter = letters[type]({ ...order, shipmentId: 3 }, "Bob");
		expect(letter.subject).toBe(subject);
		expect(letter.text).toBe(`Hello Bob,\n\n${sentence}`);
	});

	it("says what was refunded, not what was paid", () => {
		const refund = { paymentId: 5, orderId: 12, userId: 1, amount: 2_599, refunded: 599, currency: "EUR", reason: "r" };
		expect(letters["payment.refunded"](refund, "Bob")).toEqual({
			subject: "Refund",
			text: "Hello Bob,\n\nWe have refunded EUR 5.99 of your order 12."
		});
	});

	it("welcomes a new user", () => {
		const { subject, text } = letters["user.created"]({ userId: 1, name: "Eve", email: "e@x.test", roles: [] }, "Eve");
		expect(subject).toBe("Welcome to Souk");
		expect(text).toMatch(/^Hello Eve,\n\nYour account is open\./);
	});

	it("leaves what people typed as they typed it", () => {
		fc.assert(
			fc.property(fc.string({ unit: "binary" }), name => {
				const { text } = letters["order.shipped"]({ ...order, shipmentId: 3 }, name);
				expect(text).toBe(`Hello ${name},\n\nYour order 12 is on its way.`);
			})
		);
	});
});

describe("a reason to cancel", () => {
	it.each(["OUT_OF_STOCK", "PAYMENT_DECLINED", "SHIPPING_FAILED", "CUSTOMER", "EXPIRED"])("%s has words", reason => {
		expect(inWords(reason)).not.toBe(inWords("SOMETHING_ELSE"));
		expect(inWords(reason)).toMatch(/^[a-z ]+$/);
	});

	it("that is only ours stays ours", () => {
		expect(inWords("SHIPMENT_CANCELLED")).toBe("we could not complete it");
		expect(inWords("constructor")).toBe("we could not complete it");
	});
});

describe("money", () => {
	it.each([
		[2_599, "EUR", "EUR 25.99"],
		[5, "USD", "USD 0.05"],
		[1_500, "JPY", "JPY 1,500"],
		[1_234, "KWD", "KWD 1.234"],
		[1_000_000_000_000, "EUR", "EUR 10,000,000,000.00"]
	])("%d of %s reads %s", (minor, currency, said) => {
		expect(money(minor, currency)).toBe(said);
	});
});

describe("what a message is about", () => {
	it("is the order, however many events tell the same of it", () => {
		const one = aboutOf({ type: "order.confirmed", subject: "order/12", id: "a" });
		expect(aboutOf({ type: "order.confirmed", subject: "order/12", id: "b" })).toBe(one);
	});

	it("is each refund of an order by itself", () => {
		const one = aboutOf({ type: "payment.refunded", subject: "order/12", id: "a" });
		expect(aboutOf({ type: "payment.refunded", subject: "order/12", id: "b" })).not.toBe(one);
	});
});
