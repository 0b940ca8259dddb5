import type { Message } from "../../../services/notifications/outlet.ts";

/** A message on its way to Alice. */
export const message: Message = {
	key: "12-order.confirmed",
	messageId: "0190-1@souk.test",
	userId: 1,
	kind: "order.confirmed",
	to: { name: "Alice", address: "alice@souk.test" },
	language: "en",
	subject: "Order Confirmation",
	text: "Hello Alice,\n\nYour order 12 is confirmed.",
	html: "<p>Hello Alice,</p>\n<p>Your order 12 is confirmed.</p>",
	at: "2026-01-02T03:04:05.678Z"
};
