import { z } from "zod";
import { contract, events, type ActionsOf, type EventsOf } from "../../broker/contract.ts";
import { VersionConflict } from "../../broker/errors.ts";
import { ById, Id, Line, PageQuery, pageOf, Time } from "../../broker/schemas.ts";
import { NotificationNotFound, RecipientNotFound } from "./notifications.errors.ts";

/** What a message is about: the event that it tells of, or what a person of the staff wrote. */
export const Kind = z.enum([
	"user.created",
	"order.confirmed",
	"order.cancelled",
	"order.shipped",
	"order.delivered",
	"payment.refunded",
	"message"
]);
export const NotificationStatus = z.enum(["PENDING", "SENT", "FAILED"]);
const Channel = z.literal("email");

export const Notification = z
	.strictObject({
		id: Id,
		userId: Id,
		kind: Kind,
		channel: Channel,
		recipient: z.string().describe("the address it goes to"),
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

/** Text of several lines that a person typed. */
const Text = z
	.string()
	.trim()
	.min(1)
	.max(10_000)
	// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
	.regex(/^(?:[^\p{Cc}\p{Cs}]|[\n\r\t])*$/u, "has characters that are not text");

const owner = { roles: ["staff"], owner: true } as const;
const staff = { roles: ["staff"] } as const;

export const notifications = contract("notifications", {
	list: {
		summary: "A customer's own messages; for staff, everybody's",
		params: z.strictObject({ ...PageQuery, status: NotificationStatus.optional() }),
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
	create: {
		summary: "Writes a message to a user",
		params: z.strictObject({ userId: Id, subject: Line(), text: Text }),
		result: Notification,
		rest: "POST /notifications",
		status: 201,
		access: staff,
		idempotencyKey: "required",
		refuses: [RecipientNotFound]
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
	}
});

export const notificationEvents = events("notification", {
	sent: z.strictObject({ notificationId: Id, userId: Id, kind: Kind, channel: Channel })
});

declare module "../../broker/contract.ts" {
	interface Actions extends ActionsOf<typeof notifications> {}
	interface Events extends EventsOf<typeof notificationEvents> {}
}
