import { setTimeout as pause } from "node:timers/promises";
import type { Contract } from "../../broker/contract.ts";
import { audit } from "../../services/audit/audit.contract.ts";
import { inventory } from "../../services/inventory/inventory.contract.ts";
import { notifications } from "../../services/notifications/notifications.contract.ts";
import { orders } from "../../services/orders/orders.contract.ts";
import { payments } from "../../services/payments/payments.contract.ts";
import { products } from "../../services/products/products.contract.ts";
import { shipping } from "../../services/shipping/shipping.contract.ts";
import { tasks } from "../../services/tasks/tasks.contract.ts";
import { users } from "../../services/users/users.contract.ts";
import { branch } from "./branches.ts";
import { Copy, type Edit } from "./copy.ts";
import { FLOWS } from "./driver.ts";
import { Keeper } from "./harness.ts";
import { holds, STRICT } from "./holds.ts";
import { knobs, say } from "./knobs.ts";
import { type Kill, type Passed, passing, type Scenario, walk } from "./matrix.ts";
import { listedPoints, pointsInSource, stepsInSource, unitsOfInboxes } from "./points.ts";
import { beside, BUSY, EXPIRING, expiringIn, hourly, IMPATIENT, impatientIn, ordersIn } from "./scenarios.ts";
import { Trial } from "./trial.ts";

/** What has been passed and killed by the tests of this file so far. */
const passed: Passed = new Map();
const killed = new Map<string, Set<string>>();
const kills: Kill[] = [];
let placed = 0;

const note = (point: string, style: string): void => {
	killed.set(point, (killed.get(point) ?? new Set()).add(style));
};

/** Walks scenarios on a process of their own. Points that others were killed at in the same style are not killed again. */
async function lane(
	who: string,
	scenarios: readonly Scenario[],
	options: ConstructorParameters<typeof import("./harness.ts").Souk>[0] = {}
): Promise<void> {
	const trial = await Trial.start(`${who}-${knobs.seed}`, options);
	try {
		const known = (point: string, style: string) =>
			killed.get(point)?.has(style) || (isOrder(style) ? false : killed.has(point));
		const walked = await walk(trial, who, scenarios, { full: knobs.full, known });
		for (const [point, where] of walked.passed) if (!passed.has(point)) passed.set(point, where);
		for (const kill of walked.kills) note(kill.point, kill.style);
		kills.push(...walked.kills);
		placed += trial.driver.placed.length;
		expect(walked.missed).toEqual([]);
	} finally {
		await trial.close();
	}
}

/** Waits for all of them, also when one fails: a lane that is left behind would kill on. */
async function together(lanes: Promise<void>[]): Promise<void> {
	for (const lane of await Promise.allSettled(lanes)) if (lane.status === "rejected") throw lane.reason;
}

const isOrder = (style: string): boolean => (FLOWS as readonly string[]).includes(style);

const contracts: Pick<Contract, "name" | "actions">[] = [
	users,
	products,
	inventory,
	orders,
	payments,
	shipping,
	tasks,
	notifications,
	audit
];

/** Actions that change nothing, or nothing under a name of their own: a saga is pushed on under its engine's, mail is stopped under users'. */
const READING = [
	"notifications.unsubscribe",
	"orders.retrySaga",
	"products.resolve",
	"shipping.check",
	"users.contact",
	"users.recipient",
	"users.verify"
];

/** Looks into the provider's books for what no order of ours can come to any more: a payment in doubt is settled before it is captured. */
const BEYOND = ["look"];

/** Points that a process passes only by chance, so that nobody can be sure to kill it there, and why. */
const CHANCE = new Map<string, string>([]);

/** What runs once an hour, or after half a minute, runs all the time. */
const HASTE: Edit[] = [
	{ file: "mixins/outbox.mixin.ts", find: "DAY / 24)", put: "200)" },
	{ file: "services/users/users.service.ts", find: "this.tidy(), HOUR)", put: "this.tidy(), 200)" },
	{ file: "services/payments/reconciliation/follower.ts", find: "const EVERY_MS = 30_000", put: "const EVERY_MS = 20" },
	{
		file: "services/payments/reconciliation/follower.ts",
		find: "const LEFT_AFTER_MS = 30_000",
		put: "const LEFT_AFTER_MS = 0"
	}
];

