import type { Events } from "../../broker/contract.ts";
import type { SoukEvent } from "../../broker/event.ts";

/** The events that a customer is told of. */
export type Told =
	| "user.created"
	| "order.confirmed"
	| "order.cancelled"
	| "order.shipped"
	| "order.delivered"
	| "payment.refunded";

export interface Letter {
	subject: string;
	text: string;
}

/** What to write about each event, to whom by name. */
export const letters: { [Type in Told]: (facts: Events[Type], name: string) => Letter } = {
	"user.created": (_, name) => ({
		subject: "Welcome to Souk",
		text: text`
			Hello ${name},

			Your account is open. We are glad that you are here.
		`
	}),
	"order.confirmed": ({ orderId, items, total, currency }, name) => ({
		subject: "Order Confirmation",
		text: text`
			Hello ${name},

			Your order ${orderId} is confirmed:

			${items.map(item => `${item.quantity} × ${item.name}: ${money(item.total, currency)}`).join("\n")}

			Total: ${money(total, currency)}
		`
	}),
	"order.cancelled": ({ orderId, reason }, name) => ({
		subject: "Order Cancelled",
		text: text`
			Hello ${name},

			Your order ${orderId} is cancelled: ${inWords(reason)}. Whatever was paid for it is given back.
		`
	}),
	"order.shipped": ({ orderId }, name) => ({
		subject: "Order Shipped",
		text: text`
			Hello ${name},

			Your order ${orderId} is on its way.
		`
	}),
	"order.delivered": ({ orderId }, name) => ({
		subject: "Order Delivered",
		text: text`
			Hello ${name},

			Your order ${orderId} was delivered.
		`
	}),
	"payment.refunded": ({ orderId, refunded, currency }, name) => ({
		subject: "Refund",
		text: text`
			Hello ${name},

			We have refunded ${money(refunded, currency)} of your order ${orderId}.
		`
	})
};

/** What makes two events the same news. An order is refunded part by part, and each part is news of its own. */
export const aboutOf = ({ type, subject, id }: Pick<SoukEvent<Told>, "type" | "subject" | "id">): string =>
	type === "payment.refunded" ? `${subject} ${id}` : subject;

const formats = new Map<string, Intl.NumberFormat>();

/** An amount of minor units as people read it. */
export function money(minor: number, currency: string): string {
	let format = formats.get(currency);
	// Making one costs more than writing the rest of the letter.
	if (!format)
		formats.set(
			currency,
			(format = new Intl.NumberFormat("en", { style: "currency", currency, currencyDisplay: "code" }))
		);
	const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
	return format.format(minor / 10 ** digits).replace("\u00a0", " ");
}

const REASONS = new Map([
	["OUT_OF_STOCK", "something in it is out of stock"],
	["PAYMENT_DECLINED", "the payment was declined"],
	["SHIPPING_FAILED", "we do not deliver to its address"],
	["CUSTOMER", "you asked us to"],
	["EXPIRED", "it took longer than we could keep the goods for you"]
]);

/** Why an order was cancelled, said to the customer. Reasons that are only ours are not spelled out. */
export const inWords = (reason: string): string => REASONS.get(reason) ?? "we could not complete it";

/** A text as it is indented in the code: the margin of its first line is taken off all that is written there. */
function text(parts: TemplateStringsArray, ...values: (string | number)[]): string {
	const margin = /^\n(\t*)/.exec(parts[0]!)?.[1] ?? "";
	const plain = parts.map(part => part.replaceAll(`\n${margin}`, "\n"));
	return plain.reduce((before, part, index) => `${before}${values[index - 1]}${part}`).trim();
}
