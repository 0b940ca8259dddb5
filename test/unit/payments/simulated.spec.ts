import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { Logger } from "../../../broker/service.ts";
import { SqliteDatabase } from "../../../broker/sql/sqlite-database.ts";
import { insideUnit } from "../../../broker/sql/unit-guard.ts";
import { isSigned } from "../../../services/payments/signature.ts";
import { type ProviderRecord, ProviderTimeout } from "../../../services/payments/providers/provider.ts";
import { ProviderKeyReused, SimulatedProvider } from "../../../services/payments/providers/simulated.ts";
import { eventually } from "../../support/eventually.ts";

const SECRET = "a secret of some length";
const warnings: unknown[] = [];
const logger = { warn: (...words: unknown[]) => void warnings.push(words) } as unknown as Logger;

let dataDir: string;
let provider: SimulatedProvider;
let sent: { raw: string; signature: string }[];
let refuses: number;

async function open(): Promise<SimulatedProvider> {
	const notify = (raw: string, signature: string) => {
		sent.push({ raw, signature });
		return refuses-- > 0 ? Promise.reject(new Error("503")) : Promise.resolve();
	};
	return SimulatedProvider.open({ dataDir, secret: SECRET, notify, slowMs: 300, logger });
}

const authorize = (order: number, token: string, amount = 2500) =>
	provider.authorize({ key: `order-${order}:authorize`, amount, currency: "EUR", token });
const follow = (order: number, verb: string) => ({ key: `order-${order}:${verb}`, of: `order-${order}:authorize` });
const find = (order: number) => provider.find(`order-${order}:authorize`);

beforeEach(async () => {
	dataDir = mkdtempSync(join(tmpdir(), "souk-provider-"));
	sent = [];
	warnings.length = 0;
	refuses = 0;
	provider = await open();
});
afterEach(async () => {
	await provider.close();
	rmSync(dataDir, { recursive: true, force: true });
});

