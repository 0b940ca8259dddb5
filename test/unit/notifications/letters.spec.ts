import fc from "fast-check";
import { escaped } from "../../../services/notifications/blocks.ts";
import { aboutOf, letterFrom, letterOf } from "../../../services/notifications/letters.ts";
import { money } from "../../../services/notifications/money.ts";
import { type Facts, type Told, wordsIn } from "../../../services/notifications/words.ts";

const order = { orderId: 12, userId: 1, total: 2_599, currency: "EUR" };
const items = [
	{ productId: 101, name: "Product A", quantity: 2, unitPrice: 1_000, total: 2_000 },
	{ productId: 102, name: "Product B", quantity: 1, unitPrice: 599, total: 599 }
];
const refund = { paymentId: 5, orderId: 12, userId: 1, amount: 2_599, refunded: 599, currency: "EUR", reason: "r" };
const goods = { returnId: 3, orderId: 12, userId: 1, items: [items[0]!], amount: 2_000, currency: "EUR" };
const facts: Facts = {
	"user.created": { userId: 1, name: "Eve", email: "e@x.test", roles: [] },
	"order.held": { ...order, heldFor: ["REVIEW", "ADDRESS"], heldUntil: "2026-01-16T03:04:05.678Z" },
	"order.confirmed": { ...order, items },
	"order.cancelled": { ...order, reason: "PAYMENT_DECLINED" },
	"order.shipped": { ...order, shipmentId: 3 },
	"order.delivered": { ...order, shipmentId: 3 },
	"payment.refunded": refund,
	"return.requested": goods,
	"return.refused": { ...goods, refusal: "INSPECTION" },
	"return.completed": goods,
	"task.completed": {
		taskId: 7,
		task: {
			id: 7,
			title: "Pack order 12",
			description: "",
			status: "DONE",
			priority: "NORMAL",
			labels: [],
			checklist: [],
			createdAt: "2026-01-02T03:04:05.678Z",
			updatedAt: "2026-01-02T03:04:05.678Z",
			version: 2
		}
	}
};
const kinds = Object.keys(facts) as Told[];
const write = <Type extends Told>(type: Type, language = "en", name = "Alice", about: Facts[Type] = facts[type]) =>
	letterOf(type, about, { name, language });

