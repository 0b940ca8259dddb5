import type { Unit } from "../../broker/sql/store.ts";
import type { CarriedOrder } from "../orders/orders.contract.ts";
import type { Reservation as Answer } from "./inventory.contract.ts";
import { OutOfStock, ReservationReleased } from "./inventory.errors.ts";
import { freeOf, one, shift } from "./inventory.store.ts";
import { type Line, type Move, MOVES, needs, shortage, type Status, summed } from "./stock.ts";

interface Reservation {
	orderId: number;
	status: Status;
	/** As the order has them: lines of the same product are added up where stock moves, and only there. */
	items: Line[];
	expiresAt?: string | undefined;
	/** Why it was released. */
	releasedFor?: string | undefined;
}

/** What came of a request for an order: its reservation, or why not. Where it is refused, nothing was written. */
export type Outcome =
	| { reservation: Answer; refusal?: undefined }
	| { refusal: OutOfStock | ReservationReleased; reservation?: undefined };

interface About {
	orderId: number;
	/** The order that events drive; then each of its events is answered by one, also where nothing changed. */
	order?: CarriedOrder;
}

/** What a subject of a reservation's events is called: they are all about its order. */
export const subjectOf = (orderId: number): string => `order/${orderId}`;

/** Holds all items of an order, or none. */
export async function hold(
	unit: Unit,
	{ orderId, items, order }: About & { items: Line[] },
	ttlSeconds: number
): Promise<Outcome> {
	const found = await find(unit, orderId);
	const move = MOVES.reserve[found.status];
	if (move === "refused") return { refusal: new ReservationReleased(orderId, found.releasedFor) };
	let held = found;
	if (move !== "same") {
		const wanted = { ...found, items, expiresAt: after(unit.now, ttlSeconds) };
		const short = await shortOf(unit, wanted, move);
		if (short) return { refusal: short };
		held = await apply(unit, wanted, move);
	}
	if (move !== "same" || order) {
		const expiresAt = held.expiresAt!;
		unit.emit("inventory.reserved", subjectOf(orderId), { orderId, items: held.items, expiresAt, order });
	}
	return { reservation: answer(held) };
}

/** Takes what an order holds off the shelf, or what it held before it expired, if that is still there. */
export async function commit(unit: Unit, { orderId, order }: About): Promise<Outcome> {
	const found = await find(unit, orderId);
	const move = MOVES.commit[found.status];
	if (move === "refused") return { refusal: new ReservationReleased(orderId, found.releasedFor) };
	let taken = found;
	if (move !== "same") {
		const short = await shortOf(unit, found, move);
		if (short) return { refusal: short };
		taken = await apply(unit, found, move);
	}
	if (move !== "same" || order)
		unit.emit("inventory.committed", subjectOf(orderId), { orderId, items: taken.items, order });
	return { reservation: answer(taken) };
}

/** Gives back what an order holds or took; what it holds nothing of, it can never hold again. */
export async function release(
	unit: Unit,
	{ orderId, order, reason }: About & { reason: string }
): Promise<{ reservation: Answer }> {
	const found = await find(unit, orderId);
	const move = MOVES.release[found.status];
	const released = move === "same" ? found : await apply(unit, { ...found, releasedFor: reason }, move);
	if (move !== "same" || order) {
		const back = found.status === "HELD" || found.status === "COMMITTED" ? found.items : [];
		unit.emit("inventory.released", subjectOf(orderId), { orderId, items: back, reason, order });
	}
	return { reservation: answer(released) };
}

/** Ends a hold whose time is over, unless something else ended it before. */
export async function expire(unit: Unit, orderId: number): Promise<void> {
	const found = await find(unit, orderId);
	const move = MOVES.expire[found.status];
	if (move === "same" || found.expiresAt! > unit.now) return;
	await apply(unit, found, move);
	unit.emit("inventory.expired", subjectOf(orderId), { orderId, items: found.items });
}

interface Row {
	status: Answer["status"];
	items: string;
	expires_at: string | null;
	released_for: string | null;
}

async function find(unit: Unit, orderId: number): Promise<Reservation> {
	const row = await unit.get<Row>(
		"SELECT status, items, expires_at, released_for FROM reservations WHERE order_id = ?",
		[orderId]
	);
	if (!row) return { orderId, status: "NONE", items: [] };
	const { status, items, expires_at, released_for } = row;
	return {
		orderId,
		status,
		items: JSON.parse(items) as Line[],
		expiresAt: expires_at ?? undefined,
		releasedFor: released_for ?? undefined
	};
}

/** What a move would need and is not there: asked before anything is written. */
async function shortOf(unit: Unit, { items }: Reservation, move: Move): Promise<OutOfStock | undefined> {
	if (needs(move) === 0) return undefined;
	const lines = summed(items);
	const short = shortage(lines, await freeOf(unit, lines));
	return short && new OutOfStock(short.productId, short.quantity);
}

/** Moves stock and reservation together. The reservation must still be as it was found: of two moves one wins. */
async function apply(unit: Unit, reservation: Reservation, move: Move): Promise<Reservation> {
	const { orderId, status, items, expiresAt, releasedFor } = reservation;
	const stockMoves = move.onHand !== 0 || move.reserved !== 0;
	if (stockMoves) for (const line of summed(items)) await shift(unit, move, orderId, line);
	await one(
		unit.run(
			`INSERT INTO reservations (order_id, status, items, expires_at, released_for, correlation_id, created_at,
				updated_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (order_id) DO UPDATE SET
				status = excluded.status, items = excluded.items, expires_at = excluded.expires_at,
				released_for = excluded.released_for, updated_at = excluded.updated_at
			WHERE reservations.status = ?`,
			[
				orderId,
				move.to,
				JSON.stringify(items),
				expiresAt ?? null,
				releasedFor ?? null,
				unit.origin.correlationId,
				unit.now,
				unit.now,
				status
			]
		)
	);
	return { ...reservation, status: move.to };
}

const answer = ({ orderId, status, expiresAt }: Reservation): Answer => ({
	orderId,
	status: status as Answer["status"],
	expiresAt: status === "HELD" ? expiresAt : undefined
});

const after = (now: string, seconds: number): string => new Date(Date.parse(now) + seconds * 1_000).toISOString();
