import type { Service } from "moleculer";
import { ServiceBroker } from "moleculer";
import { serviceContext, SoukContext, type Ctx } from "../../../broker/context.ts";
import { eventually } from "../../support/eventually.ts";

const broker = new ServiceBroker({ logger: false, ContextFactory: SoukContext as never });

function context(over: { identity?: object; headers?: object; timeout?: number; startHrTime?: [number, number] } = {}) {
	const options = { headers: over.headers ?? {}, ...(over.timeout && { timeout: over.timeout }) };
	const ctx = SoukContext.create(broker, null as never, {}, options as never) as unknown as SoukContext & Ctx;
	if (over.identity) ctx.locals.identity = over.identity;
	if (over.startHrTime) ctx.startHrTime = over.startHrTime;
	return ctx;
}
const user = (roles = ["customer"]) => ({ identity: { kind: "user", userId: 5, roles } });

describe("who is behind a call", () => {
	it("is a service of this process when nobody said", () => {
		expect(context().identity).toEqual({ kind: "service", name: "local" });
	});

	it("is whoever is behind the call that it was made from", () => {
		const parentCtx = context(user());
		const child = SoukContext.create(broker, null as never, {}, { parentCtx } as never) as unknown as SoukContext;
		const grandchild = SoukContext.create(broker, null as never, {}, {
			parentCtx: child
		} as never) as unknown as SoukContext;
		expect(grandchild.identity).toBe(parentCtx.identity);
	});

	it("cannot be changed by meta", () => {
		const parentCtx = context(user());
		parentCtx.meta = { identity: { kind: "service" }, user: { roles: ["admin"] } } as never;
		expect(parentCtx.is("admin")).toBe(false);
		expect(parentCtx.userId()).toBe(5);
	});

	it("may be asked by role; a service may do all", () => {
		expect(context(user(["staff"])).is("staff", "admin")).toBe(true);
		expect(context(user()).is("staff", "admin")).toBe(false);
		expect(context({ identity: { kind: "anonymous" } }).is("customer")).toBe(false);
		expect(context().is("admin")).toBe(true);
	});

	it("has an id only when it is a user", () => {
		expect(() => context().userId()).toThrow("You may not do this");
		expect(() => context({ identity: { kind: "anonymous" } }).userId()).toThrow("You may not do this");
	});
});

describe("ownership", () => {
	it("is the user's own, a privileged role's and a service's", () => {
		expect(() => context(user()).assertOwner(5)).not.toThrow();
		expect(() => context(user()).assertOwner(6)).toThrow("You may not do this");
		expect(() => context({ identity: { kind: "anonymous" } }).assertOwner(6)).toThrow("You may not do this");
		expect(() => context().assertOwner(6)).not.toThrow();
		const staff = context(user(["staff"]));
		expect(() => staff.assertOwner(6)).toThrow("You may not do this");
		staff.locals.privileged = ["staff"];
		expect(() => staff.assertOwner(6)).not.toThrow();
	});
});

describe("the origin of a unit of work", () => {
	it("has a deadline that is counted from when the call began", async () => {
		const ctx = context({ timeout: 1_000, startHrTime: process.hrtime() });
		const began = Date.now();
		await eventually(() => expect(Date.now()).toBeGreaterThan(began + 60));
		const { deadline } = ctx.origin;
		expect(Math.abs(deadline! - (began + 1_000))).toBeLessThan(30);
		expect(context().origin.deadline).toBeUndefined();
	});

	it("is one and the same for all units of a call, and tells what caused them", () => {
		const ctx = context({ headers: { traceparent: "00-a-b-01" } });
		ctx.requestID = "request-9";
		expect(ctx.origin).toBe(ctx.origin);
		expect(ctx.origin).toMatchObject({ correlationId: "request-9", causationId: ctx.id, traceparent: "00-a-b-01" });
	});

	it("inherits the trace of the call it was made from", () => {
		const parentCtx = context({ headers: { traceparent: "00-a-b-01" } });
		const child = SoukContext.create(broker, null as never, {}, { parentCtx } as never) as unknown as SoukContext;
		expect(child.origin.traceparent).toBe("00-a-b-01");
	});
});

it("what the client asked for stands in headers", () => {
	expect(context({ headers: { "if-match": "3" } }).ifMatch).toBe(3);
	expect(context().ifMatch).toBeUndefined();
});

it("a service calls on its own behalf, within the request that it works for", () => {
	const ctx = serviceContext({ name: "orders", broker } as Service, "request-3", "00-a-b-01") as unknown as SoukContext;
	expect(ctx.identity).toEqual({ kind: "service", name: "orders" });
	expect(Object.isFrozen(ctx.identity)).toBe(true);
	expect([ctx.requestID, ctx.traceparent]).toEqual(["request-3", "00-a-b-01"]);
});