describe("a letter", () => {
	// checklist: 63, 64
	it("says that an order is confirmed, and what is in it", () => {
		expect(write("order.confirmed")).toMatchObject({
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
			].join("\n"),
			short: "Order 12 confirmed: EUR 25.99."
		});
	});

	it("says what an order waits for, and what somebody has to do about it", () => {
		const waiting = { ...facts["order.held"], heldFor: ["ADDRESS"] as ["ADDRESS"] };
		const { subject, text } = write("order.held", "en", "Alice", waiting);
		expect(subject).toBe("Order On Hold");
		expect(text).toContain("we do not deliver to its address; please give us another one, or cancel it.");
		expect(text).not.toContain("we look at it");
		for (const language of ["en", "de", "fr"])
			expect(write("order.held", language).text.match(/[;:] /g)!.length).toBe(4);
	});

	it("says why an order is cancelled", () => {
		const { subject, text } = write("order.cancelled");
		expect(subject).toBe("Order Cancelled");
		expect(text).toContain("Your order 12 is cancelled: the payment was declined.");
	});

	it("says what is to come back, and what for", () => {
		expect(write("return.requested")).toMatchObject({
			subject: "Return Requested",
			text: [
				"Hello Alice,",
				"",
				"We expect these items of your order 12 back (return 3):",
				"",
				"2 × Product A: EUR 20.00",
				"",
				"Once we have inspected them, we refund EUR 20.00."
			].join("\n")
		});
	});

	it.each([
		["INSPECTION", "the goods did not pass our inspection"],
		["REFUND_TOO_LARGE", "its price was refunded before"],
		["CUSTOMER", "you asked us to"],
		["STAFF", "we could not complete it"]
	])("says why nothing comes back: %s", (refusal, because) => {
		const { short } = write("return.refused", "en", "Alice", { ...goods, refusal });
		expect(short).toBe(`Return 3 of order 12 does not take place: ${because}.`);
	});

	it.each([
		["order.shipped", "Order Shipped", "Your order 12 is on its way."],
		["order.delivered", "Order Delivered", "Your order 12 was delivered."],
		["payment.refunded", "Refund", "We have refunded EUR 5.99 of your order 12."],
		[
			"return.completed",
			"Return Completed",
			"Your return 3 of order 12 is complete: EUR 20.00 are on their way to you."
		],
		["user.created", "Welcome to Souk", "Your account is open. We are glad that you are here."],
		["task.completed", "Task Completed", "The task “Pack order 12” (7) is done."]
	] as const)("tells of %s", (type, subject, sentence) => {
		expect(write(type, "en", "Bob")).toMatchObject({ subject, text: `Hello Bob,\n\n${sentence}` });
	});

	it.each(kinds)("of %s is written in English, German and French, each in words of its own", type => {
		const letters = ["en", "de", "fr"].map(language => write(type, language));
		for (const part of ["subject", "text", "html", "short"] as const)
			expect(new Set(letters.map(letter => letter[part])).size).toBe(3);
		const subjects = kinds.map(kind => write(kind, "fr").subject);
		expect(new Set(subjects).size).toBe(kinds.length);
	});

	it("has amounts as they are read in its language", () => {
		expect(write("payment.refunded", "de").text).toContain("5,99 EUR");
		expect(write("payment.refunded", "fr").short).toBe("Commande 12 : 5,99 EUR remboursés.");
	});

	it("is written in the language of a region, and in English where nobody has translated", () => {
		expect(write("order.shipped", "fr-CA")).toEqual(write("order.shipped", "fr"));
		expect(write("order.shipped", "ja")).toEqual(write("order.shipped", "en"));
	});

	it.each(kinds)("of %s says as HTML what it says as text", type => {
		const { text, html } = write(type);
		const words = (said: string) => said.match(/[\p{L}\p{N}]+/gu);
		expect(words(html.replace(/<[^>]*>/g, " "))).toEqual(words(text));
	});

	it("leaves what people typed as they typed it", () => {
		fc.assert(
			fc.property(fc.string({ unit: "binary" }), name => {
				expect(write("order.shipped", "en", name).text).toBe(`Hello ${name},\n\nYour order 12 is on its way.`);
			})
		);
	});

	it("has no tag in its HTML but its own, whatever people typed", () => {
		const evil = `<script>alert(1)</script>"'><img src=x onerror=y>&`;
		const { html } = write("order.confirmed", "en", evil, {
			...order,
			items: [{ ...items[0]!, name: evil }]
		});
		expect(html.match(/<\/?[a-z]+/g)).toEqual(
			write("order.confirmed", "en", "A", { ...order, items: [items[0]!] }).html.match(/<\/?[a-z]+/g)
		);
		expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&gt;&lt;img src=x onerror=y&gt;&amp;");
		expect(letterFrom("s", "<b>\nx\n\ny").html).toBe("<p>&lt;b&gt;<br>x</p>\n<p>y</p>");
	});

	it("escapes every character that HTML knows, in any text", () => {
		fc.assert(fc.property(fc.string(), text => !/[<>"']/.test(escaped(text))));
	});
});

describe("a reason to cancel", () => {
	const why = (reason: string, language: string) => write("order.cancelled", language, "A", { ...order, reason }).short;

	it.each(["OUT_OF_STOCK", "PAYMENT_DECLINED", "SHIPPING_FAILED", "CUSTOMER", "EXPIRED"])("%s has words", reason => {
		for (const language of ["en", "de", "fr"]) {
			expect(why(reason, language)).not.toBe(why("SOMETHING_ELSE", language));
			expect(why(reason, language)).not.toMatch(/[A-Z]{3}/);
		}
	});

	it("that is only ours stays ours", () => {
		expect(why("SHIPMENT_CANCELLED", "en")).toBe("Order 12 cancelled: we could not complete it.");
		expect(why("constructor", "en")).toBe("Order 12 cancelled: we could not complete it.");
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
		expect(money(minor, currency, "en")).toBe(said);
	});

	it("reads otherwise elsewhere", () => {
		expect(money(123_456, "EUR", "de")).toBe("1.234,56 EUR");
		expect(money(123_456, "EUR", "fr")).toBe("1 234,56 EUR");
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

describe("words", () => {
	it("name every kind of thing and every channel in every language", () => {
		for (const language of ["en", "de", "fr"]) {
			const { topics, channels, page } = wordsIn(language);
			for (const topic of Object.values(topics))
				for (const channel of Object.values(channels)) expect(page.ask(topic, channel)).toContain(topic);
		}
	});
});
