import type { Unit } from "../../../broker/sql/store.ts";
import { commit, hold } from "../../../services/inventory/reservations.store.ts";

/** A store in which another process changes things between the look and the write. */
function overtaken(rows: object[]): { unit: Unit; emitted: string[] } {
	const emitted: string[] = [];
	const unit = {
		now: "2026-01-01T00:00:00.000Z",
		origin: { unit: "spec", correlationId: "spec" },
		get: () => Promise.resolve(rows[0]),
		all: () => Promise.resolve([{ product_id: 101, free: 5 }]),
		run: () => Promise.resolve(0),
		append: () => undefined,
		emit: (type: string) => emitted.push(type)
	};
	return { unit: unit as unknown as Unit, emitted };
}

describe("a change that somebody else was faster with", () => {
	const fault = { type: "STORE_UNAVAILABLE", code: 503, retryable: true };

	it("is a fault that passes, not an answer, when the last units went", async () => {
		const { unit, emitted } = overtaken([]);
		await expect(hold(unit, { orderId: 1, items: [{ productId: 101, quantity: 5 }] }, 900)).rejects.toMatchObject(
			fault
		);
		expect(emitted).toEqual([]);
	});

	it("is the same when the reservation moved on", async () => {
		const items = JSON.stringify([{ productId: 101, quantity: 5 }]);
		const { unit, emitted } = overtaken([{ status: "HELD", items, expires_at: "2026-01-01T00:15:00.000Z" }]);
		await expect(commit(unit, { orderId: 1 })).rejects.toMatchObject(fault);
		expect(emitted).toEqual([]);
	});
});
