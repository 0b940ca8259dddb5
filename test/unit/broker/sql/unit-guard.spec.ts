import type { Service } from "moleculer";
import { contract, type ActionsOf } from "../../../../broker/contract.ts";
import { part, serve, service, type Handler } from "../../../../broker/service.ts";
import { store as storeMixin, type StoreService } from "../../../../mixins/store.mixin.ts";
import { z } from "zod";
import { node, type TestNode } from "../../../support/node.ts";
import { eventually } from "../../../support/eventually.ts";

const Nothing = z.strictObject({});
const action = (summary: string) => ({ summary, params: Nothing, result: z.unknown(), access: "internal" as const });
const guarded = contract("guarded", {
	ping: action("Answers"),
	callInside: action("Calls inside a unit"),
	nestInside: action("Begins a unit inside a unit"),
	readInside: action("Reads beside its unit"),
	callAfter: action("Calls after the commit")
});
declare module "../../../../broker/contract.ts" {
	interface Actions extends ActionsOf<typeof guarded> {}
}

type Guarded = StoreService & { after: unknown[] };
const callInside: Handler<"guarded.callInside", Guarded> = function (ctx) {
	return this.store.transact(ctx, () => ctx.call("guarded.ping", {}));
};
const nestInside: Handler<"guarded.nestInside", Guarded> = function (ctx) {
	return this.store.transact(ctx, () => this.store.transact(ctx, () => Promise.resolve("never")));
};
const readInside: Handler<"guarded.readInside", Guarded> = function (ctx) {
	return this.store.transact(ctx, () => this.store.get("SELECT 1"));
};
const callAfter: Handler<"guarded.callAfter", Guarded> = function (ctx) {
	return this.store.transact(ctx, async unit => {
		unit.afterCommit(() => {
			const call = () => ctx.call("guarded.ping", {});
			const write = () => this.store.transact(ctx, inner => inner.get("SELECT 'written' AS word"));
			const note = (what: unknown) => this.after.push(what);
			void call().then(note, note);
			void write().then(note, note);
		});
	});
};

const guardedService = service<Guarded>({
	name: "guarded",
	mixins: [
		storeMixin(),
		part<Service & { after: unknown[] }>({
			created() {
				this.after = [];
			}
		})
	],
	actions: serve(guarded, {
		ping: () => Promise.resolve("pong"),
		callInside,
		nestInside,
		readInside,
		callAfter
	})
});

let spec: TestNode;
beforeAll(async () => {
	spec = await node([guardedService]);
});
afterAll(() => spec.close());

describe("inside a unit of work", () => {
	// checklist: 102
	it("a call to a service is refused", async () => {
		await expect(spec.call("guarded.callInside", {})).rejects.toThrow(
			"A call to guarded.ping inside the unit of work of guarded.callInside"
		);
	});

	it("a second unit is refused", async () => {
		await expect(spec.call("guarded.nestInside", {})).rejects.toThrow("A unit of work inside the unit of work");
	});

	it("a read beside it is refused: it would not see what the unit wrote", async () => {
		await expect(spec.call("guarded.readInside", {})).rejects.toThrow("A read beside it inside the unit of work");
	});
});

describe("outside of it", () => {
	it("calls work, also while others of the process are inside theirs", async () => {
		const answers = await Promise.allSettled(
			Array.from({ length: 50 }, (_, n) => spec.call(n % 2 ? "guarded.ping" : "guarded.callInside", {}))
		);
		expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(25);
	});

	it("a hook after the commit may call services and begin units", async () => {
		const { after } = spec.broker.getLocalService("guarded") as Guarded;
		await Promise.all([spec.call("guarded.callAfter", {}), spec.call("guarded.callAfter", {})]);
		await eventually(() => expect(after).toHaveLength(4));
		expect(after).toEqual(expect.arrayContaining(["pong", { word: "written" }]));
		expect(after.filter(what => what instanceof Error)).toEqual([]);
	});
});
