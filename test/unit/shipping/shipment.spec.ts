import fc from "fast-check";
import {
	after,
	type Change,
	CHANGES,
	firstStatus,
	has,
	hasLeft,
	may,
	type Status,
	trackingOf
} from "../../../services/shipping/shipment.ts";
import { Shipment } from "../../../services/shipping/shipping.contract.ts";

const STATUSES: readonly Status[] = Shipment.shape.status.options;
const changes = Object.keys(CHANGES) as Change[];

describe("a shipment", () => {
	it("knows exactly these changes", () => {
		const table = STATUSES.map(status => [status, changes.filter(change => after(status, change) !== undefined)]);
		expect(Object.fromEntries(table)).toEqual({
			CREATED: ["cancelled", "dispatched"],
			DISPATCHED: ["delivered"],
			DELIVERED: [],
			CANCELLED: [],
			REFUSED: []
		});
	});

	it("never leaves before its order is confirmed, and is never cancelled once it has left", () => {
		const attempt = fc.constantFrom<Change | "confirmed">(...changes, "confirmed");
		fc.assert(
			fc.property(fc.array(attempt, { maxLength: 20 }), attempts => {
				let status: Status = "CREATED";
				let ready = false;
				for (const change of attempts) {
					if (change === "confirmed") ready = true;
					else if (may(status, ready, change)) {
						if (change === "cancelled") expect(hasLeft(status)).toBe(false);
						status = after(status, change)!;
					}
					if (hasLeft(status)) expect(ready).toBe(true);
				}
			})
		);
	});

	it("knows what has already happened to it", () => {
		const table = STATUSES.map(status => [status, [has(status, "dispatched"), has(status, "delivered")]]);
		expect(Object.fromEntries(table)).toEqual({
			CREATED: [false, false],
			DISPATCHED: [true, false],
			DELIVERED: [true, true],
			CANCELLED: [false, false],
			REFUSED: [false, false]
		});
	});

	it("is refused where no carrier goes, and only there", () => {
		expect(firstStatus("ZZ")).toBe("REFUSED");
		expect(firstStatus("DE")).toBe("CREATED");
		expect(firstStatus(undefined)).toBe("CREATED");
	});
});

describe("a tracking number", () => {
	// The example of the standard: RA 47312482 9 US.
	it("has the check digit of the standard", () => {
		expect(trackingOf(47_312_482)).toBe("SK473124829XZ");
		expect(trackingOf(1)).toBe("SK000000014XZ");
	});

	it("differs from one shipment to the next, and shows one wrong digit", () => {
		const id = fc.integer({ min: 1, max: 99_999_999 });
		fc.assert(
			fc.property(id, id, (one, other) => {
				expect(trackingOf(one)).toMatch(/^SK\d{9}XZ$/);
				if (one !== other) expect(trackingOf(one)).not.toBe(trackingOf(other));
			})
		);
		fc.assert(
			fc.property(id, fc.nat(7), fc.integer({ min: 1, max: 9 }), (one, place, slip) => {
				const serial = trackingOf(one).slice(2, 10);
				const wrong = [...serial];
				wrong[place] = String((Number(wrong[place]) + slip) % 10);
				const check = (digits: string) => trackingOf(Number(digits)).at(10);
				// Two remainders share a digit (the standard maps 10 to 0 and 11 to 5), so not every slip can show.
				const blind = ["0", "5"].includes(check(serial)!);
				if (!blind) expect(check(wrong.join(""))).not.toBe(check(serial));
			})
		);
	});
});
