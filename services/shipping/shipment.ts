import type { Shipment } from "./shipping.contract.ts";

export type Status = Shipment["status"];

/** All that can happen to a shipment: the states in which it can, and the state it leads to. */
export const CHANGES = {
	cancelled: { from: ["CREATED"], to: "CANCELLED" },
	dispatched: { from: ["CREATED"], to: "DISPATCHED" },
	delivered: { from: ["DISPATCHED"], to: "DELIVERED" }
} as const satisfies Record<string, { from: readonly Status[]; to: Status }>;
export type Change = keyof typeof CHANGES;

/** The state that a change leads to; undefined when it cannot happen in this one. */
export function after(status: Status, change: Change): Status | undefined {
	const { from, to }: { from: readonly Status[]; to: Status } = CHANGES[change];
	return from.includes(status) ? to : undefined;
}

/** Whether a change can happen now: a parcel leaves only once its order is confirmed. */
export const may = (status: Status, ready: boolean, change: Change): boolean =>
	after(status, change) !== undefined && (change !== "dispatched" || ready);

/** Whether a change has already happened, by this call or an earlier one. */
export const has = (status: Status, change: "dispatched" | "delivered"): boolean =>
	status === "DELIVERED" || status === CHANGES[change].to;

/** Whether the parcel has left, and cannot be called back. */
export const hasLeft = (status: Status): boolean => has(status, "dispatched");

/** Whether the parcel goes nowhere any more. */
export const isOver = (status: Status): boolean => status !== "CREATED" && status !== "DISPATCHED";

/** Countries that no carrier takes parcels to. */
const REFUSED = new Set(["ZZ"]);

/** Whether a carrier takes parcels there. Without an address they go where the customer's things always go. */
export const shipsTo = (country: string | undefined): boolean => country === undefined || !REFUSED.has(country);

/** How a shipment begins. */
export const firstStatus = (country: string | undefined): Status => (shipsTo(country) ? "CREATED" : "REFUSED");

const WEIGHTS = [8, 6, 4, 2, 3, 5, 9, 7];

/** The number on the parcel, of the form that post offices agreed on (UPU S10): a slip of the pen does not fit its check digit. */
export function trackingOf(id: number): string {
	const serial = String(id % 100_000_000).padStart(8, "0");
	const sum = WEIGHTS.reduce((total, weight, index) => total + weight * Number(serial[index]), 0);
	const rest = 11 - (sum % 11);
	const check = rest === 10 ? 0 : rest === 11 ? 5 : rest;
	return `SK${serial}${check}XZ`;
}
