import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { readState } from "../../scripts/cluster/state.ts";
import { BRANCHES } from "../chaos/branches.ts";
import { FLOWS } from "../chaos/driver.ts";
import type { Layout } from "../chaos/harness.ts";
import { knobs, say } from "../chaos/knobs.ts";
import { Random } from "../chaos/random.ts";
import { Trial } from "../chaos/trial.ts";
import { eventually } from "../support/eventually.ts";
import { Servers } from "./strikes.ts";

const layout = (process.env.SOUK_LAYOUT ?? "B") as Layout;
const PATIENT = { within: 180_000, every: 100 };
/** Customers who wait for their orders do not order more: what is under way is bounded, by ten seconds of ordering. */
const UNDER_WAY = 10 * knobs.rate;

describe("a cluster under load", () => {
	let servers: Servers;
	let trial: Trial;
	let random: Random;
	beforeAll(async () => {
		servers = await Servers.start(layout);
	});
	afterAll(() => servers.close());
	beforeEach(async () => {
		random = new Random(knobs.seed);
		trial = await Trial.start(`cluster-${knobs.seed}`, { layout, env: servers.env });
		await trial.driver.prepared();
	});
	afterEach(() => trial.close());

	/** Customers order in every branch and both styles until what is done to the cluster is done. Resolves to orders a second. */
	const underLoad = async (deed: () => Promise<void>): Promise<number> => {
		const { driver } = trial;
		const ends: Promise<unknown>[] = [];
		const begun = performance.now();
		const seconds = () => (performance.now() - begun) / 1_000;
		let waiting = 0;
		let loading = true;
		const load = (async () => {
			for (let due = 0; loading; await pause(1_000 / knobs.rate))
				// What could not be placed in time is placed now, as far as there are customers who do not wait for an order.
				for (due = Math.max(due, seconds() * knobs.rate - UNDER_WAY); due < seconds() * knobs.rate; due++)
					if (waiting < UNDER_WAY) {
						waiting++;
						ends.push(driver.order(random.pick(BRANCHES), random.pick(FLOWS)).finally(() => waiting--));
					}
		})();
		await deed().finally(() => {
			loading = false;
		});
		await load;
		const rate = driver.placed.length / seconds();
		await Promise.all(ends);
		return rate;
	};
	const allReady = () =>
		eventually(() => {
			const { members } = readState(trial.souk.dataDir)!;
			expect(members.filter(({ ready }) => !ready).map(({ name }) => name)).toEqual([]);
		}, PATIENT);

	it("loses nothing and doubles nothing when its processes and its servers are killed one by one", async () => {
		const killed = new Map<string, number>();
		const plan = servers.plan(random);
		let restarted = 0;
		const rate = await underLoad(async () => {
			for (const target of plan) {
				await pause(random.between(0.25 * knobs.pauseMs, 1.75 * knobs.pauseMs));
				const name = await servers.strike(target, trial.souk, random);
				killed.set(name, (killed.get(name) ?? 0) + 1);
				trial.souk.readyAt = performance.now();
			}
			await allReady();
			restarted = performance.now();
		});
		const ended = performance.now();
		const breaches = await trial.breaches();
		const seconds = (from: number, to = performance.now()) => ((to - from) / 1_000).toFixed(1);
		const counts = [...killed].map(([name, count]) => `${name} ${count}`).join(", ");
		say(
			`cluster ${layout}`,
			`seed ${knobs.seed}: killed ${counts}; ${trial.driver.placed.length} orders, ${rate.toFixed(1)} a second; ` +
				`${breaches.length} breaches; the last order ended ${seconds(restarted, ended)} s, at rest ${seconds(restarted)} s after the last restart`
		);
		trial.assertNone(breaches, "kills of single processes");
		const { ends } = trial.souk;
		const kills = plan.filter(target => target === "service" || target === "NATS").length;
		if (ends !== kills)
			throw new Error(
				`${kills} processes were killed, and ${ends} ended:\n${trial.souk.log().replace(/^.*\bat .*:\d+\)?\n/gm, "")}`
			);
	});

	it("loses nothing when everything is killed and the server's store is wiped", async () => {
		await underLoad(async () => {
			await eventually(() => expect(trial.driver.placed.length).toBeGreaterThan(10), PATIENT);
			await trial.souk.kill();
			rmSync(join(trial.souk.dataDir, "nats"), { recursive: true });
			await trial.souk.start();
		});
		await trial.assertSound("the loss of the stream");
	});
});
