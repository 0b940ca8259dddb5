import { z } from "zod";
import { contract, events, type ActionsOf, type EventsOf } from "../../broker/contract.ts";
import { VersionConflict } from "../../broker/errors.ts";
import { ById, Id, Line, PageQuery, pageOf, Time } from "../../broker/schemas.ts";
import { Channel, Notification, Topic } from "../notifications/notifications.contract.ts";
import { Order, Return } from "../orders/orders.contract.ts";
import { Payment } from "../payments/payments.contract.ts";
import { Shipment } from "../shipping/shipping.contract.ts";
import { Task } from "../tasks/tasks.contract.ts";
import {
	AccountLocked,
	EmailTaken,
	InvalidCredentials,
	RefreshTokenInvalid,
	RefreshTokenReused,
	UserNotFound
} from "./users.errors.ts";

export const Role = z.enum(["customer", "staff", "admin"]);
const Roles = z.array(Role).min(1).max(3);
const Email = z.email().max(254);
const Phone = z.string().regex(/^\+[1-9]\d{6,14}$/, "is + and 7 to 15 digits (E.164)");
const Password = z.string().min(8).max(256);
const Language = z.string().regex(/^[a-z]{2}(-[A-Z]{2})?$/, "is a language as in en or en-GB");
/** Any text: what no account could have is answered like what is merely wrong. */
const Typed = z.string().min(1).max(256);
const RefreshToken = z.string().min(1).max(256);

export const User = z
	.strictObject({
		id: Id,
		name: z.string(),
		email: z.string(),
		phone: Phone.optional(),
		roles: z.array(Role),
		createdAt: Time,
		updatedAt: Time,
		version: z.int().positive()
	})
	.meta({ id: "User" });
export type User = z.output<typeof User>;

export const Tokens = z
	.strictObject({
		accessToken: z.string(),
		refreshToken: z.string(),
		tokenType: z.literal("Bearer"),
		expiresIn: z.int().positive().describe("Seconds for which the access token is good")
	})
	.meta({ id: "Tokens" });
export type Tokens = z.output<typeof Tokens>;

const channels = z.strictObject({ email: z.boolean(), sms: z.boolean(), webhook: z.boolean() });
const by = z
	.array(Channel)
	.max(Channel.options.length)
	.refine(list => new Set(list).size === list.length, "names a channel twice");
const kinds = z.strictObject({ account: by, orders: by, payments: by, shipments: by, tasks: by, messages: by });
const Webhook = z.url({ protocol: /^https$/ }).max(500);

export const Preferences = z
	.strictObject({
		language: Language,
		channels: channels.describe("whether a channel is used at all"),
		kinds: kinds.describe("by which channels to tell of what; of what has none, nothing is told"),
		webhook: Webhook.optional().describe("where messages are posted to; without one, none are")
	})
	.meta({ id: "Preferences" });
export type Preferences = z.output<typeof Preferences>;

const Login = z.strictObject({ at: Time, usedAt: Time.optional(), endedAt: Time.optional(), expiresAt: Time });
export type Login = z.output<typeof Login>;

const ExportedData = z
	.strictObject({
		exportedAt: Time,
		// As it is kept: the resource has fewer fields in the first version of the API.
		user: User.extend({}),
		preferences: Preferences,
		logins: z.array(Login),
		orders: z.array(Order),
		returns: z.array(Return),
		payments: z.array(Payment),
		shipments: z.array(Shipment),
		messages: z.array(Notification),
		tasks: z.array(Task),
		incomplete: z.array(z.string()).describe("kinds of which there are more, in their own lists")
	})
	.meta({ id: "ExportedData" });

const PublicKey = z.strictObject({
	kty: z.literal("OKP"),
	crv: z.literal("Ed25519"),
	x: z.string(),
	kid: z.string(),
	alg: z.literal("EdDSA"),
	use: z.literal("sig")
});

const person = { name: Line(100), email: Email };
const theUser = { roles: ["staff"], owner: true } as const;

