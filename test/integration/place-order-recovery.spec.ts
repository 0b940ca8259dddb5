import { eventually } from "../support/eventually.ts";
import { hanging, Neighbours, refusing, shop, type Shop } from "../support/orders.mother.ts";
import { crashed, removeCopies } from "../support/saga-shop.ts";

const open: Shop[] = [];
const start = async (neighbours: Neighbours, options: Parameters<typeof shop>[1] = {}) => {
	const made = await shop(neighbours, options);
	open.push(made);
	return made;
};
afterEach(async () => {
	for (const one of open.splice(0)) await one.close();
	removeCopies();
});

const ends = (here: Shop, id: number, status: string, reason?: string) =>
	eventually(async () => expect(await here.order(id)).toMatchObject({ status, ...(reason && { reason }) }));

/** A shop that dies while a neighbour is being asked, and the one that comes after it. */
async function dies(during: string, before: (neighbours: Neighbours) => Neighbours = same => same) {
	const hang = hanging();
	const first = before(new Neighbours()).on(during, hang.answer);
	const dying = await start(first);
	await dying.place();
	await eventually(() => expect(first.keysOf(during)).toHaveLength(1));
	const second = new Neighbours();
	const next = await start(second, { dataDir: crashed(dying) });
	return { first, second, next, go: hang.go };
}

const steps = ["inventory.reserve", "payments.authorize", "shipping.create", "inventory.commit", "payments.capture"];

it.each(steps)("an order whose process dies during %s is confirmed by the next", async step => {
	const { first, second, next, go } = await dies(step);
	await ends(next, 1, "CONFIRMED");
	go();
	expect(second.actions.slice(-1)).toEqual(["payments.capture"]);
	expect(second.actions).toEqual(steps.slice(steps.indexOf(second.actions[0]!)));
	expect(steps.indexOf(second.actions[0]!)).toBeLessThanOrEqual(steps.indexOf(step));
	// Whatever is asked again is asked under the key that it was asked under before.
	for (const { action, key } of first.asked) if (key) expect([[], [key]]).toContainEqual(second.keysOf(action));
	await eventually(() => expect(next.of("order.confirmed")).toHaveLength(1));
	expect(await next.sagas()).toEqual([expect.objectContaining({ status: "DONE" })]);
});

it.each(["shipping.cancel", "payments.void", "inventory.release"])(
	"an order whose process dies during %s, on its way back, is cancelled by the next",
	async step => {
		const refusal = (neighbours: Neighbours) => neighbours.on("inventory.commit", refusing("OUT_OF_STOCK"));
		const { second, next, go } = await dies(step, refusal);
		await ends(next, 1, "CANCELLED", "OUT_OF_STOCK");
		go();
		const back = ["shipping.cancel", "payments.void", "inventory.release"];
		expect(second.actions).toEqual(back.slice(back.indexOf(step)));
		await eventually(() => expect(next.of("order.cancelled")).toHaveLength(1));
	}
);

it("an order that is stopped with its process goes on with the next, and its events are delivered then", async () => {
	const hang = hanging();
	const first = new Neighbours().on("payments.capture", hang.answer);
	const stopping = await start(first);
	await stopping.place();
	await eventually(() => expect(first.keysOf("payments.capture")).toHaveLength(1));
	const stopped = stopping.stop();
	hang.go();
	await stopped;
	open.pop();
	const next = await start(new Neighbours(), { dataDir: stopping.dataDir });
	await ends(next, 1, "CONFIRMED");
	await eventually(() =>
		expect([...stopping.of("order.confirmed"), ...next.of("order.confirmed")].length).toBeGreaterThan(0)
	);
});
