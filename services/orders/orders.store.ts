import { DataTypes } from "sequelize";
import { isErased, noteErased } from "../../broker/sql/erasure.ts";
import type { Store, Unit } from "../../broker/sql/store.ts";
import type { Model } from "../../mixins/store.mixin.ts";
import { anonymous, evolve, isFinal, may, type OrderFact, type Placed, type Recorded } from "./order.ts";
import type { CarriedOrder, Order } from "./orders.contract.ts";
import { OrderNotFound } from "./orders.errors.ts";

export const model: Model = {
	name: "order",
	define: {
		id: { type: DataTypes.INTEGER, primaryKey: true },
		user_id: DataTypes.INTEGER,
		status: DataTypes.STRING,
		version: DataTypes.INTEGER,
		body: DataTypes.TEXT
	},
	options: { tableName: "orders", timestamps: false }
};

export interface OrderRow {
	id: number;
	body: string;
}

interface FactRow {
	version: number;
	type: string;
	at: string;
	data: string;
}

/** What a subject of an order's events is called. */
export const subjectOf = (orderId: number): string => `order/${orderId}`;

export const orderOf = ({ id, body }: OrderRow): Order => ({ id, ...(JSON.parse(body) as Omit<Order, "id">) });

/** One order. Throws OrderNotFound. */
export async function find(sql: Pick<Store | Unit, "get">, id: number): Promise<Order> {
	const order = await lookUp(sql, id);
	if (!order) throw new OrderNotFound(id);
	return order;
}

/** The same; undefined when there is none. */
export async function lookUp(sql: Pick<Store | Unit, "get">, id: number): Promise<Order | undefined> {
	const row = await sql.get<OrderRow>("SELECT id, body FROM orders WHERE id = ?", [id]);
	return row && orderOf(row);
}

/** All that happened to an order, in order. */
export async function factsOf(store: Store, id: number): Promise<Recorded[]> {
	const rows = await store.all<FactRow>(
		"SELECT version, type, at, data FROM order_events WHERE order_id = ? ORDER BY version",
		[id]
	);
	return rows.map(row => ({ ...row, data: JSON.parse(row.data) as object }) as Recorded);
}

/** Writes a new order with its first fact, and announces it. `carry` makes what travels along when events drive it. */
export async function create(unit: Unit, placed: Placed, carry?: (order: Order) => CarriedOrder): Promise<Order> {
	const fact: Recorded = { type: "created", data: placed, version: 1, at: unit.now };
	const { id: _, ...body } = evolve(undefined, fact, 0);
	const row = await unit.get<{ id: number }>(
		"INSERT INTO orders (user_id, status, version, body) VALUES (?, ?, 1, ?) RETURNING id",
		[placed.userId, body.status, JSON.stringify(body)]
	);
	const order: Order = { id: row!.id, ...body };
	log(unit, order, fact);
	const { flow, items } = order;
	unit.emit("order.created", subjectOf(order.id), { ...about(order), flow, items, order: carry?.(order) }, 1);
	return order;
}

/**
 * Records what happened to an order: the fact, what the order is now, and the event for others. Resolves to undefined, and
 * changes nothing, when the order's state does not allow it: it came late or twice. `carried` travels along with it.
 */
export async function record(
	unit: Unit,
	id: number,
	fact: OrderFact,
	carried?: CarriedOrder
): Promise<Order | undefined> {
	const before = await find(unit, id);
	if (fact.type === "created" || !may(before, fact.type)) return undefined;
	const recorded: Recorded = { ...fact, version: before.version + 1, at: unit.now };
	const order = evolve(before, recorded, id);
	const { id: _, ...body } = order;
	await unit.run("UPDATE orders SET status = ?, version = ?, body = ? WHERE id = ? AND version = ?", [
		order.status,
		order.version,
		JSON.stringify(body),
		id,
		before.version
	]);
	log(unit, order, recorded);
	announce(unit, order, fact, carried);
	if (isFinal(order) && order.shippingAddress && (await isErased(unit, order.userId))) await eraseAddress(unit, order);
	return order;
}

/**
 * Erases where the orders of a removed user went. Those on their way are only touched: whoever ends one at this moment is
 * overtaken, and learns of it. Resolves to those that are held: nobody will see to them any more.
 */
export async function eraseUser(unit: Unit, userId: number): Promise<Order[]> {
	await noteErased(unit, userId);
	const held: Order[] = [];
	for (const row of await unit.all<OrderRow>("SELECT id, body FROM orders WHERE user_id = ?", [userId])) {
		const order = orderOf(row);
		if (isFinal(order)) await eraseAddress(unit, order);
		else if (order.status === "HELD") held.push(order);
		else await unit.run("UPDATE orders SET user_id = user_id WHERE id = ?", [order.id]);
	}
	return held;
}

// Facts are never changed but for this: what they say of the order stays true without it.
async function eraseAddress(unit: Unit, { id, ...body }: Order): Promise<void> {
	await unit.run("UPDATE orders SET body = ? WHERE id = ?", [JSON.stringify(anonymous(body)), id]);
	for (const { version, data } of await unit.all<FactRow>(
		"SELECT version, data FROM order_events WHERE order_id = ? AND type IN ('created', 'address_changed')",
		[id]
	))
		await unit.run("UPDATE order_events SET data = ? WHERE order_id = ? AND version = ?", [
			JSON.stringify(anonymous(JSON.parse(data) as Pick<Placed, "shippingAddress">)),
			id,
			version
		]);
	await unit.run("UPDATE sagas SET data = '{}' WHERE subject = ? AND status IN ('DONE', 'COMPENSATED')", [
		subjectOf(id)
	]);
}

function log(unit: Unit, { id }: Order, { version, type, at, data }: Recorded): void {
	unit.append("order_events", { order_id: id, version, type, at, data: JSON.stringify(data) });
}

const about = ({ id, userId, total, currency }: Order) => ({ orderId: id, userId, total, currency });

function announce(
	unit: Unit,
	order: Order,
	fact: Exclude<OrderFact, { type: "created" }>,
	carried?: CarriedOrder
): void {
	const subject = subjectOf(order.id);
	switch (fact.type) {
		case "held":
			return unit.emit("order.held", subject, { ...about(order), ...fact.data }, order.version);
		case "address_changed":
			return unit.emit("order.address_changed", subject, about(order), order.version);
		case "released": {
			const { heldFor } = order;
			return unit.emit(
				"order.released",
				subject,
				{ ...about(order), ...fact.data, heldFor, order: carried },
				order.version
			);
		}
		case "confirmed":
			return unit.emit(
				"order.confirmed",
				subject,
				{ ...about(order), ...fact.data, items: order.items },
				order.version
			);
		case "cancelled":
			return unit.emit("order.cancelled", subject, { ...about(order), ...fact.data }, order.version);
		case "cancel_requested":
			return unit.emit("order.cancel_requested", subject, about(order), order.version);
		case "cancel_refused":
			return unit.emit("order.cancel_refused", subject, { ...about(order), ...fact.data }, order.version);
		case "shipped":
			return unit.emit("order.shipped", subject, { ...about(order), ...fact.data }, order.version);
		case "delivered":
			return unit.emit("order.delivered", subject, { ...about(order), ...fact.data }, order.version);
		case "returned":
			return unit.emit("order.returned", subject, { ...about(order), ...fact.data }, order.version);
	}
}
