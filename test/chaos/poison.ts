import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { change } from "./change.ts";
import { ADMIN, type Driver } from "./driver.ts";
import type { Trial } from "./trial.ts";

interface Letter {
	id: string;
	consumer: string;
	status: string;
	subject: string;
}

/** Types of events, how many consumers each has, and data with which they do no harm: such an order was never placed, such a file never imported. */
const POISON: { type: string; consumers: number; data: object }[] = [
	{
		type: "payment.voided",
		consumers: 3,
		data: { orderId: 999_999, userId: 999_999, amount: 1, currency: "EUR", reason: "None" }
	},
	{
		type: "inventory.committed",
		consumers: 3,
		data: { orderId: 999_999, items: [{ productId: 101, quantity: 1 }] }
	},
	{ type: "inventory.stocked", consumers: 2, data: { importId: 999_999 } },
	{
		type: "order.cancelled",
		consumers: 4,
		data: { orderId: 999_999, userId: 999_999, total: 1, currency: "EUR", reason: "None" }
	}
];

/** Events that nobody can read are parked, those behind them wait; a person mends one and gives up another. */
export async function deadLetters(trial: Trial): Promise<void> {
	const { driver } = trial;
	const subjects = POISON.map(({ type }) => `poison/${driver.key(type)}`);
	const lasts = POISON.map(
		({ type, data }, index) =>
			[{ nonsense: true }, data, { nonsense: true }].map(sent => inject(trial, type, subjects[index]!, sent)).at(-1)!
	);
	await Promise.all(POISON.map((poison, index) => seenTo(trial, subjects[index]!, lasts[index]!, poison)));
}

async function seenTo(
	trial: Trial,
	subject: string,
	last: string,
	{ consumers, data }: (typeof POISON)[number]
): Promise<void> {
	const { driver } = trial;
	const see = (id: string, verb: "retry" | "discard", body?: object) =>
		driver.client.done({
			operation: `api.${verb}DeadLetter`,
			method: "POST",
			path: `/admin/dead-letters/${id}/${verb}`,
			as: ADMIN,
			body,
			orElse: [404, 409]
		});
	const parked = (letters: Letter[]) => letters.filter(({ status }) => status === "PARKED");
	// Who hears of everything, the audit log, cannot read it either.
	const first = await eventually(
		async () => {
			const letters = parked(await waiting(driver, subject));
			if (letters.length < consumers) throw new Error(`${letters.length} of ${consumers} consumers have parked it`);
			return letters;
		},
		{ within: 30_000 }
	);
	for (const { id } of first) {
		// It has not become better by itself.
		await see(id, "retry");
		await see(id, "retry", { data });
	}
	// The last of the three is parked in its turn: it is given up, and mended only where everything must be kept.
	await eventually(
		async () => {
			const left = await waiting(driver, subject);
			for (const { id, consumer } of parked(left))
				await (consumer === "audit" ? see(id, "retry", { data }) : see(id, "discard"));
			// One that nobody has parked yet is left, too: a kill may have it delivered late.
			const resolved = trial.look(books =>
				books.everywhere(`SELECT id FROM @.dead_letters WHERE event_id = '${last}' AND resolved_at IS NOT NULL`)
			);
			if (left.length > 0 || resolved.length < consumers)
				throw new Error(`${left.length} dead letters are left, ${resolved.length} of the last are seen to`);
		},
		{ within: 60_000, every: 50 }
	);
}

async function waiting(driver: Driver, subject: string): Promise<Letter[]> {
	const { body } = await driver.client.insist<{ items: Letter[] }>({
		operation: "api.deadLetters",
		method: "GET",
		path: "/admin/dead-letters?limit=100",
		as: ADMIN
	});
	return body.items.filter(
		letter => letter.subject === subject && (letter.status === "PARKED" || letter.status === "WAITING")
	);
}

let injected = 0;

/** Puts an event into the outbox of products, as a broken version of that service would have committed it, and answers with its id. */
export function inject({ souk }: Pick<Trial, "souk">, type: string, subject: string, data: object): string {
	const id = `01900000-0000-7000-8000-${String(process.pid * 100_000 + ++injected).padStart(12, "0")}`;
	const time = new Date().toISOString();
	const event = {
		specversion: "1.0",
		id,
		source: "/souk/products",
		type,
		subject,
		time,
		correlationid: "poison",
		data
	};
	change(join(souk.dataDir, "products.db"), sql =>
		sql
			.prepare("INSERT INTO outbox (id, topic, type, subject, payload, created_at) VALUES (?, ?, ?, ?, ?, ?)")
			.run(id, `${type.split(".")[0]}.events`, type, subject, JSON.stringify(event), time)
	);
	return id;
}
