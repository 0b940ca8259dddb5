import { z } from "zod";
import type { Ctx } from "../../broker/context.ts";
import { contract } from "../../broker/contract.ts";
import { readEnv } from "../../broker/env.ts";
import { brokerOptions } from "../../moleculer.config.ts";
import { as, node, stub, type TestNode } from "../support/node.ts";

const nothing = z.strictObject({});
const spec = { summary: "", params: nothing, result: z.unknown(), access: "public" } as const;
const patient = contract("patient", { ask: spec });
const silent = contract("silent", { answer: spec });

describe("a call that nobody set a time for", () => {
	let souk: TestNode;
	let late: PromiseWithResolvers<null>;
	const asked: number[] = [];
	beforeEach(async () => {
		late = Promise.withResolvers();
		const ask = (_: never, ctx: Ctx) => ctx.call("silent.answer" as never, {} as never);
		const answer = (_: never, ctx: Ctx) => {
			asked.push((ctx as unknown as { options: { timeout: number } }).options.timeout);
			return late.promise;
		};
		souk = await node([stub(patient, { ask }), stub(silent, { answer })], {
			patience: brokerOptions(readEnv({})).requestTimeout!
		});
		jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate", "queueMicrotask"] });
	});
	afterEach(async () => {
		jest.useRealTimers();
		late.resolve(null);
		await souk.close();
	});

	// checklist: 9, 121
	it("is given up after five seconds, wherever in a chain of calls it was made", async () => {
		let ended: unknown;
		const call = as(souk, "anonymous")("patient.ask" as never, {} as never).catch((error: unknown) => {
			ended = error;
		});
		await jest.advanceTimersByTimeAsync(4_990);
		expect(ended).toBeUndefined();
		await jest.advanceTimersByTimeAsync(20);
		await call;
		expect(ended).toMatchObject({ type: "REQUEST_TIMEOUT", code: 504 });
		expect(asked[0]).toBeLessThanOrEqual(5_000);
	});
});
