import type { Words } from "../words.ts";

const REASONS = new Map([
	["OUT_OF_STOCK", "something in it is out of stock"],
	["PAYMENT_DECLINED", "the payment was declined"],
	["INSPECTION", "the goods did not pass our inspection"],
	["REFUND_TOO_LARGE", "its price was refunded before"],
	["SHIPPING_FAILED", "we do not deliver to its address"],
	["CUSTOMER", "you asked us to"],
	["EXPIRED", "it took longer than we could keep the goods for you"],
	["HOLD_EXPIRED", "what it was waiting for did not come in time"]
]);
// Reasons that are only ours are not spelled out.
const why = (reason: string): string => REASONS.get(reason) ?? "we could not complete it";

/** What somebody has to do about an order that waits. */
const HOLDS = {
	REVIEW: "we look at it once more before we carry it out; you need not do anything",
	ADDRESS: "we do not deliver to its address; please give us another one, or cancel it"
};
const waits = (heldFor: readonly (keyof typeof HOLDS)[]): string => heldFor.map(hold => HOLDS[hold]).join("; ");

/** English. */
export const en: Words = {
	language: "en",
	greeting: name => `Hello ${name},`,
	letters: {
		"user.created": () => ({
			subject: "Welcome to Souk",
			blocks: ["Your account is open. We are glad that you are here."],
			short: "Welcome to Souk: your account is open."
		}),
		"order.held": ({ orderId, heldFor }) => ({
			subject: "Order On Hold",
			blocks: [`Your order ${orderId} is waiting: ${waits(heldFor)}. Nothing is charged for it meanwhile.`],
			short: `Order ${orderId} is waiting: ${waits(heldFor)}.`
		}),
		"order.confirmed": ({ orderId, items, total, currency }, money) => ({
			subject: "Order Confirmation",
			blocks: [
				`Your order ${orderId} is confirmed:`,
				{ rows: items.map(item => [`${item.quantity} × ${item.name}`, money(item.total, currency)] as const) },
				`Total: ${money(total, currency)}`
			],
			short: `Order ${orderId} confirmed: ${money(total, currency)}.`
		}),
		"order.cancelled": ({ orderId, reason }) => ({
			subject: "Order Cancelled",
			blocks: [`Your order ${orderId} is cancelled: ${why(reason)}. Whatever was paid for it is given back.`],
			short: `Order ${orderId} cancelled: ${why(reason)}.`
		}),
		"order.shipped": ({ orderId }) => ({
			subject: "Order Shipped",
			blocks: [`Your order ${orderId} is on its way.`],
			short: `Order ${orderId} is on its way.`
		}),
		"order.delivered": ({ orderId }) => ({
			subject: "Order Delivered",
			blocks: [`Your order ${orderId} was delivered.`],
			short: `Order ${orderId} was delivered.`
		}),
		"payment.refunded": ({ orderId, refunded, currency }, money) => ({
			subject: "Refund",
			blocks: [`We have refunded ${money(refunded, currency)} of your order ${orderId}.`],
			short: `Order ${orderId}: ${money(refunded, currency)} refunded.`
		}),
		"return.requested": ({ returnId, orderId, items, amount, currency }, money) => ({
			subject: "Return Requested",
			blocks: [
				`We expect these items of your order ${orderId} back (return ${returnId}):`,
				{ rows: items.map(item => [`${item.quantity} × ${item.name}`, money(item.total, currency)] as const) },
				`Once we have inspected them, we refund ${money(amount, currency)}.`
			],
			short: `Return ${returnId} of order ${orderId} requested: ${money(amount, currency)} once it is inspected.`
		}),
		"return.refused": ({ returnId, orderId, refusal }) => ({
			subject: "Return Refused",
			blocks: [`Your return ${returnId} of order ${orderId} does not take place: ${why(refusal)}.`],
			short: `Return ${returnId} of order ${orderId} does not take place: ${why(refusal)}.`
		}),
		"return.completed": ({ returnId, orderId, amount, currency }, money) => ({
			subject: "Return Completed",
			blocks: [
				`Your return ${returnId} of order ${orderId} is complete: ${money(amount, currency)} are on their way to you.`
			],
			short: `Return ${returnId} of order ${orderId} complete: ${money(amount, currency)}.`
		}),
		"task.completed": ({ taskId, task: { title } }) => ({
			subject: "Task Completed",
			blocks: [`The task “${title}” (${taskId}) is done.`],
			short: `Task ${taskId} is done: ${title}`
		})
	},
	footer: { why: "You get this mail because you have an account at Souk.", stop: "Stop mail of this kind" },
	page: {
		title: "Messages from Souk",
		ask: (topic, channel) => `Shall we no longer tell you about ${topic} by ${channel}?`,
		button: "Stop these messages",
		done: (topic, channel) => `We will not tell you about ${topic} by ${channel} any more.`
	},
	topics: {
		account: "your account",
		orders: "your orders",
		payments: "your payments",
		shipments: "your shipments",
		tasks: "your tasks",
		messages: "our news"
	},
	channels: { email: "e-mail", sms: "SMS", webhook: "webhook" }
};