export const users = contract("users", {
	register: {
		summary: "Opens an account for a customer",
		params: z.strictObject({ ...person, password: Password }),
		result: User,
		rest: "POST /auth/register",
		status: 201,
		access: "public",
		idempotencyKey: "optional",
		refuses: [EmailTaken]
	},
	login: {
		summary: "Trades e-mail and password for an access token and a refresh token",
		params: z.strictObject({ email: Typed, password: Typed }),
		result: Tokens,
		rest: "POST /auth/login",
		access: "public",
		refuses: [InvalidCredentials, AccountLocked]
	},
	refresh: {
		summary: "Trades a refresh token, which is good once, for new tokens",
		params: z.strictObject({ refreshToken: RefreshToken }),
		result: Tokens,
		rest: "POST /auth/refresh",
		access: "public",
		refuses: [RefreshTokenInvalid, RefreshTokenReused]
	},
	logout: {
		summary:
			"Ends the login that a refresh token belongs to, or every login of the caller; access tokens run out by themselves",
		params: z.strictObject({ refreshToken: RefreshToken.optional() }),
		result: z.null(),
		rest: "POST /auth/logout",
		status: 204,
		access: { roles: ["customer", "staff", "admin"] }
	},
	verify: {
		summary: "Whether an access token is good, and for whom; it does not ask whether the account still exists",
		params: z.strictObject({ token: z.string().min(1).max(8_192) }),
		result: z.strictObject({ valid: z.boolean(), userId: Id.optional(), roles: z.array(Role).optional() }),
		rest: "POST /auth/verify",
		access: "public"
	},
	jwks: {
		summary: "The public keys that access tokens are verified with (RFC 7517)",
		params: z.strictObject({}),
		result: z.strictObject({ keys: z.array(PublicKey) }),
		rest: "GET //.well-known/jwks.json",
		access: "public"
	},
	list: {
		summary: "Users, the oldest first; with `search`, those whose name or e-mail address has it",
		params: z.strictObject({ ...PageQuery, search: Line(100).optional(), role: Role.optional() }),
		result: pageOf(User),
		rest: "GET /users",
		access: { roles: ["staff"] }
	},
	create: {
		summary: "Opens an account with the given roles; an admin is always staff too",
		params: z.strictObject({
			...person,
			password: Password,
			phone: Phone.optional(),
			roles: Roles.default(["customer"])
		}),
		result: User,
		rest: "POST /users",
		status: 201,
		access: { roles: ["admin"] },
		idempotencyKey: "optional",
		refuses: [EmailTaken]
	},
	get: {
		summary: "One user",
		params: ById,
		result: User,
		rest: "GET /users/:id",
		access: theUser,
		refuses: [UserNotFound]
	},
	update: {
		summary:
			"Changes what is given of a user; roles only by an admin, another's staff account too; a phone of null is removed",
		params: ById.extend({
			name: person.name.optional(),
			email: Email.optional(),
			phone: Phone.nullable().optional(),
			roles: Roles.optional()
		}),
		result: User,
		rest: "PUT /users/:id",
		access: theUser,
		refuses: [UserNotFound, EmailTaken, VersionConflict]
	},
	remove: {
		summary: "Removes an account: what names a person is erased, every login ends, the id is never given again",
		params: ById,
		result: z.null(),
		rest: "DELETE /users/:id",
		status: 204,
		access: theUser,
		refuses: [UserNotFound, VersionConflict]
	},
	preferences: {
		summary: "In which language, by what and about what a user is written to",
		params: ById,
		result: Preferences,
		rest: "GET /users/:id/preferences",
		access: theUser,
		refuses: [UserNotFound]
	},
	setPreferences: {
		summary: "Changes what is given of a user's preferences; a webhook of null is removed",
		params: ById.extend({
			language: Language.optional(),
			channels: channels.partial().optional(),
			kinds: kinds.partial().optional(),
			webhook: Webhook.nullable().optional()
		}),
		result: Preferences,
		rest: "PUT /users/:id/preferences",
		access: theUser,
		refuses: [UserNotFound, VersionConflict]
	},
	export: {
		summary: "Everything that is kept about a user, wherever it is kept",
		params: ById,
		result: ExportedData,
		rest: "GET /users/:id/export",
		access: theUser,
		refuses: [UserNotFound]
	},
	mute: {
		summary: "Tells a user of one kind of thing no more by one channel; done already, it changes nothing",
		params: ById.extend({ kind: Topic, channel: Channel }),
		result: Preferences,
		access: "internal",
		refuses: [UserNotFound]
	},
	recipient: {
		summary: "How a user is reached, and how they wish to be told of what; refuses when there is no such user",
		params: ById,
		result: z.strictObject({
			id: Id,
			name: z.string(),
			email: z.string(),
			phone: Phone.optional(),
			preferences: Preferences
		}),
		access: "internal",
		refuses: [UserNotFound]
	},
	contact: {
		summary: "How a user is reached; refuses when there is no such user",
		params: ById,
		result: z.strictObject({
			id: Id,
			name: z.string(),
			email: z.string(),
			phone: Phone.optional(),
			language: Language
		}),
		access: "internal",
		refuses: [UserNotFound]
	}
});

const about = z.strictObject({ userId: Id, name: z.string(), email: z.string(), roles: z.array(Role) });

export const userEvents = events("user", {
	created: about,
	/** Also when only the preferences changed. */
	updated: about,
	/** With what was erased, for those who have a last word to say to the person. */
	deleted: about
});

declare module "../../broker/contract.ts" {
	interface Actions extends ActionsOf<typeof users> {}
	interface Events extends EventsOf<typeof userEvents> {}
}