describe("the simulated provider", () => {
	it("authorizes, captures and gives back", async () => {
		expect(await authorize(1, "tok_ok")).toEqual({ state: "authorized", ref: "sim_1" });
		expect(await provider.capture(follow(1, "capture"))).toEqual({ state: "captured", ref: "sim_capture_1" });
		const refund = { ...follow(1, "refund:1"), amount: 1000 };
		expect(await provider.refund(refund)).toEqual({ state: "refunded", ref: "sim_refund_order-1:refund:1" });
		expect(await find(1)).toEqual({
			key: "order-1:authorize",
			ref: "sim_1",
			state: "captured",
			amount: 2500,
			captured: 2500,
			refunded: 1000
		});
	});

	it("answers the same to the same key, and does it once", async () => {
		for (let time = 0; time < 3; time++) {
			expect(await authorize(1, "tok_ok")).toEqual({ state: "authorized", ref: "sim_1" });
			expect(await provider.capture(follow(1, "capture"))).toEqual({ state: "captured", ref: "sim_capture_1" });
			expect(await provider.refund({ ...follow(1, "refund:1"), amount: 1500 })).toMatchObject({ state: "refunded" });
		}
		expect(await find(1)).toMatchObject({ captured: 2500, refunded: 1500 });
		expect((await provider.statement()).records).toHaveLength(1);
	});

	it("does it once when the same key comes twenty times at once", async () => {
		const answers = await Promise.all(Array.from({ length: 20 }, () => authorize(1, "tok_ok")));
		expect(new Set(answers.map(answer => JSON.stringify(answer))).size).toBe(1);
		await Promise.all(Array.from({ length: 20 }, () => provider.capture(follow(1, "capture"))));
		await Promise.all(Array.from({ length: 20 }, () => provider.refund({ ...follow(1, "refund:1"), amount: 2000 })));
		expect((await provider.statement()).records).toEqual([await find(1)]);
		expect(await find(1)).toMatchObject({ captured: 2500, refunded: 2000 });
	});

	it("refuses a key that was used for another request", async () => {
		await authorize(1, "tok_ok", 100);
		await expect(authorize(1, "tok_ok", 101)).rejects.toThrow(ProviderKeyReused);
		await provider.capture(follow(1, "x"));
		await expect(provider.void(follow(1, "x"))).rejects.toThrow(ProviderKeyReused);
		expect(await find(1)).toMatchObject({ state: "captured", amount: 100 });
	});

	it.each([
		["tok_declined", "CARD_DECLINED"],
		["tok_of_a_stranger", "UNKNOWN_TOKEN"],
		["constructor", "UNKNOWN_TOKEN"]
	])("declines %s", async (token, reason) => {
		expect(await authorize(1, token)).toEqual({ state: "declined", ref: "sim_1", reason });
		expect(await provider.capture(follow(1, "capture"))).toEqual({ state: "declined", reason: "NOT_AUTHORIZED" });
		expect(await provider.void(follow(1, "void"))).toMatchObject({ state: "declined" });
		expect(await find(1)).toMatchObject({ state: "declined", captured: 0 });
	});

	it("loses the first answer of each request about tok_lost_answer, never the effect", async () => {
		await expect(authorize(1, "tok_lost_answer")).rejects.toThrow(ProviderTimeout);
		expect(await find(1)).toMatchObject({ state: "authorized" });
		expect(await authorize(1, "tok_lost_answer")).toEqual({ state: "authorized", ref: "sim_1" });
		await expect(provider.capture(follow(1, "capture"))).rejects.toThrow(ProviderTimeout);
		expect(await provider.capture(follow(1, "capture"))).toMatchObject({ state: "captured" });
		const refund = { ...follow(1, "refund:1"), amount: 2500 };
		await expect(provider.refund(refund)).rejects.toThrow(ProviderTimeout);
		expect(await provider.refund(refund)).toMatchObject({ state: "refunded" });
		expect(await find(1)).toMatchObject({ captured: 2500, refunded: 2500 });
		await expect(authorize(2, "tok_lost_answer")).rejects.toThrow(ProviderTimeout);
		await expect(provider.void(follow(2, "void"))).rejects.toThrow(ProviderTimeout);
		expect(await provider.void(follow(2, "void"))).toMatchObject({ state: "voided" });
	});

	it("answers tok_slow late, and then at once", async () => {
		const begun = performance.now();
		expect(await authorize(1, "tok_slow")).toMatchObject({ state: "authorized" });
		const first = performance.now() - begun;
		expect(first).toBeGreaterThanOrEqual(295);
		expect(await authorize(1, "tok_slow")).toMatchObject({ state: "authorized" });
		expect(performance.now() - begun - first).toBeLessThan(295);
	});

	it("authorizes tok_capture_declined and then declines its capture, which gives up what was set aside", async () => {
		expect(await authorize(1, "tok_capture_declined")).toMatchObject({ state: "authorized" });
		const declined = { state: "declined", reason: "INSUFFICIENT_FUNDS" };
		expect(await provider.capture(follow(1, "capture"))).toEqual(declined);
		expect(await provider.capture(follow(1, "capture"))).toEqual(declined);
		expect(await find(1)).toMatchObject({ state: "voided", captured: 0 });
	});

	it("gives up what was set aside, and does not take it any more", async () => {
		await authorize(1, "tok_ok");
		expect(await provider.void(follow(1, "void"))).toMatchObject({ state: "voided" });
		expect(await provider.void(follow(1, "void-again"))).toMatchObject({ state: "voided" });
		expect(await provider.capture(follow(1, "capture"))).toEqual({ state: "declined", reason: "NOT_AUTHORIZED" });
	});

	it("keeps a tombstone of what was voided before it came", async () => {
		expect(await provider.void(follow(1, "void"))).toMatchObject({ state: "voided" });
		expect(await authorize(1, "tok_ok")).toMatchObject({ state: "voided" });
		expect(await authorize(1, "tok_ok")).toMatchObject({ state: "voided" });
		expect(await find(1)).toMatchObject({ state: "voided", amount: 0 });
	});

	it("says that it is too late to void what was captured", async () => {
		await authorize(1, "tok_ok");
		await provider.capture(follow(1, "capture"));
		expect(await provider.void(follow(1, "void"))).toMatchObject({ state: "captured" });
		expect(await find(1)).toMatchObject({ state: "captured", captured: 2500 });
	});

	it("does not give back more than it took", async () => {
		const declined = { state: "declined", reason: "MORE_THAN_CAPTURED" };
		expect(await provider.refund({ ...follow(1, "refund:0"), amount: 1 })).toEqual(declined);
		await authorize(1, "tok_ok");
		expect(await provider.refund({ ...follow(1, "refund:1"), amount: 1 })).toEqual(declined);
		await provider.capture(follow(1, "capture"));
		expect(await provider.refund({ ...follow(1, "refund:2"), amount: 2501 })).toEqual(declined);
		expect(await provider.refund({ ...follow(1, "refund:3"), amount: 2500 })).toMatchObject({ state: "refunded" });
		expect(await provider.refund({ ...follow(1, "refund:4"), amount: 1 })).toEqual(declined);
	});

	it("is not asked from inside a unit of work", async () => {
		await expect(insideUnit("spec", () => authorize(1, "tok_ok"))).rejects.toThrow("inside the unit of work");
		await expect(insideUnit("spec", () => find(1))).rejects.toThrow("inside the unit of work");
		expect(await find(1)).toBeUndefined();
	});

	it("remembers everything when it is opened again", async () => {
		await authorize(1, "tok_ok");
		await provider.capture(follow(1, "capture"));
		await expect(authorize(2, "tok_lost_answer")).rejects.toThrow(ProviderTimeout);
		await provider.close();
		provider = await open();
		expect(await provider.capture(follow(1, "capture"))).toEqual({ state: "captured", ref: "sim_capture_1" });
		expect(await authorize(2, "tok_lost_answer")).toEqual({ state: "authorized", ref: "sim_2" });
		await expect(authorize(1, "tok_ok", 1)).rejects.toThrow(ProviderKeyReused);
	});

	it("states its books page by page", async () => {
		const orders = Array.from({ length: 1_001 }, (_, index) => index + 1);
		await Promise.all(orders.map(order => authorize(order, "tok_ok", order)));
		const records: ProviderRecord[] = [];
		let pages = 0;
		for (let after: number | undefined = 0; after !== undefined; pages++) {
			const page: { records: ProviderRecord[]; next?: number } = await provider.statement(after);
			records.push(...page.records);
			after = page.next;
		}
		expect(pages).toBe(3);
		expect(new Set(records.map(({ amount }) => amount)).size).toBe(1_001);
	});
});

