import { z } from "zod";
import { contract, type ActionsOf } from "../../broker/contract.ts";
import { Id, PageQuery, pageOf, TextId } from "../../broker/schemas.ts";

/** An event as it was heard: what happened, to what, where and because of which request. */
export const AuditedEvent = z
	.strictObject({
		seq: Id.describe("its place in the log"),
		eventId: z.string(),
		at: z.string(),
		type: z.string(),
		subject: z.string(),
		source: z.string(),
		version: z.int().optional().describe("the version that the subject reached with it"),
		correlationId: z.string().describe("the request that started it all"),
		causationId: z.string().optional().describe("the event or request that led to it"),
		traceparent: z.string().optional(),
		data: z.unknown()
	})
	.meta({ id: "AuditedEvent" });
export type AuditedEvent = z.output<typeof AuditedEvent>;

const Hash = z.string().describe("SHA-256, in hexadecimal");

/** The same as a link of the chain: `hash` is that of `prevHash` followed by the rest as canonical JSON (RFC 8785). */
export const AuditEntry = AuditedEvent.extend({ prevHash: Hash, hash: Hash }).meta({ id: "AuditEntry" });
export type AuditEntry = z.output<typeof AuditEntry>;

const Search = z.strictObject({
	...PageQuery,
	type: z.string().max(100).optional(),
	subject: z.string().max(200).optional(),
	correlationId: z.string().max(200).optional()
});
const Wanted = z.strictObject({
	type: Search.shape.type,
	topic: z.string().max(100).optional().describe("all types of one entity, as in order.events"),
	subject: Search.shape.subject,
	after: z.coerce
		.number<number | string>()
		.int()
		.min(0)
		.optional()
		.describe("a place in the log, whose followers are sent first; without it only what is new is sent")
});
export type Wanted = z.output<typeof Wanted>;
const admin = { roles: ["admin"] } as const;

export const audit = contract("audit", {
	events: {
		summary: "Every event of every service, the newest first",
		params: Search,
		result: pageOf(AuditedEvent),
		rest: "GET /admin/events",
		access: admin
	},
	stream: {
		summary:
			"Events as they are written to the log, as server-sent events; it ends now and then, and goes on after Last-Event-ID",
		params: Wanted,
		result: z.unknown(),
		rest: "GET /admin/events/stream",
		stream: true,
		untraced: true,
		access: admin
	},
	list: {
		summary: "Every event with the hashes that chain them",
		params: Search,
		result: pageOf(AuditEntry),
		rest: "GET /admin/audit",
		access: admin
	},
	verify: {
		summary:
			"Whether the log is as it was written; a long one is walked in several calls, each from the last one's `next`",
		params: z.strictObject({ from: TextId.default(1) }),
		result: z.strictObject({
			ok: z.boolean(),
			entries: z.int().min(0).describe("how many were found to be whole"),
			brokenAt: Id.optional().describe("the first entry that is missing or not what was written"),
			next: Id.optional().describe("where to go on: time was up before the end")
		}),
		rest: "GET /admin/audit/verify",
		access: admin
	}
});

declare module "../../broker/contract.ts" {
	interface Actions extends ActionsOf<typeof audit> {}
}
