import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { BRANCHES } from "../chaos/branches.ts";
import { FLOWS } from "../chaos/driver.ts";
import type { Layout } from "../chaos/harness.ts";
import { knobs, say } from "../chaos/knobs.ts";
import { Random } from "../chaos/random.ts";
import { Trial } from "../chaos/trial.ts";
import { eventually } from "../support/eventually.ts";

const KILLS = Math.ceil(knobs.kills / 2);
const PATIENT = { within: 90_000 };

describe("a cluster under load", () => {
	let trial: Trial;
	let random: Random;
	beforeEach(async () => {
		random = new Random(knobs.seed);
		trial = await Trial.start(`cluster-${knobs.seed}`, { layout: process.env.SOUK_LAYOUT as Layout });
		await trial.driver.prepared();
	});
	afterEach(() => trial.close());

	/** Customers order in every branch and both styles until what is done to the cluster is done. */
	const underLoad = async (deed: () => Promise<void>): Promise<void> => {
		const ends: Promise<unknown>[] = [];
		let loading = true;
		const load = (async () => {
			while (loading) {
				if (ends.length - trial.driver.placed.length < 40)
					ends.push(trial.driver.order(random.pick(BRANCHES), random.pick(FLOWS)));
				await pause(1_000 / Math.min(knobs.rate, 10));
			}
		})();
		await deed();
		loading = false;
		await load;
		await Promise.all(ends);
	};
	const ready = () =>
		eventually(async () => expect((await fetch(`${trial.souk.url}/health`)).status).toBe(200), PATIENT);

	it("loses nothing and doubles nothing when its processes are killed one by one", async () => {
		const killed = new Map<string, number>();
		await underLoad(async () => {
			for (let kill = 0; kill < KILLS; kill++) {
				await pause(random.between(200, 1_500));
				const [name, pid] = random.pick([...trial.souk.processes]);
				process.kill(pid, "SIGKILL");
				killed.set(name, (killed.get(name) ?? 0) + 1);
				await eventually(() => expect(trial.souk.processes.get(name)).not.toBe(pid), PATIENT);
			}
			await ready();
		});
		const counts = [...killed].map(([name, count]) => `${name} ${count}`).join(", ");
		say("cluster", `seed ${knobs.seed}: killed ${counts}; ${trial.driver.placed.length} orders`);
		await trial.assertSound("kills of single processes");
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
