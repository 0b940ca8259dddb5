import { type Branch, type Driver, type Order, STAFF } from "./driver.ts";

/** Sees an order to its customer's door. */
export async function arrive(driver: Driver, id: number): Promise<void> {
	const order = await driver.reached(id, "CONFIRMED");
	await driver.ship(order, "dispatch", "DISPATCHED");
	await driver.reached(id, "SHIPPED", "DELIVERED");
	await driver.ship(order, "deliver", "DELIVERED");
	await driver.reached(id, "DELIVERED");
}

/** One unit of an order is to come back. Resolves to the return's id. */
async function sendBack(driver: Driver, { id, items }: Order): Promise<number> {
	const [{ productId }] = items as [{ productId: number }];
	const wanted = { items: [{ productId, quantity: 1 }], reason: "It is too small" };
	return (await driver.staff<{ id: number }>("orders.requestReturn", "POST", `/orders/${id}/returns`, wanted)).id;
}

/** The path of the task by which somebody inspects a return. */
async function inspectionOf(driver: Driver, returnId: number): Promise<string> {
	const { items } = await driver.client.until<{ items: { id: number }[] }>(
		{ operation: "tasks.list", path: `/tasks?kind=inspect&about=return/${returnId}`, as: STAFF },
		list => list.items.length === 1
	);
	return `/tasks/${items[0]!.id}`;
}

async function inspect(driver: Driver, returnId: number): Promise<void> {
	await driver.staff("tasks.complete", "POST", `${await inspectionOf(driver, returnId)}/complete`);
}

const becomes = (driver: Driver, returnId: number, status: string): Promise<unknown> =>
	driver.client.until<{ status: string }>(
		{ operation: "orders.getReturn", path: `/returns/${returnId}`, as: STAFF },
		one => one.status === status
	);

/** Some of an order comes back, bit by bit, and is inspected. */
export const returned: Branch = {
	name: "returned",
	ends: [{ status: "DELIVERED" }],
	async then(driver, order) {
		await arrive(driver, order.id);
		for (let unit = 1; unit <= 2; unit++) {
			const id = await sendBack(driver, order);
			await inspect(driver, id);
			await becomes(driver, id, "COMPLETED");
		}
	}
};

/** Everything that keeps goods from coming back: nobody wants to inspect them, nobody sends them, or they were paid back before. */
export const keptAfterAll: Branch = {
	name: "kept-after-all",
	ends: [{ status: "DELIVERED" }],
	refunded: 3_750,
	async then(driver, order) {
		const { client } = driver;
		await arrive(driver, order.id);
		const refused = async (giveUp: (id: number) => Promise<unknown>) => {
			const id = await sendBack(driver, order);
			await giveUp(id);
			await becomes(driver, id, "REFUSED");
		};
		await refused(async id => {
			const path = await inspectionOf(driver, id);
			await client.done({ operation: "tasks.update", method: "PUT", path, as: STAFF, body: { status: "CANCELLED" } });
		});
		await refused(async id => {
			const path = await inspectionOf(driver, id);
			await client.done({ operation: "tasks.remove", method: "DELETE", path, as: STAFF, orElse: [404] });
		});
		await refused(id => driver.staff("orders.cancelReturn", "POST", `/returns/${id}/cancel`));
		const { paymentId } = await driver.reached(order.id, "DELIVERED");
		const all = { amount: 3_750, reason: "It was the wrong colour" };
		await driver.staff("payments.refund", "POST", `/payments/${paymentId}/refunds`, all);
		await refused(id => inspect(driver, id));
	}
};
