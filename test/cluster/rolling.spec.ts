import { say } from "../chaos/knobs.ts";
import { Trial } from "../chaos/trial.ts";
import { readState } from "../../scripts/cluster/state.ts";
import { Balancer } from "../support/balancer.ts";
import { eventually } from "../support/eventually.ts";

const CLIENTS = 4;
const BUYER = "alice@souk.test";

/** Where a service has one process, it is away while that is restarted: this takes two of each. */
describe("a cluster that is restarted process by process under load", () => {
	let trial: Trial;
	let balancer: Balancer;
	beforeEach(async () => {
		trial = await Trial.start("rolling", { layout: "C" });
		const { members } = readState(trial.souk.dataDir)!;
		balancer = await Balancer.before(members.filter(({ name }) => name.startsWith("api")).map(({ port }) => port));
	});
	afterEach(async () => {
		await balancer.close();
		await trial.close();
	});

	// checklist: 76, 137
	it("fails no request, and loses no order", async () => {
		const { driver, souk } = trial;
		const { plenty } = await driver.prepared();
		const authorization = `Bearer ${await driver.client.logIn(BUYER)}`;
		const failed: string[] = [];
		const statuses = new Map<number, number>();
		let rolling = true;
		const ask = async (method: string, path: string, more: Record<string, string> = {}, body?: object) => {
			const headers = { authorization, "content-type": "application/json", ...more };
			const answer = await fetch(`${balancer.url}/api/v1${path}`, {
				method,
				headers,
				body: body && JSON.stringify(body)
			});
			const text = await answer.text();
			statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
			if (answer.status >= 500) failed.push(`${method} ${path}: ${answer.status} ${text}`);
			return text;
		};
		const client = async (name: number) => {
			for (let n = 0; rolling; n++) {
				const order = { items: [{ productId: plenty, quantity: 1 }], payment: { token: "tok_ok" } };
				const key = `rolling-${name}-${n}`;
				const note = trial.ledger.sending({ operation: "orders.place", as: BUYER, key });
				const placed = await ask("POST", "/orders", { "idempotency-key": key }, order);
				const { id } = JSON.parse(placed) as { id?: number };
				note({ outcome: id === undefined ? "unknown" : "ok", body: placed });
				if (id !== undefined)
					driver.placed.push({ id, branch: "rolling", flow: "orchestrated", ends: [{ status: "CONFIRMED" }] });
				for (const path of [`/orders/${id}`, `/products/${plenty}`, "/users/1", "/orders?limit=5"])
					await ask("GET", path);
			}
		};
		const clients = Promise.allSettled(Array.from({ length: CLIENTS }, (_, name) => client(name)));
		const { pid, rolls } = readState(souk.dataDir)!;
		process.kill(pid, "SIGUSR2");
		await eventually(() => expect(readState(souk.dataDir)!.rolls).toBe(rolls + 1), { within: 300_000, every: 200 });
		rolling = false;
		for (const ended of await clients) if (ended.status === "rejected") failed.push(String(ended.reason));
		const counts = [...statuses].map(([status, count]) => `${count} × ${status}`).join(", ");
		expect(failed).toEqual([]);
		expect(driver.placed.length).toBeGreaterThan(20);
		const breaches = await trial.breaches();
		say("rolling", `${driver.placed.length} orders, ${counts}, ${failed.length} failed; ${breaches.length} breaches`);
		trial.assertNone(breaches, "a rolling restart");
	});
});
