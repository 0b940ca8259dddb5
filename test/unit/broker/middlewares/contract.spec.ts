// checklist: 74
import { z } from "zod";
import type { Ctx } from "../../../../broker/context.ts";
import { contract, type Access, type ActionsOf } from "../../../../broker/contract.ts";
import { Id, TextId } from "../../../../broker/schemas.ts";
import { serve, service } from "../../../../broker/service.ts";
import { store, type StoreService } from "../../../../mixins/store.mixin.ts";
import { as, node, type TestNode } from "../../../support/node.ts";

const OWNER = 7;
const Owned = z.strictObject({ id: TextId.default(OWNER) });
const done = z.strictObject({ by: z.string() });
const open = (access: Access, more: object = {}) =>
	({ summary: "Does it", params: Owned, result: done, access, ...more }) as const;

const doors = contract("doors", {
	everyone: open("public"),
	services: open("internal"),
	staff: open({ roles: ["staff"] }),
	owner: open({ roles: ["staff"], owner: true }),
	signedIn: open({ roles: ["customer", "staff"] }),
	forgetful: open({ roles: ["staff"], owner: true }),
	liar: open("public"),
	add: {
		summary: "Adds a parcel",
		params: z.strictObject({
			size: z.int().max(10),
			lines: z.array(z.strictObject({ "a/b~c": Id })).default([]),
			note: z.string().optional()
		}),
		result: z.strictObject({ size: z.int(), lines: z.int(), run: z.int() }),
		access: "public",
		idempotencyKey: "required"
	},
	take: {
		summary: "Takes a parcel of one's own",
		params: Owned,
		result: done,
		access: { roles: ["staff"], owner: true },
		idempotencyKey: "optional"
	}
});
declare module "../../../../broker/contract.ts" {
	interface Actions extends ActionsOf<typeof doors> {}
}

const answer = (ctx: Ctx) => Promise.resolve({ by: ctx.identity.kind });
let runs = 0;
const doorsService = service<StoreService>({
	name: "doors",
	mixins: [store()],
	actions: serve(doors, {
		everyone: answer,
		services: answer,
		staff: answer,
		signedIn: answer,
		owner: ctx => {
			ctx.assertOwner(ctx.params.id);
			return answer(ctx);
		},
		forgetful: answer,
		liar: () => Promise.resolve({ by: 1 } as never),
		add(this: StoreService, ctx) {
			const { size, lines } = ctx.params;
			return this.store.transact(ctx, () => Promise.resolve({ size, lines: lines.length, run: ++runs }));
		},
		take(this: StoreService, ctx) {
			return this.store.transact(ctx, () => {
				ctx.assertOwner(ctx.params.id);
				return answer(ctx);
			});
		}
	})
});

/** A service through which a user's call passes on its way to another action. */
function through(name: string) {
	const params = z.strictObject({ action: z.string() });
	const passing = contract(name, { pass: { summary: "Passes on", params, result: z.unknown(), access: "public" } });
	const pass = (ctx: Ctx<{ action: "doors.staff" }>) => ctx.call(ctx.params.action, {});
	return service({ name, actions: serve(passing, { pass } as never) });
}

let spec: TestNode;
beforeAll(async () => {
	spec = await node([doorsService, through("api"), through("shop")]);
});
afterAll(() => spec.close());

const callers = {
	anonymous: () => as(spec, "anonymous"),
	customer: () => as(spec, { userId: 9 }),
	owner: () => as(spec, { userId: OWNER }),
	staff: () => as(spec, { userId: 2, roles: ["staff"] }),
	service: () => spec.call
};
const codeOf = (call: Promise<unknown>) =>
	call.then(
		() => "ok",
		(error: { type?: string; message: string }) => error.type ?? error.message
	);

describe("who may call", () => {
	const matrix: Record<string, Record<keyof typeof callers, string>> = {
		everyone: { anonymous: "ok", customer: "ok", owner: "ok", staff: "ok", service: "ok" },
		services: {
			anonymous: "FORBIDDEN",
			customer: "FORBIDDEN",
			owner: "FORBIDDEN",
			staff: "FORBIDDEN",
			service: "ok"
		},
		staff: { anonymous: "NO_TOKEN", customer: "FORBIDDEN", owner: "FORBIDDEN", staff: "ok", service: "ok" },
		signedIn: { anonymous: "NO_TOKEN", customer: "ok", owner: "ok", staff: "ok", service: "ok" },
		owner: { anonymous: "NO_TOKEN", customer: "FORBIDDEN", owner: "ok", staff: "ok", service: "ok" }
	};
	it.each(
		Object.entries(matrix).flatMap(([verb, verdicts]) =>
			Object.entries(verdicts).map(([who, verdict]) => [verb, who, verdict] as const)
		)
	)("%s by %s: %s", async (verb, who, verdict) => {
		const call = callers[who as keyof typeof callers]();
		expect(await codeOf(call(`doors.${verb}` as "doors.owner", {}))).toBe(verdict);
	});

	it("an internal action answers a service that acts for a user, but not the gateway", async () => {
		const customer = as(spec, { userId: 9 });
		const pass = (name: string) => codeOf(customer(`${name}.pass` as never, { action: "doors.services" } as never));
		expect(await pass("shop")).toBe("ok");
		expect(await pass("api")).toBe("FORBIDDEN");
	});

	it("a service that acts for a user may do what that user may, no more", async () => {
		const customer = as(spec, { userId: 9 });
		expect(await codeOf(customer("shop.pass" as never, { action: "doors.staff" } as never))).toBe("FORBIDDEN");
	});

	it("a handler that forgets to ask whose the resource is, is a fault, and its answer stays inside", async () => {
		await expect(callers.owner()("doors.forgetful", {})).rejects.toThrow("never asked whose the resource is");
		await expect(callers.staff()("doors.forgetful", {})).rejects.toThrow("never asked whose the resource is");
		expect(await codeOf(spec.call("doors.forgetful", {}))).toBe("ok");
	});
});

