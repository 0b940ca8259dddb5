import { isErased, noteErased } from "../../broker/sql/erasure.ts";
import type { Store, Unit } from "../../broker/sql/store.ts";
import type { CarriedOrder } from "../orders/orders.contract.ts";
import { CHANGES, firstStatus, isOver, type Status, trackingOf } from "./shipment.ts";
import type { Shipment } from "./shipping.contract.ts";

export interface ShipmentRow {
	id: number;
	order_id: number;
	/** Null in a tombstone: the order was given up before its shipment came. Nobody is shown it. */
	user_id: number | null;
	status: Status;
	address: string | null;
	tracking: string | null;
	/** 1 once the order was confirmed. */
	ready: number;
	version: number;
	created_at: string;
	updated_at: string;
}

type Reader = Pick<Store | Unit, "get">;

/** A row as the contract shows it. */
export const toShipment = (row: ShipmentRow): Shipment => ({
	id: row.id,
	orderId: row.order_id,
	userId: row.user_id!,
	status: row.status,
	address: row.address === null ? undefined : (JSON.parse(row.address) as Shipment["address"]),
	tracking: row.tracking ?? undefined,
	createdAt: row.created_at,
	updatedAt: row.updated_at,
	version: row.version
});

/** What the events of a shipment are called after: they are all about its order. */
const subjectOf = (orderId: number): string => `order/${orderId}`;

/** What every event of a shipment says; `order` is in it when events drive the order. */
const aboutOf = (row: ShipmentRow, order?: CarriedOrder) => ({
	shipmentId: row.id,
	orderId: row.order_id,
	userId: row.user_id ?? order!.userId,
	order: order && { ...order, shipmentId: row.id }
});

export const byId = (sql: Reader, id: number): Promise<ShipmentRow | undefined> =>
	sql.get<ShipmentRow>("SELECT * FROM shipments WHERE id = ? AND user_id IS NOT NULL", [id]);

/** What an order has booked, or its tombstone. */
export const ofOrder = (unit: Unit, orderId: number): Promise<ShipmentRow | undefined> =>
	unit.get<ShipmentRow>("SELECT * FROM shipments WHERE order_id = ?", [orderId]);

/** Books a shipment, or finds the one there is. With `order` it answers the chain, also where nothing changed. */
export async function book(
	unit: Unit,
	{ orderId, userId, address }: Pick<Shipment, "orderId" | "userId" | "address">,
	order?: CarriedOrder
): Promise<ShipmentRow> {
	const booked = await unit.get<ShipmentRow>(
		`INSERT INTO shipments (order_id, user_id, status, address, version, created_at, updated_at)
		VALUES (?, ?, ?, ?, 1, ?, ?) ON CONFLICT (order_id) DO NOTHING RETURNING *`,
		[orderId, userId, firstStatus(address?.country), address ? JSON.stringify(address) : null, unit.now, unit.now]
	);
	const row = booked ?? (await ofOrder(unit, orderId))!;
	if (!booked && !order) return row;
	const subject = subjectOf(orderId);
	const about = aboutOf(row, order);
	if (row.status === "REFUSED") unit.emit("shipment.failed", subject, { ...about, reason: "SHIPPING_FAILED" });
	else if (row.status === "CANCELLED")
		unit.emit("shipment.failed", subject, { ...about, reason: "SHIPMENT_CANCELLED" });
	else unit.emit("shipment.created", subject, about);
	return row;
}

/**
 * Cancels what an order has booked, or sees to it that nothing is booked for it any more. What cannot be cancelled stays as
 * it is. With `order` it answers the chain, also where nothing changed.
 */
export async function cancelOf(
	unit: Unit,
	{ orderId, reason }: { orderId: number; reason: string },
	order?: CarriedOrder
): Promise<ShipmentRow> {
	const changed = await unit.get<ShipmentRow>(
		`INSERT INTO shipments (order_id, status, version, created_at, updated_at) VALUES (?, ?, 1, ?, ?)
		ON CONFLICT (order_id) DO UPDATE SET
			status = excluded.status, version = shipments.version + 1, updated_at = excluded.updated_at
		WHERE shipments.status = 'CREATED' RETURNING *`,
		[orderId, CHANGES.cancelled.to, unit.now, unit.now]
	);
	const row = changed ?? (await ofOrder(unit, orderId))!;
	const wasThere = changed && changed.user_id !== null;
	if (wasThere) await eraseIfOver(unit, changed);
	const answers = order && (row.status === "CANCELLED" || row.status === "REFUSED");
	if (wasThere || answers) unit.emit("shipment.cancelled", subjectOf(orderId), { ...aboutOf(row, order), reason });
	return row;
}

/** Lets the shipment of a confirmed order leave. It looks the same to everybody, so its version stays. */
export const makeReady = (unit: Unit, orderId: number): Promise<number> =>
	unit.run("UPDATE shipments SET ready = 1 WHERE order_id = ? AND status = 'CREATED'", [orderId]);

/** Makes a change to a shipment as it was seen, with its event. Undefined when somebody else was faster. */
export async function change(
	unit: Unit,
	seen: ShipmentRow,
	what: "dispatched" | "delivered"
): Promise<ShipmentRow | undefined> {
	const tracking = seen.tracking ?? trackingOf(seen.id);
	const changed = await unit.get<ShipmentRow>(
		`UPDATE shipments SET status = ?, tracking = ?, version = version + 1, updated_at = ?
		WHERE id = ? AND version = ? RETURNING *`,
		[CHANGES[what].to, tracking, unit.now, seen.id, seen.version]
	);
	if (!changed) return undefined;
	const subject = subjectOf(changed.order_id);
	if (what === "dispatched") unit.emit("shipment.dispatched", subject, { ...aboutOf(changed), tracking });
	else unit.emit("shipment.delivered", subject, aboutOf(changed));
	await eraseIfOver(unit, changed);
	return changed;
}

/** Erases where the parcels of a removed user went. Those on their way are only touched: whoever ends one at this moment is overtaken, and learns of it. */
export async function eraseUser(unit: Unit, userId: number): Promise<void> {
	await noteErased(unit, userId);
	await unit.run(
		`UPDATE shipments SET address = CASE WHEN status IN ('CREATED', 'DISPATCHED') THEN address END WHERE user_id = ?`,
		[userId]
	);
}

async function eraseIfOver(unit: Unit, { id, user_id, status, address }: ShipmentRow): Promise<void> {
	if (isOver(status) && address !== null && (await isErased(unit, user_id!)))
		await unit.run("UPDATE shipments SET address = NULL WHERE id = ?", [id]);
}