describe("an authorization that settles later", () => {
	it("is pending first, then settled, and told by a signed webhook", async () => {
		expect(await authorize(1, "tok_late_webhook")).toMatchObject({ state: "pending" });
		expect(await find(1)).toMatchObject({ state: "pending" });
		await eventually(() => expect(sent).toHaveLength(1));
		expect(await find(1)).toMatchObject({ state: "authorized" });
		const [{ raw, signature }] = sent as [(typeof sent)[0]];
		expect(JSON.parse(raw)).toEqual({ id: "evt_1", type: "authorization.settled", key: "order-1:authorize" });
		expect(isSigned(SECRET, raw, signature)).toBe(true);
	});

	it("is told again until it is taken", async () => {
		refuses = 2;
		await authorize(1, "tok_late_webhook");
		await eventually(() => expect(sent).toHaveLength(3));
		expect(new Set(sent.map(({ raw }) => raw)).size).toBe(1);
		expect(warnings).toEqual([]);
	});

	it("settles and is told after a restart, when the process died before", async () => {
		await authorize(1, "tok_late_webhook");
		await provider.close();
		provider = await open();
		await eventually(() => expect(sent).toHaveLength(1));
		expect(await find(1)).toMatchObject({ state: "authorized" });
	});

	it("is told after a restart, when nobody took the webhook before", async () => {
		refuses = Number.POSITIVE_INFINITY;
		await authorize(1, "tok_late_webhook");
		await eventually(() => expect(sent.length).toBeGreaterThan(0));
		await provider.close();
		refuses = 0;
		sent = [];
		provider = await open();
		await eventually(() => expect(sent).toHaveLength(1));
		// What was taken is not told a third time.
		await provider.close();
		sent = [];
		provider = await open();
		await authorize(2, "tok_late_webhook");
		await eventually(() => expect(sent).toHaveLength(1));
		expect(sent[0]!.raw).toContain("order-2:authorize");
	});

	it("does not settle once it was voided", async () => {
		await authorize(1, "tok_late_webhook");
		expect(await provider.void(follow(1, "void"))).toMatchObject({ state: "voided" });
		await authorize(2, "tok_late_webhook");
		await eventually(() => expect(sent).toHaveLength(1));
		expect(sent[0]!.raw).toContain("order-2:authorize");
		expect(await find(1)).toMatchObject({ state: "voided" });
	});
});

describe("the provider's books", () => {
	const tokens = ["tok_ok", "tok_declined", "tok_lost_answer", "tok_capture_declined"];
	const request = fc.record({
		verb: fc.constantFrom("authorize", "capture", "void", "refund"),
		order: fc.integer({ min: 1, max: 3 }),
		attempt: fc.integer({ min: 1, max: 3 }),
		amount: fc.integer({ min: 1, max: 80 })
	});

	it("hold together whatever is asked in whatever order, and every answer lasts", async () => {
		let round = 0;
		await fc.assert(
			fc.asyncProperty(fc.constantFrom(...tokens), fc.array(request, { maxLength: 25 }), async (token, requests) => {
				const run = ++round;
				const answers = new Map<string, unknown>();
				for (const { verb, order, attempt, amount } of requests) {
					const of = `${run}/${order}:authorize`;
					const key = verb === "authorize" ? of : `${run}/${order}:${verb}-${attempt}-${amount}`;
					const send = (): Promise<unknown> => {
						if (verb === "authorize") return provider.authorize({ key, amount: 100, currency: "EUR", token });
						if (verb === "refund") return provider.refund({ key, of, amount });
						return verb === "capture" ? provider.capture({ key, of }) : provider.void({ key, of });
					};
					const answer = await send().catch(send);
					if (answers.has(key)) expect(answer).toEqual(answers.get(key));
					answers.set(key, answer);
				}
				for (const order of [1, 2, 3]) {
					const record = await provider.find(`${run}/${order}:authorize`);
					if (!record) continue;
					const { state, amount, captured, refunded } = record;
					expect(captured).toBe(state === "captured" ? amount : 0);
					expect(refunded).toBeGreaterThanOrEqual(0);
					expect(refunded).toBeLessThanOrEqual(captured);
				}
			}),
			{ numRuns: 25 }
		);
		await provider.close();
		const database = await SqliteDatabase.open("spec", join(dataDir, "provider.db"));
		const wrong = await database.all(
			`SELECT a.key FROM authorizations a JOIN movements m ON m.authorization_id = a.id
			GROUP BY a.id HAVING sum(m.moved) <> a.captured - a.refunded`
		);
		await database.close();
		provider = await open();
		expect(wrong).toEqual([]);
	});
});
