import { summed, type Line } from "../../services/inventory/stock.ts";
import type { InventoryService } from "../../services/inventory/inventory.service.ts";
import { as, type TestNode } from "./node.ts";

/** The inventory service itself, for its store and its sweep. */
export const inventoryOf = (node: TestNode): InventoryService =>
	node.broker.getLocalService("inventory") as unknown as InventoryService;

export const staffOf = (node: TestNode, headers?: Record<string, string>) =>
	as(node, { userId: 3, roles: ["staff"] }, headers);

export async function stockUp(node: TestNode, onHand: Record<number, number>): Promise<void> {
	for (const [productId, units] of Object.entries(onHand))
		await staffOf(node)("inventory.set", { productId, onHand: units });
}

export interface Books {
	shelf: Record<number, { onHand: number; reserved: number }>;
	status: Record<number, string>;
	movements: { product_id: number; delta: number; kind: string; order_id: number | null; reason: string | null }[];
}

/** What the store says, once it is sure that it adds up: movements to what is on hand, holds to what is reserved. */
export async function books(node: TestNode): Promise<Books> {
	const { store } = inventoryOf(node);
	const stock = await store.all<{ product_id: number; on_hand: number; reserved: number }>("SELECT * FROM stock");
	const reservations = await store.all<{ order_id: number; status: string; items: string }>(
		"SELECT * FROM reservations ORDER BY order_id"
	);
	const movements = await store.all<Books["movements"][number]>(
		"SELECT product_id, delta, kind, order_id, reason FROM movements ORDER BY id"
	);
	const moved = new Map<number, number>();
	for (const { product_id, delta } of movements) moved.set(product_id, (moved.get(product_id) ?? 0) + delta);
	const held = summed(
		reservations.filter(({ status }) => status === "HELD").flatMap(({ items }) => JSON.parse(items) as Line[])
	);
	const shelf: Books["shelf"] = {};
	for (const { product_id, on_hand, reserved } of stock) {
		shelf[product_id] = { onHand: on_hand, reserved };
		expect({ product_id, onHand: on_hand }).toEqual({ product_id, onHand: moved.get(product_id) ?? 0 });
		const promised = held.find(({ productId }) => productId === product_id)?.quantity ?? 0;
		expect({ product_id, reserved }).toEqual({ product_id, reserved: promised });
		expect(reserved).toBeGreaterThanOrEqual(0);
		expect(on_hand).toBeGreaterThanOrEqual(reserved);
	}
	return { shelf, status: Object.fromEntries(reservations.map(row => [row.order_id, row.status])), movements };
}

/** Lets the time of an order's hold be over. */
export async function lapse(node: TestNode, ...orderIds: number[]): Promise<void> {
	const origin = { unit: "spec/lapse", correlationId: "spec" };
	await inventoryOf(node).store.transact({ origin }, async unit => {
		for (const orderId of orderIds)
			await unit.run("UPDATE reservations SET expires_at = ? WHERE order_id = ? AND status = 'HELD'", [
				"2020-01-01T00:00:00.000Z",
				orderId
			]);
	});
}