describe("parameters", () => {
	const flawsOf = (params: object) =>
		spec.call("doors.add", params as never).then(
			() => [],
			(error: { type: string; code: number; data: { errors: object[] } }) => {
				expect(error).toMatchObject({ type: "VALIDATION_FAILED", code: 400 });
				return error.data.errors;
			}
		);

	it("that are wrong are all named, by JSON pointer and with the reason", async () => {
		expect(await flawsOf({ size: 11, lines: [{ "a/b~c": 1 }, { "a/b~c": 0 }] })).toEqual([
			{ pointer: "/size", detail: "Too big: expected number to be <=10" },
			{ pointer: "/lines/1/a~1b~0c", detail: "Too small: expected number to be >0" }
		]);
	});

	it("that nobody asked for are refused, at every depth", async () => {
		expect(await flawsOf({ size: 1, role: "admin", lines: [{ "a/b~c": 1, extra: 1 }] })).toEqual(
			expect.arrayContaining([
				{ pointer: "/role", detail: "is not part of this request" },
				{ pointer: "/lines/0/extra", detail: "is not part of this request" }
			])
		);
	});

	it("are not converted in a body, and missing ones are named", async () => {
		expect(await flawsOf({ size: "1" })).toEqual([
			{ pointer: "/size", detail: expect.stringContaining("expected number") }
		]);
		expect(await flawsOf({})).toEqual([{ pointer: "/size", detail: expect.stringContaining("expected number") }]);
		expect((await flawsOf({ size: 2 ** 53 })).length).toBeGreaterThan(0);
	});

	it("reach the handler with their defaults", async () => {
		expect(await spec.call("doors.add", { size: 1 })).toMatchObject({ size: 1, lines: 0 });
	});
});

describe("a result", () => {
	it("that breaks its contract is a fault outside production", async () => {
		await expect(spec.call("doors.liar", {})).rejects.toThrow("doors.liar answered what its contract does not promise");
	});

	it("is not checked where that is switched off", async () => {
		const fast = await node([doorsService], { env: { CHECK_RESULTS: "off" } });
		expect(await fast.call("doors.liar", {})).toEqual({ by: 1 });
		await fast.close();
	});
});

describe("an idempotency key", () => {
	const key = (value: string) => ({ "idempotency-key": value });

	it("is required of clients where the contract says so, and not of services", async () => {
		expect(await codeOf(callers.customer()("doors.add", { size: 1 }))).toBe("IDEMPOTENCY_KEY_MISSING");
		expect(await codeOf(spec.call("doors.add", { size: 1 }))).toBe("ok");
	});

	it("answers a repeat from the record and says so; the body counts as sent, whatever the order of its keys", async () => {
		const customer = as(spec, { userId: 9 }, key("key-00000001"));
		const first = await customer("doors.add", { size: 1, note: "n" });
		const ctx = spec.broker.ContextFactory.create(spec.broker);
		ctx.locals.identity = { kind: "user", userId: 9, roles: ["customer"] };
		const again = await ctx.call("doors.add", { note: "n", size: 1, lines: [] }, { headers: key("key-00000001") });
		expect(again).toEqual(first);
		expect(ctx.meta).toMatchObject({ $responseHeaders: { "Idempotency-Replayed": "true" } });
	});

	it("is refused for another body, and free for another user or action", async () => {
		const customer = as(spec, { userId: 9 }, key("key-00000002"));
		const first = await customer("doors.add", { size: 2 });
		expect(await codeOf(customer("doors.add", { size: 3 }))).toBe("IDEMPOTENCY_KEY_REUSED");
		const other = await as(spec, { userId: 10 }, key("key-00000002"))("doors.add", { size: 2 });
		expect(other.run).toBeGreaterThan(first.run);
		const own = as(spec, { userId: OWNER }, key("key-00000002"));
		expect(await codeOf(own("doors.take", {}))).toBe("ok");
	});

	it("replays an owner's action too, though nobody asks again whose the resource is", async () => {
		const own = as(spec, { userId: OWNER }, key("key-00000003"));
		const first = await own("doors.take", {});
		expect(await own("doors.take", {})).toEqual(first);
		expect(await codeOf(as(spec, { userId: 9 }, key("key-00000003"))("doors.take", {}))).toBe("FORBIDDEN");
	});

	it("belongs to the service that sent it", async () => {
		const send = (name: string) => {
			const ctx = spec.broker.ContextFactory.create(spec.broker);
			ctx.locals.identity = { kind: "service", name };
			return ctx.call("doors.add", { size: 4 }, { headers: key("1:doors.add:forward") }) as Promise<{ run: number }>;
		};
		const [orders, returns, again] = [await send("orders"), await send("returns"), await send("orders")];
		expect(returns.run).not.toBe(orders.run);
		expect(again).toEqual(orders);
	});
});

it("an action without a contract does not start", async () => {
	const rogue = { name: "rogue", actions: { open: { handler: () => "anything" } } } as never;
	await expect(node([rogue])).rejects.toThrow("rogue.open has no contract");
});

it("a service answers its contract", async () => {
	const described = (await spec.call("doors.contract" as never, {} as never)) as { name: string; access: Access }[];
	expect(described.map(({ name }) => name)).toEqual(Object.keys(doors.actions).map(verb => `doors.${verb}`));
	expect(described.find(({ name }) => name === "doors.add")).toMatchObject({
		access: "public",
		status: 200,
		idempotencyKey: "required",
		params: { type: "object", additionalProperties: false, required: ["size"] }
	});
});
