import { z } from "zod";
import { contract, type ActionsOf } from "../../broker/contract.ts";
import { DeadLetter, DeadLetterFailedAgain, DeadLetterNotFound } from "../../broker/dead-letters.ts";

const admin = { roles: ["admin"] } as const;
const ById = z.strictObject({ id: z.string().regex(/^[a-z][a-z0-9]{0,39}-\d{1,15}$/, "is like orders-12") });
const Resolved = z.strictObject({ id: z.string(), status: DeadLetter.shape.status });

const Registered = z.strictObject({
	name: z.string(),
	routes: z.array(z.string()).describe("A method and a path, as in GET /orders/:id"),
	instances: z.array(
		z.strictObject({
			node: z.string(),
			host: z.string(),
			health: z.string().optional().describe("Where that process tells how it does")
		})
	)
});

export const api = contract("api", {
	services: {
		summary: "Every service that was met: what it answers to, and the processes that answer now",
		params: z.strictObject({}),
		result: z.strictObject({ items: z.array(Registered) }),
		rest: "GET /admin/services",
		access: admin
	},
	deadLetters: {
		summary:
			"Events that services could not handle and those that wait behind them, or those of one status; newest first",
		params: z.strictObject({
			status: DeadLetter.shape.status.optional(),
			limit: z.coerce.number<number | string>().int().min(1).max(100).default(50)
		}),
		result: z.strictObject({
			items: z.array(DeadLetter),
			degraded: z.array(z.string()).optional().describe("Services that could not be asked")
		}),
		rest: "GET /admin/dead-letters",
		access: admin
	},
	retryDeadLetter: {
		summary: "Has an event handled again, with other data if it is given some, and then those that waited behind it",
		params: ById.extend({ data: z.record(z.string(), z.unknown()).optional() }),
		result: Resolved,
		rest: "POST /admin/dead-letters/:id/retry",
		access: admin,
		refuses: [DeadLetterNotFound, DeadLetterFailedAgain]
	},
	discardDeadLetter: {
		summary: "Gives an event up, and lets those that waited behind it go on",
		params: ById,
		result: Resolved,
		rest: "POST /admin/dead-letters/:id/discard",
		access: admin,
		refuses: [DeadLetterNotFound]
	}
});

declare module "../../broker/contract.ts" {
	interface Actions extends ActionsOf<typeof api> {}
}
