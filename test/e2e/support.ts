import { randomUUID } from "node:crypto";
import { Client } from "../../scripts/support/client.ts";
import { type Layout, Souk } from "../chaos/harness.ts";
import { eventually } from "../support/eventually.ts";

export interface Order {
	id: number;
	status: string;
	reason?: string;
	total: number;
	paymentId?: number;
	shipmentId?: number;
	version: number;
}

/** The real process, and those who use it. */
export interface Town {
	souk: Souk;
	client: Client;
	alice: string;
	bob: string;
	staff: string;
	admin: string;
}

/** Starts the real process on a folder of its own and logs everybody in. */
export async function town(env: Record<string, string> = {}): Promise<Town> {
	// The same specs are run over every layout: test/support/layout-b.ts sets it.
	const layout = (process.env.SOUK_LAYOUT ?? "A") as Layout;
	const souk = new Souk({ layout, env: { CRASH_POINTS: "", ...env } });
	await souk.start();
	const client = new Client(souk.url);
	const [alice, bob, staff, admin] = await Promise.all(
		["alice", "bob", "staff", "admin"].map(name => client.logIn(`${name}@souk.test`, "souk-demo"))
	);
	return { souk, client, alice: alice!, bob: bob!, staff: staff!, admin: admin! };
}

/** Places an order and waits until it is settled. */
export async function order(
	{ client, alice }: Town,
	wanted: object,
	{ token = alice, key = randomUUID() }: { token?: string; key?: string } = {}
): Promise<Order> {
	const { status, body } = await client.ask<Order>("/orders", {
		method: "POST",
		token,
		key,
		headers: { prefer: "wait=10" },
		body: { items: [{ productId: 101, quantity: 1 }], payment: { token: "tok_ok" }, ...wanted }
	});
	if (status !== 201) throw new Error(`${status} ${JSON.stringify(body)}`);
	return body.status === "PENDING" ? settled(client, body.id, token) : body;
}

/** The order once it is no longer pending. */
export const settled = (client: Client, id: number, token: string): Promise<Order> =>
	eventually(
		async () => {
			const { body } = await client.ask<Order>(`/orders/${id}`, { token });
			expect(body.status).not.toBe("PENDING");
			return body;
		},
		{ within: 60_000 }
	);

/** A new product with so many pieces on the shelf. */
export async function product({ client, staff }: Town, onHand: number): Promise<number> {
	const { body } = await client.ask<{ id: number }>("/products", {
		method: "POST",
		token: staff,
		key: randomUUID(),
		body: { name: "A rare thing", description: "Few are left", price: 1_000, currency: "EUR" }
	});
	await client.ask(`/stock/${body.id}`, { method: "PUT", token: staff, body: { onHand } });
	return body.id;
}

export const available = async ({ client }: Town, productId: number): Promise<number> =>
	(await client.ask<{ available: number }>(`/stock/${productId}`)).body.available;
