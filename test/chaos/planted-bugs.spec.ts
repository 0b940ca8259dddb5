import { execFile } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { BRANCHES, branch } from "./branches.ts";
import { Copy, type Edit } from "./copy.ts";
import type { Flow } from "./driver.ts";
import { Keeper } from "./harness.ts";
import { chain } from "./invariants/chain.ts";
import { type Breach, verify } from "./invariants/index.ts";
import { HELD, STRICT } from "./holds.ts";
import { knobs, say } from "./knobs.ts";
import { Trial } from "./trial.ts";

const ROOT = join(import.meta.dirname, "../..");
/** A bug keeps some orders from ever ending; they are not waited for longer than this. */
const ORDER_MS = 8_000;
const REST_MS = 5_000;

/** One order, with or without a kill on the way. */
interface Scenario {
	branch: string;
	flow: Flow;
	killedAt?: string;
	/** The order ends with the bug as without it, and is waited for. */
	ends?: true;
	/** With orders that are held. */
	strict?: true;
}

interface Bug extends Scenario {
	bug: string;
	edits: Edit[];
	/** The beginning of the name of an invariant that must be broken. */
	breaks: string;
}

const bugs: Bug[] = [
	{
		bug: "the inbox does not check what was handled",
		edits: [{ file: "broker/letters.ts", find: "return inserted === 1;", put: "return inserted >= 0;" }],
		branch: "confirmed",
		flow: "choreographed",
		killedAt: "inventory<order.created:after-commit",
		breaks: "I5 each link of an order's chain was said once"
	},
	{
		bug: "the relay never starts",
		edits: [{ file: "broker/sql/relay.ts", find: "this.#running = true;", put: "this.#running = false;" }],
		branch: "confirmed",
		flow: "orchestrated",
		breaks: "I6 every event was published"
	},
	{
		bug: "compensations are skipped",
		edits: [{ file: "broker/saga/walker.ts", find: "if (!undo) return", put: "if (undo || !undo) return" }],
		branch: "declined",
		flow: "orchestrated",
		breaks: "I2 nothing is held for an order that has ended"
	},
	{
		bug: "stock moves without its conditions",
		edits: [
			{
				file: "services/inventory/stock.ts",
				find: "(free.get(productId) ?? 0) < quantity",
				put: "!free || quantity < 0"
			},
			{
				file: "services/inventory/inventory.store.ts",
				find: "AND on_hand - reserved >= ?`",
				put: "AND ? IS NOT NULL`"
			},
			{
				file: "data/migrations/inventory/0001-stock.ts",
				find: "CHECK (reserved >= 0 AND reserved <= on_hand)",
				put: "CHECK (product_id > 0)"
			}
		],
		branch: "out-of-stock",
		flow: "orchestrated",
		breaks: "I2 the movements add up to what is on hand"
	},
	{
		bug: "keys are not recorded",
		edits: [
			{
				file: "broker/sql/store.ts",
				find: 'await unit.run("INSERT INTO idempotency_keys',
				put: 'await unit.run("INSERT OR IGNORE INTO idempotency_keys'
			},
			{
				file: "broker/sql/store.ts",
				find: "if (!record) return undefined;",
				put: "if (record || !record) return undefined;"
			}
		],
		branch: "confirmed",
		flow: "orchestrated",
		breaks: "I1 no key has two orders"
	},
	{
		bug: "sagas are not resumed",
		edits: [{ file: "broker/saga/engine.ts", find: "while (!this.#stopped) {", put: "while (this.#stopped) {" }],
		branch: "confirmed",
		flow: "orchestrated",
		killedAt: "saga:after-inventory.reserve",
		breaks: "I3 every order is terminal"
	},
	{
		bug: "an authorization is not voided",
		edits: [
			{
				file: "services/orders/sagas/place-order.saga.ts",
				find: '.undoneBy("payments.void", ({ orderId }) => ({ orderId, reason: "ORDER_CANCELLED" }))',
				put: ""
			}
		],
		branch: "no-shipping",
		flow: "orchestrated",
		breaks: "I4 no authorization is left open"
	},
	{
		bug: "nobody hears that a payment failed",
		edits: [{ file: "services/inventory/inventory.service.ts", find: '"payment.failed": onPaymentUndone,', put: "" }],
		branch: "declined",
		flow: "choreographed",
		breaks: "I3 every order is terminal"
	},
	{
		bug: "what pays for a held order is kept for ever",
		edits: [
			{
				file: "services/orders/holds.store.ts",
				find: "DELETE FROM held_orders WHERE",
				put: "UPDATE held_orders SET order_id = order_id WHERE"
			}
		],
		branch: "released",
		strict: true,
		flow: "orchestrated",
		breaks: "I3 an order that waits for a person has its time and what pays for it, and no other has"
	},
	{
		bug: "nobody calls a review off that another hand made needless",
		edits: [
			{
				file: "services/tasks/tasks.store.ts",
				find: "AND kind = 'review'`",
				put: "AND kind = 'nothing'`"
			}
		],
		branch: "released",
		strict: true,
		flow: "choreographed",
		breaks: "I5 an order that is held for review has somebody to look at it, and no other has"
	},
	{
		bug: "what came back is put on the shelf by every try",
		edits: [{ file: "services/inventory/inventory.store.ts", find: "if (first === 0) return false;", put: "" }],
		branch: "returned",
		flow: "orchestrated",
		killedAt: "inventory.takeBack:after-commit",
		ends: true,
		breaks: "I2 the movements add up to what is on hand"
	},
	{
		bug: "every try to give back a part gives it back",
		edits: [
			{
				file: "services/payments/actions/refund-part.ts",
				find: "keyOf(orderId, part)",
				put: "keyOf(orderId, `${part} ${ctx.id}`)"
			}
		],
		branch: "returned",
		flow: "choreographed",
		killedAt: "payments.refundPart/answer:after-commit",
		ends: true,
		breaks: "I4 the provider has taken the total of every sold order, less what came back, and nothing for any other"
	}
];

