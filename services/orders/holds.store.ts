import type { Unit } from "../../broker/sql/store.ts";

/** Keeps what pays for an order while it is held. Nothing else of it is needed that the order does not say. */
export async function keepToken(unit: Unit, id: number, token: string): Promise<void> {
	await unit.run("INSERT INTO held_orders (order_id, payment_token) VALUES (?, ?)", [id, token]);
}

/** What pays for an order that was held, which is forgotten here. */
export async function takeToken(unit: Unit, id: number): Promise<string> {
	const row = await unit.get<{ payment_token: string }>(
		"DELETE FROM held_orders WHERE order_id = ? RETURNING payment_token",
		[id]
	);
	return row!.payment_token;
}
