import { randomUUID } from "node:crypto";
import { Client } from "../../scripts/support/client.ts";
import { Souk } from "../chaos/harness.ts";
import { eventually } from "../support/eventually.ts";
import { query } from "../support/postgres-server.ts";
import { storeSettings, storeUrl } from "../support/stores.ts";

jest.setTimeout(300_000);

let one: Souk;
let two: Souk;
let clients: Client[];
let token: string;

beforeAll(async () => {
	one = new Souk({ env: { CRASH_POINTS: "" } });
	two = new Souk({ env: { CRASH_POINTS: "", DATA_DIR: one.dataDir, ...storeSettings(one.dataDir) } });
	// Both find nothing, and make it together.
	await Promise.all([one.start(), two.start()]);
	clients = [new Client(one.url), new Client(two.url)];
	token = await clients[1]!.logIn("alice@souk.test", "souk-demo");
});
afterAll(async () => {
	await two.close();
	await one.close();
});

const FLOWS = ["orchestrated", "choreographed"] as const;

async function place(client: Client, index: number, headers: Record<string, string> = {}): Promise<number> {
	const body = { items: [{ productId: 101, quantity: 1 }], payment: { token: "tok_ok" }, flow: FLOWS[index % 2] };
	const { status, body: order } = await client.ask<{ id: number }>("/orders", {
		method: "POST",
		token,
		key: randomUUID(),
		headers,
		body
	});
	expect(status).toBe(201);
	return order.id;
}

const statuses = async (): Promise<Record<string, number>> =>
	Object.fromEntries(
		(
			await query<{ status: string; n: number }>(
				storeUrl(one.dataDir, "orders"),
				"SELECT status, count(*)::int AS n FROM orders GROUP BY status"
			)
		).map(({ status, n }) => [status, n])
	);
const numberOf = async (service: string, sql: string): Promise<number> =>
	(await query<{ n: number }>(storeUrl(one.dataDir, service), sql))[0]!.n;

it("two processes on the same stores do the same work, each order once", async () => {
	const ids = await Promise.all(
		Array.from({ length: 20 }, (_, index) => place(clients[index % 2]!, index >> 1, { prefer: "wait=10" }))
	);
	expect(new Set(ids).size).toBe(20);
	await eventually(async () => expect(await statuses()).toEqual({ CONFIRMED: 20 }), { within: 30_000 });
});

it("the one that is left finishes what both began, and does nothing twice", async () => {
	const begun = Array.from({ length: 40 }, (_, index) => place(clients[index % 2]!, index >> 1));
	await Promise.all(begun);
	await one.kill();
	await eventually(async () => expect(await statuses()).toEqual({ CONFIRMED: 60 }), { within: 60_000 });
	await eventually(
		async () =>
			expect(await numberOf("orders", "SELECT count(*)::int AS n FROM outbox WHERE published_at IS NULL")).toBe(0),
		{ within: 30_000 }
	);
	const captures = "SELECT count(*)::int AS n FROM movements WHERE state = 'captured'";
	expect(await numberOf("provider", captures)).toBe(60);
	expect(await numberOf("inventory", "SELECT -sum(delta)::int AS n FROM movements WHERE kind = 'SOLD'")).toBe(60);
	await eventually(
		async () =>
			expect(
				await numberOf(
					"notifications",
					"SELECT count(*)::int AS n FROM notifications WHERE kind = 'order.confirmed' AND channel = 'email' AND status = 'SENT'"
				)
			).toBe(60),
		{ within: 30_000 }
	);
	const admin = await clients[1]!.logIn("admin@souk.test", "souk-demo");
	const { body } = await clients[1]!.ask<{ ok: boolean }>("/admin/audit/verify", { token: admin });
	expect(body.ok).toBe(true);
});
