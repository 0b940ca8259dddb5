import { DataTypes } from "sequelize";
import { StoreUnavailable } from "../../broker/errors.ts";
import { oneOf } from "../../broker/sql/sql.ts";
import type { Store, Unit } from "../../broker/sql/store.ts";
import type { Model } from "../../mixins/store.mixin.ts";
import type { Movement, Stock } from "./inventory.contract.ts";
import { difference, type Line, type Move, needs, type Shelf } from "./stock.ts";

export const model: Model = {
	name: "movement",
	define: {
		id: { type: DataTypes.INTEGER, primaryKey: true },
		product_id: DataTypes.INTEGER,
		delta: DataTypes.INTEGER,
		kind: DataTypes.STRING,
		reason: DataTypes.STRING,
		order_id: DataTypes.INTEGER,
		return_id: DataTypes.INTEGER,
		at: DataTypes.STRING
	},
	options: { tableName: "movements", timestamps: false }
};

export interface MovementRow {
	id: number;
	product_id: number;
	delta: number;
	kind: Movement["kind"];
	reason: string | null;
	order_id: number | null;
	/** What a customer sent back by it; then the movement is RETURNED. */
	return_id: number | null;
	at: string;
}

/** A row of the movements table as the contract shows it. */
export const movementOf = ({
	id,
	product_id,
	delta,
	kind,
	reason,
	order_id,
	return_id,
	at
}: MovementRow): Movement => ({
	id,
	productId: product_id,
	delta,
	kind,
	reason: reason ?? undefined,
	orderId: order_id ?? undefined,
	returnId: return_id ?? undefined,
	at
});

const stockOf = (productId: number, { onHand, reserved }: Shelf, updatedAt: string): Stock => ({
	productId,
	onHand,
	reserved,
	available: onHand - reserved,
	updatedAt
});

/** The stock of a product; undefined when it has none. */
export async function findStock(sql: Pick<Store | Unit, "get">, productId: number): Promise<Stock | undefined> {
	const row = await sql.get<{ on_hand: number; reserved: number; updated_at: string }>(
		"SELECT on_hand, reserved, updated_at FROM stock WHERE product_id = ?",
		[productId]
	);
	return row && stockOf(productId, { onHand: row.on_hand, reserved: row.reserved }, row.updated_at);
}

/** How much of each product of an order nobody holds. */
export async function freeOf(unit: Unit, lines: readonly Line[]): Promise<Map<number, number>> {
	const these = oneOf(
		"product_id",
		lines.map(({ productId }) => productId)
	);
	const rows = await unit.all<{ product_id: number; free: number }>(
		`SELECT product_id, on_hand - reserved AS free FROM stock WHERE ${these.sql}`,
		these.values
	);
	return new Map(rows.map(({ product_id, free }) => [product_id, free]));
}

/** Does to the shelf of one product what a move of an order's reservation does. */
export async function shift(unit: Unit, move: Move, orderId: number, { productId, quantity }: Line): Promise<void> {
	const delta = move.onHand * quantity;
	if (move.kind) note(unit, { product_id: productId, delta, kind: move.kind, reason: null, order_id: orderId });
	await one(
		unit.run(
			`UPDATE stock SET on_hand = on_hand + ?, reserved = reserved + ?, updated_at = ?
			WHERE product_id = ? AND on_hand - reserved >= ?`,
			[delta, move.reserved * quantity, unit.now, productId, needs(move) * quantity]
		)
	);
}

/** Puts what came back by a return on the shelf. False, and nothing is changed, when it is there already. */
export async function putBack(
	unit: Unit,
	{ returnId, orderId, lines }: { returnId: number; orderId: number; lines: readonly Line[] }
): Promise<boolean> {
	for (const { productId, quantity } of lines) {
		// The movement is the mark, too: written at once, so that whoever comes at the same time meets it.
		const first = await unit.run(
			`INSERT INTO movements (product_id, delta, kind, order_id, return_id, at) VALUES (?, ?, 'RETURNED', ?, ?, ?)
			ON CONFLICT (return_id, product_id) WHERE return_id IS NOT NULL DO NOTHING`,
			[productId, quantity, orderId, returnId, unit.now]
		);
		if (first === 0) return false;
		await one(
			unit.run("UPDATE stock SET on_hand = on_hand + ?, updated_at = ? WHERE product_id = ?", [
				quantity,
				unit.now,
				productId
			])
		);
	}
	return true;
}

/** Sets what is on hand, tells of it and leaves its movement. Throws StockReserved and ValidationFailed before it writes. */
export async function recount(
	unit: Unit,
	before: Stock | undefined,
	{ productId, onHand, kind, reason }: { productId: number; onHand: number; kind: Movement["kind"]; reason?: string }
): Promise<Stock> {
	const shelf = before ?? { onHand: 0, reserved: 0 };
	const delta = difference(productId, shelf, onHand);
	if (before && delta === 0) return before;
	await one(
		unit.run(
			`INSERT INTO stock (product_id, on_hand, updated_at) VALUES (?, ?, ?)
			ON CONFLICT (product_id) DO UPDATE SET on_hand = excluded.on_hand, updated_at = excluded.updated_at
			WHERE stock.on_hand = ? AND stock.reserved <= excluded.on_hand`,
			[productId, onHand, unit.now, before?.onHand ?? null]
		)
	);
	if (delta !== 0) note(unit, { product_id: productId, delta, kind, reason: reason ?? null, order_id: null });
	unit.emit("inventory.stock_changed", `stock/${productId}`, { productId, onHand, delta, reason });
	return stockOf(productId, { onHand, reserved: shelf.reserved }, unit.now);
}

/** The first stock of new products. Where somebody was faster and counted one by hand, this is a count after theirs. */
export async function firstCount(unit: Unit, items: readonly { productId: number; onHand: number }[]): Promise<void> {
	const these = oneOf(
		"product_id",
		items.map(({ productId }) => productId)
	);
	const counted = await unit.all<{ product_id: number }>(
		`SELECT product_id FROM stock WHERE ${these.sql}`,
		these.values
	);
	const before = new Set(counted.map(({ product_id }) => product_id));
	for (const { productId, onHand } of items) {
		if (before.has(productId)) {
			await recount(unit, await findStock(unit, productId), { productId, onHand, kind: "COUNTED" });
			continue;
		}
		plant(unit, productId, onHand);
		unit.emit("inventory.stock_changed", `stock/${productId}`, { productId, onHand, delta: onHand });
	}
}

/** Stock of a product that has none: on a shelf nobody has looked at yet. */
export function plant(unit: Unit, productId: number, onHand: number): void {
	unit.append("stock", { product_id: productId, on_hand: onHand, updated_at: unit.now });
	if (onHand > 0)
		note(unit, { product_id: productId, delta: onHand, kind: "COUNTED", reason: "First count", order_id: null });
}

const note = (unit: Unit, movement: Omit<MovementRow, "id" | "return_id" | "at">): void =>
	unit.append("movements", { ...movement, at: unit.now });

/** A conditional write that must hit. When it does not, somebody else was faster since the look, and the unit starts over. */
export async function one(changed: Promise<number>): Promise<void> {
	if ((await changed) !== 1) throw new StoreUnavailable("inventory", "changed meanwhile");
}