/** Runs a scenario against a tree and resolves to what does not hold afterwards. */
async function breachesOf(root: string, { branch: name, flow, killedAt, strict, ends }: Scenario): Promise<Breach[]> {
	const trial = await Trial.start(`planted-${knobs.seed}`, { root, ...(strict && { env: STRICT }) });
	try {
		await trial.driver.prepared();
		const keeper = new Keeper(trial.souk);
		if (killedAt) trial.souk.arm(killedAt);
		// Where the bug keeps the order from its end, the books say so.
		const order = trial.driver.order(branch(name, [...BRANCHES, ...HELD]), flow).catch(() => undefined);
		await (ends ? order : Promise.race([order, pause(ORDER_MS)]));
		await keeper.dismiss();
		if (killedAt) expect(trial.souk.deaths).toBeGreaterThan(0);
		const breaches = await trial.breaches(REST_MS);
		return [...breaches, ...trial.look(books => verify(books, chain))];
	} finally {
		await trial.close();
	}
}

describe("a bug that is planted in a copy of the source", () => {
	it.each(bugs)("is found: $bug", async ({ bug, edits, breaks, ...scenario }) => {
		using copy = new Copy(edits);
		const found = (await breachesOf(copy.root, scenario)).map(({ invariant }) => invariant);
		say("planted bugs", `${bug}: ${found.join("; ")}`);
		expect(found).toContain(breaks);
	});

	it("is what breaks the invariants: without it, the same runs are sound", async () => {
		using copy = new Copy();
		const scenarios = new Map(
			bugs.map(({ branch, flow, killedAt, strict, ends }) => [
				`${branch} ${flow} ${killedAt}`,
				{ branch, flow, killedAt, strict, ends }
			])
		);
		for (const [name, scenario] of scenarios) {
			expect({ name, breaches: await breachesOf(copy.root, scenario) }).toEqual({ name, breaches: [] });
			say("planted bugs", `sound without: ${name}`);
		}
	});

	it("is found: the fence is off, and a worker that was given up changes the log", async () => {
		using whole = new Copy();
		using broken = new Copy([
			{ file: "broker/saga/log.ts", find: "WHERE id = ? AND fence = ?`", put: "WHERE id = ? AND ? > 0`" }
		]);
		expect(await twoEngines(whole.root)).toBe(0);
		expect(await twoEngines(broken.root)).not.toBe(0);
	});
});

/** Runs the specs of two engines on one store against a tree; resolves to the exit code. */
function twoEngines(root: string): Promise<number | null> {
	for (const part of ["test/integration", "jest.config.ts", "tsconfig.json"])
		cpSync(join(ROOT, part), join(root, part), { recursive: true });
	return new Promise(resolve => {
		const child = execFile(
			join(ROOT, "node_modules/.bin/node"),
			[
				join(ROOT, "node_modules/jest/bin/jest.js"),
				"--selectProjects",
				"integration",
				"-t",
				"two engines on one store",
				"saga-recovery"
			],
			{ cwd: root, env: { PATH: process.env.PATH, HOME: process.env.HOME, CI: "true" } },
			() => resolve(child.exitCode)
		);
	});
}
