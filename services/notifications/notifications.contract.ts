import { z } from "zod";
import { contract, events, type Actions, type ActionsOf, type EventsOf } from "../../broker/contract.ts";
import { VersionConflict } from "../../broker/errors.ts";
import { ById, Id, Line, PageQuery, pageOf, Time } from "../../broker/schemas.ts";
import {
	NotificationNotFound,
	RecipientNotFound,
	RecipientUnreachable,
	UnsubscribeLinkInvalid
} from "./notifications.errors.ts";

/** By what somebody is reached. */
export const Channel = z.enum(["email", "sms", "webhook"]);
export type Channel = z.output<typeof Channel>;
/** What somebody is told about. */
export const Topic = z.enum(["account", "orders", "payments", "shipments", "tasks", "messages"]);
export type Topic = z.output<typeof Topic>;
/** Somebody to be told, and how. */
export type Recipient = Actions["users.recipient"]["result"];

/** What a message is about: the event that it tells of, or what a person of the staff wrote. */
export const Kind = z.enum([
	"user.created",
	"order.held",
	"order.confirmed",
	"order.cancelled",
	"order.shipped",
	"order.delivered",
	"payment.refunded",
	"return.requested",
	"return.refused",
	"return.completed",
	"task.completed",
	"message"
]);
export const NotificationStatus = z.enum(["PENDING", "SENT", "FAILED"]);

export const Notification = z
	.strictObject({
		id: Id,
		userId: Id,
		kind: Kind,
		channel: Channel,
		recipient: z.string().describe("the address or number it goes to"),
		subject: z.string(),
		text: z.string(),
		status: NotificationStatus,
		sends: z.int().min(0).describe("how often it was sent"),
		error: z.string().optional().describe("why the last try failed; shown to staff"),
		createdAt: Time,
		sentAt: Time.optional(),
		version: z.int().positive()
	})
	.meta({ id: "Notification" });
export type Notification = z.output<typeof Notification>;

export const Outcome = z.enum(["TRYING", "SENT", "FAILED", "UNKNOWN"]);
export const Delivery = z
	.strictObject({
		number: z.int().positive(),
		via: z.string().describe("what took it, or did not: smtp, mailbox, log"),
		messageId: z.string().describe("the same for all tries of one sending: by it, a repeat is recognised"),
		startedAt: Time,
		endedAt: Time.optional(),
		outcome: Outcome.describe("UNKNOWN: it may have gone out, the answer never came"),
		error: z.string().optional()
	})
	.meta({ id: "Delivery" });
export type Delivery = z.output<typeof Delivery>;

/** A mail in the folder that stands in for a mail server. */
const FiledMail = z.strictObject({
	id: Id.describe("the message's"),
	file: z.string(),
	to: z.string(),
	subject: z.string(),
	at: Time,
	bytes: z.int().min(0)
});

/** Text of several lines that a person typed. */
const Text = z
	.string()
	.trim()
	.min(1)
	.max(10_000)
	// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
	.regex(/^(?:[^\p{Cc}\p{Cs}]|[\n\r\t])*$/u, "has characters that are not text");

/** What the link in a message says, and that we said it. */
const Token = z.strictObject({ token: z.string().max(200) });

const owner = { roles: ["staff"], owner: true } as const;
const staff = { roles: ["staff"] } as const;

export const notifications = contract("notifications", {
	list: {
		summary: "A customer's own messages; for staff, everybody's",
		params: z.strictObject({ ...PageQuery, status: NotificationStatus.optional(), channel: Channel.optional() }),
		result: pageOf(Notification),
		rest: "GET /notifications",
		access: { roles: ["customer", "staff"] }
	},
	listOfUser: {
		summary: "The messages to one user",
		params: ById.extend(PageQuery),
		result: pageOf(Notification),
		rest: "GET /users/:id/notifications",
		access: owner
	},
	get: {
		summary: "One message",
		params: ById,
		result: Notification,
		rest: "GET /notifications/:id",
		access: owner,
		refuses: [NotificationNotFound]
	},
	deliveries: {
		summary: "Every try to send a message, the newest first",
		params: ById.extend(PageQuery),
		result: pageOf(Delivery),
		rest: "GET /notifications/:id/deliveries",
		access: staff,
		refuses: [NotificationNotFound]
	},
	create: {
		summary: "Writes a message to a user, by a channel that reaches them and that they have not stopped",
		params: z.strictObject({ userId: Id, channel: Channel.default("email"), subject: Line(), text: Text }),
		result: Notification,
		rest: "POST /notifications",
		status: 201,
		access: staff,
		idempotencyKey: "required",
		refuses: [RecipientNotFound, RecipientUnreachable]
	},
	send: {
		summary: "Sends a message again; one that waits or has failed is tried at once",
		params: ById,
		result: Notification,
		rest: "POST /notifications/:id/send",
		status: 202,
		access: staff,
		idempotencyKey: "optional",
		refuses: [NotificationNotFound, VersionConflict]
	},
	remove: {
		summary: "Removes a message; one that was not sent yet is not sent any more",
		params: ById,
		result: z.null(),
		rest: "DELETE /notifications/:id",
		status: 204,
		access: owner,
		refuses: [NotificationNotFound, VersionConflict]
	},
	unsubscribePage: {
		summary: "Asks whoever followed the link in a message whether such messages shall stop",
		params: Token,
		result: z.string(),
		rest: "GET //unsubscribe/:token",
		page: true,
		access: "public",
		refuses: [UnsubscribeLinkInvalid]
	},
	unsubscribe: {
		summary: "Stops the messages of one kind on one channel; a mail program may do it in one click (RFC 8058)",
		params: Token,
		result: z.string(),
		rest: "POST //unsubscribe/:token",
		page: true,
		access: "public",
		refuses: [UnsubscribeLinkInvalid]
	},
	mailbox: {
		summary: "The mails in the folder that stands in for a mail server, the newest first",
		params: z.strictObject(PageQuery),
		result: pageOf(FiledMail),
		rest: "GET /admin/mailbox",
		access: { roles: ["admin"] }
	}
});

export const notificationEvents = events("notification", {
	sent: z.strictObject({ notificationId: Id, userId: Id, kind: Kind, channel: Channel })
});

declare module "../../broker/contract.ts" {
	interface Actions extends ActionsOf<typeof notifications> {}
	interface Events extends EventsOf<typeof notificationEvents> {}
}