describe("a process that is killed at a named point", () => {
	beforeAll(() =>
		say(
			"crash points",
			`seed ${knobs.seed}, ${knobs.full ? "every point of every scenario" : "every point once a style"}`
		)
	);

	it("comes up whole when that was during its first start", async () => {
		const first = Trial.make("first start");
		await first.souk.start();
		const points = passing(first, passed, "the first start");
		await first.close();
		// Who starts first is not always the same, so a point may be passed before it is armed; then a new folder helps.
		const left = new Map([...points].map(point => [point, 0]));
		for (let folder = 1; [...left.values()].some(tries => tries < 5); folder++) {
			const trial = Trial.make(`first start ${folder}`);
			const kills = (point: string) => {
				left.delete(point);
				note(point, "start");
			};
			try {
				let armed: string | undefined;
				for (const [point, tries] of left) {
					if (tries === 5) continue;
					left.set(point, tries + 1);
					trial.souk.arm(point);
					armed = point;
					if (await trial.souk.start()) break;
					kills(point);
				}
				// A point that is passed a moment after the process was ready kills it all the same.
				const before = trial.souk.deaths;
				const keeper = new Keeper(trial.souk);
				await Promise.race([trial.souk.death(), pause(1_000)]);
				trial.souk.disarm();
				await keeper.dismiss();
				if (armed && trial.souk.deaths > before) kills(armed);
				await trial.driver.order(branch("confirmed"), FLOWS[folder % 2]!);
				await trial.assertSound("kills during the first start");
				passing(trial, passed, "an order after kills during the first start");
			} finally {
				await trial.close();
			}
		}
		say("first start", `${points.size} points`);
		expect([...left.keys()]).toEqual([]);
	});

	it("leaves every order exactly once, in both styles and every branch", async () => {
		await together(FLOWS.map(flow => lane(flow, ordersIn(flow))));
	});

	it("leaves every order exactly once when everything takes too long", async () => {
		await together(FLOWS.map(flow => lane(`${flow}, impatient`, impatientIn(flow), { env: IMPATIENT })));
		await together(FLOWS.map(flow => lane(`${flow}, expiring`, expiringIn(flow), { env: EXPIRING })));
	});

	it("leaves what people do beside ordering whole, and what runs by the hour", async () => {
		using hasty = new Copy(HASTE);
		await Promise.all([
			lane("beside", [...beside, ...holds], { env: { ...BUSY, ...STRICT } }),
			lane("hourly", hourly, { root: hasty.root, env: { PROVIDER_SLOW_MS: "300" } })
		]);
	});
});

describe("the list of crash points", () => {
	const listed = listedPoints();

	afterAll(() => {
		const recoveries = kills.map(({ recoveryMs }) => recoveryMs).sort((one, other) => one - other);
		const at = (share: number) => Math.round(recoveries[Math.floor((recoveries.length - 1) * share)] ?? 0);
		const starts = [...killed.values()].filter(styles => styles.has("start")).length;
		const styles = FLOWS.map(flow => `${kills.filter(({ style }) => style === flow).length} ${flow}`).join(", ");
		say(
			"crash points",
			`${killed.size} of ${listed.length} points killed at, ${kills.length + starts} kills (${styles}, ${starts} during a start), ` +
				`${placed} orders; at rest again p50 ${at(0.5)} ms, max ${at(1)} ms after the restart`
		);
	});

	it("names every point that a process passed", () => {
		const unlisted = [...passed].filter(([point]) => !listed.includes(point) && !CHANCE.has(point));
		expect(unlisted.map(([point, where]) => `${point}, first in ${where}`)).toEqual([]);
	});

	it("names no other", () => {
		expect(listed.filter(point => !passed.has(point))).toEqual([]);
	});

	it("was killed at, point by point", () => {
		expect(listed.filter(point => !killed.has(point))).toEqual([]);
	});

	it("has every point that the source names", () => {
		for (const name of pointsInSource()) expect(listed.filter(point => name.test(point))).not.toEqual([]);
	});

	it("has both sides of the commit of every event that is heard, and of every other unit", () => {
		const units = new Set(unitsOfInboxes());
		for (const point of listed) if (/:(before|after)-commit$/.test(point)) units.add(point.replace(/:[^:]*$/, ""));
		for (const unit of units)
			expect(listed).toEqual(expect.arrayContaining([`${unit}:before-commit`, `${unit}:after-commit`]));
	});

	it("has a point for every action that writes", () => {
		const writing = contracts.flatMap(({ name, actions }) =>
			Object.entries(actions as Contract["actions"])
				.filter(([, { rest, access }]) => (rest ? !rest.startsWith("GET") : access === "internal"))
				.map(([verb]) => `${name}.${verb}`)
		);
		const silent = writing.filter(
			action => !listed.some(point => point.startsWith(`${action}:`) || point.startsWith(`${action}/`))
		);
		expect(silent.sort()).toEqual(READING);
	});

	it("has a point for every step that a service names", () => {
		const silent = stepsInSource().filter(
			name => !listed.some(point => point.includes(`/${name}:`) || point.includes(`-${name}`))
		);
		expect(silent).toEqual(BEYOND);
	});

	it("has only points that the source names, or sides of a commit", () => {
		const names = pointsInSource();
		expect(
			listed.filter(point => !names.some(name => name.test(point)) && !/:(before|after)-commit$/.test(point))
		).toEqual([]);
	});
});
