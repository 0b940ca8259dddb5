import { join } from "node:path";
import { change } from "./change.ts";
import { type Branch, type Driver, FLOWS, STAFF } from "./driver.ts";
import type { Scenario } from "./matrix.ts";
import type { Trial } from "./trial.ts";

/** Settings under which orders of many pieces, and those that go nowhere, wait for a person; no other orders do. */
export const STRICT = { ORDER_REVIEW_ABOVE: "100000", ORDER_HOLD_ADDRESS: "on" };

const MANY = 100;
const confirmed: Branch["ends"] = [{ status: "CONFIRMED" }];
const rejected: Branch["ends"] = [{ status: "CANCELLED", reason: "REVIEW_REJECTED" }];

/** The task by which somebody sees to an order, once it is there. */
async function review({ client }: Driver, id: number): Promise<{ path: string; as: string }> {
	const { items } = await client.until<{ items: { id: number }[] }>(
		{ operation: "tasks.list", path: `/tasks?kind=review&about=order/${id}`, as: STAFF },
		list => list.items.length === 1
	);
	return { path: `/tasks/${items[0]!.id}`, as: STAFF };
}

/** The ways that held orders can go. */
export const HELD: readonly Branch[] = [
	{
		name: "reviewed",
		quantity: MANY,
		ends: confirmed,
		async then(driver, { id }) {
			await driver.staff("tasks.complete", "POST", `${(await review(driver, id)).path}/complete`);
		}
	},
	{
		name: "released",
		quantity: MANY,
		ends: confirmed,
		async then(driver, { id }) {
			await driver.staff("orders.release", "POST", `/orders/${id}/release`);
		}
	},
	{
		name: "readdressed",
		country: "ZZ",
		ends: confirmed,
		async then({ client }, { id }) {
			const body = { name: "A. Buyer", street: "2 Market Street", city: "Lyon", postalCode: "69001", country: "FR" };
			await client.done({
				operation: "orders.changeAddress",
				method: "PUT",
				path: `/orders/${id}/address`,
				as: STAFF,
				body
			});
		}
	},
	{
		name: "rejected",
		quantity: MANY,
		ends: rejected,
		async then(driver, { id }) {
			const task = await review(driver, id);
			await driver.client.done({ ...task, operation: "tasks.update", method: "PUT", body: { status: "CANCELLED" } });
		}
	},
	{
		name: "its review removed",
		quantity: MANY,
		ends: rejected,
		async then(driver, { id }) {
			const task = await review(driver, id);
			await driver.client.done({ ...task, operation: "tasks.remove", method: "DELETE", orElse: [404] });
		}
	}
];

/** Nobody sees to an order, and its days are over at once. */
const forgotten = ({ souk }: Trial): Branch => ({
	name: "forgotten",
	quantity: MANY,
	ends: [{ status: "CANCELLED", reason: "HOLD_EXPIRED" }],
	then(_, { id }) {
		const long = "2001-01-01T00:00:00.000Z";
		change(join(souk.dataDir, "orders.db"), sql =>
			sql.prepare("UPDATE timers SET due_at = ?, next_try_at = ? WHERE subject = ?").run(long, long, `order/${id}`)
		);
		return Promise.resolve();
	}
});

/** Orders that wait for a person, and what the person does. */
export const holds: Scenario[] = [
	...FLOWS.flatMap(flow =>
		HELD.map(branch => ({
			name: `${flow}/held, and ${branch.name}`,
			style: "holds",
			run: ({ driver }: Trial) => driver.order(branch, flow)
		}))
	),
	{
		name: "held, and forgotten",
		style: "holds",
		run: trial => trial.driver.order(forgotten(trial), FLOWS[0])
	}
];
