import { setTimeout as pause } from "node:timers/promises";
import { onPostgres } from "../support/stores.ts";
import { BRANCHES } from "./branches.ts";
import { FLOWS } from "./driver.ts";
import { Keeper } from "./harness.ts";
import { knobs, say } from "./knobs.ts";
import { Random } from "./random.ts";
import { Trial } from "./trial.ts";

describe("a process that is killed at random under load", () => {
	it(`loses nothing and doubles nothing in ${knobs.kills} kills`, async () => {
		const random = new Random(knobs.seed);
		const trial = await Trial.start(`random-${knobs.seed}`);
		try {
			await trial.driver.prepared();
			const keeper = new Keeper(trial.souk);
			const ends: Promise<unknown>[] = [];
			let loading = true;
			const load = (async () => {
				while (loading) {
					// Customers who wait for their orders do not order more: what is under way is bounded.
					if (ends.length - trial.driver.placed.length < 60)
						ends.push(trial.driver.order(random.pick(BRANCHES), random.pick(FLOWS)));
					await pause(1_000 / knobs.rate);
				}
			})();
			while (trial.souk.deaths < knobs.kills) {
				await keeper.ready();
				// Over Postgres a life begins with dozens of connections: one too short for a single saga would show nothing.
				await pause(random.between(100, 1_200) * (onPostgres() ? 3 : 1));
				await trial.souk.kill();
				if (trial.souk.deaths % 10 === 0)
					say("random kills", `${trial.souk.deaths} kills, ${trial.driver.placed.length} orders`);
			}
			loading = false;
			await load;
			await keeper.dismiss();
			const restarted = performance.now();
			await Promise.all(ends);
			const breaches = await trial.breaches();
			const starts = trial.souk.starts.toSorted((a, b) => a - b);
			say(
				"random kills",
				`seed ${knobs.seed}: ${trial.souk.deaths} kills, ${trial.driver.placed.length} orders, 0 lost, 0 doubled: ${breaches.length} breaches; ` +
					`at rest ${((performance.now() - restarted) / 1_000).toFixed(1)} s after the last restart; ` +
					`starts p50 ${starts[starts.length >> 1]!.toFixed(0)} ms, max ${starts.at(-1)!.toFixed(0)} ms`
			);
			expect(breaches).toEqual([]);
		} finally {
			await trial.close();
		}
	});
});
