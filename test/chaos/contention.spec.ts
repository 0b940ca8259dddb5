import { branch } from "./branches.ts";
import { FLOWS, type Flow, type Order } from "./driver.ts";
import { Keeper } from "./harness.ts";
import { knobs, say } from "./knobs.ts";
import { Trial } from "./trial.ts";

describe("many at once", () => {
	let trial: Trial;
	beforeAll(async () => {
		trial = await Trial.start(`contention-${knobs.seed}`);
		await trial.driver.prepared();
	});
	afterAll(() => trial.close());

	/** Sends one order a hundred times under one key, all at once, until each is answered. Resolves to the bodies. */
	async function sentAHundredTimes(flow: Flow): Promise<Order[]> {
		const { driver } = trial;
		const request = await driver.request(branch("confirmed"), flow);
		const answers = await Promise.all(Array.from({ length: 100 }, () => driver.client.insist<Order>(request)));
		expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
		expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
		return answers.map(({ body }) => body);
	}

	/** What was done for an order, as the books have it. */
	const done = (id: number) =>
		trial.look(books => ({
			charges: books.rows(
				`SELECT 1 FROM provider.movements JOIN provider.authorizations ON authorizations.id = authorization_id
				JOIN payments.payments ON provider_key = key WHERE order_id = ? AND movements.state = 'captured'`,
				id
			).length,
			sales: books.rows("SELECT 1 FROM inventory.movements WHERE order_id = ? AND kind = 'SOLD'", id).length,
			reservations: books.rows("SELECT 1 FROM inventory.reservations WHERE order_id = ?", id).length,
			shipments: books.rows("SELECT 1 FROM shipping.shipments WHERE order_id = ?", id).length,
			mails: books.rows(
				"SELECT 1 FROM notifications.notifications WHERE about = ? AND channel = 'email'",
				`order/${id}`
			).length
		}));
	const once = { charges: 1, sales: 1, reservations: 1, shipments: 1, mails: 1 };

	it.each(FLOWS)("sells ten units to ten of thirty buyers, %s", async flow => {
		const ended = await trial.driver.scramble(flow, 30, 10);
		expect(ended.filter(({ status }) => status === "CONFIRMED")).toHaveLength(10);
		await trial.assertSound(`thirty buyers of ten units, ${flow}`);
	});

	it.each(FLOWS)("sells ten units to ten of thirty buyers although the process is killed, %s", async flow => {
		const keeper = new Keeper(trial.souk);
		const deaths = trial.souk.deaths;
		trial.souk.arm(
			flow === "orchestrated" ? "payments.authorize/answer:before-commit" : "payments<inventory.reserved:before-commit"
		);
		const ended = await trial.driver.scramble(flow, 30, 10);
		await keeper.dismiss();
		expect(trial.souk.deaths).toBe(deaths + 1);
		expect(ended.filter(({ status }) => status === "CONFIRMED")).toHaveLength(10);
		await trial.assertSound(`thirty buyers of ten units and a kill, ${flow}`);
	});

	it.each(FLOWS)("makes one order of a hundred sends of one key, %s", async flow => {
		const [order] = await sentAHundredTimes(flow);
		trial.driver.placed.push({ id: order!.id, branch: "a hundred sends", flow, ends: [{ status: "CONFIRMED" }] });
		await trial.assertSound(`a hundred sends of one key, ${flow}`);
		expect(done(order!.id)).toEqual(once);
	});

	it.each(FLOWS)(
		"makes one order of a hundred sends although the process dies between commit and answer, %s",
		async flow => {
			const keeper = new Keeper(trial.souk);
			const deaths = trial.souk.deaths;
			trial.souk.arm("orders.place:after-commit");
			const [order] = await sentAHundredTimes(flow);
			await keeper.dismiss();
			expect(trial.souk.deaths).toBe(deaths + 1);
			trial.driver.placed.push({ id: order!.id, branch: "a hundred sends", flow, ends: [{ status: "CONFIRMED" }] });
			await trial.assertSound(`a hundred sends of one key and a kill, ${flow}`);
			expect(done(order!.id)).toEqual(once);
			say(
				"contention",
				`${flow}: one order, ${trial.ledger.count("unknown")} requests without an answer so far, each sent again`
			);
		}
	);
});
