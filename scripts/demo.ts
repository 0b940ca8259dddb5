import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { processEnv } from "../broker/env.ts";
import { Client, type Answer } from "./support/client.ts";

interface Order {
	id: number;
	status: string;
	reason?: string;
	total: number;
	currency: string;
	shipmentId?: number;
	paymentId?: number;
	heldFor?: string[];
	detail?: string;
}
interface Return {
	id: number;
	status: string;
	amount: number;
}

const env = processEnv();
const client = new Client(`http://${env.HOST}:${env.PORT}`);
const say = (line = "") => process.stdout.write(`${line}\n`);
const money = (cents: number) => `${(cents / 100).toFixed(2)} EUR`;

try {
	await client.ask("/products/101");
} catch {
	say(`Nothing answers at ${client.base}. Start Souk first, in another terminal:  npm start`);
	process.exit(1);
}

const alice = await client.logIn("alice@souk.test", env.DEMO_PASSWORD);
const staff = await client.logIn("staff@souk.test", env.DEMO_PASSWORD);
const rare = await rareProduct();
const placed: Order[] = [];

const address = { name: "Alice", street: "1 Market Street", city: "Lyon", postalCode: "69001", country: "FR" };
const one = [{ productId: 101, quantity: 1 }];

say("Alice orders, and a saga conducts the services:");
await order({ items: one, payment: { token: "tok_ok" }, shippingAddress: address, flow: "orchestrated" });

say("She orders again, and the services follow each other's events:");
const two = await order({
	items: [{ productId: 102, quantity: 2 }],
	payment: { token: "tok_ok" },
	shippingAddress: address,
	flow: "choreographed"
});

say("Her card is declined; what was reserved is given back:");
await order({ items: one, payment: { token: "tok_declined" } });

say(`She wants 3 of ${rare.name}, of which there are 2:`);
await order({ items: [{ productId: rare.id, quantity: 3 }], payment: { token: "tok_ok" } });

say("Her network fails, so she sends one order twice under one key:");
const key = randomUUID();
const body = { items: one, payment: { token: "tok_ok" } };
const first = await order(body, key);
const again = await client.ask<Order>("/orders", { method: "POST", token: alice, key, body });
say(
	`   sent again: ${again.status}, order ${again.body.id} (Idempotency-Replayed: ${again.headers.get("idempotency-replayed")})` +
		(again.body.id === first.id ? ", the same order, placed once" : ", ANOTHER ORDER")
);

say("Her second order arrives, and she sends one of the two back; somebody inspects it:");
await sendBack(two);

await books();

async function order(wanted: object, idempotencyKey: string = randomUUID()): Promise<Order> {
	const { status, body } = await client.ask<Order>("/orders", {
		method: "POST",
		token: alice,
		key: idempotencyKey,
		body: wanted
	});
	if (status !== 201) throw new Error(`The order was not accepted: ${status} ${body.detail}`);
	say(`   201, order ${body.id} is ${body.status}`);
	for await (const { event, data } of client.follow(`/orders/${body.id}/stream`, alice))
		say(`   ${lineOf(event, data)}`);
	const { body: now } = await client.ask<Order>(`/orders/${body.id}`, { token: alice });
	placed.push(now);
	const why = now.reason ?? now.heldFor?.join(", ");
	say(`   order ${now.id} is ${now.status}${why ? ` (${why})` : ""}`);
	say();
	return now;
}

/** The staff brings an order to the door; one of it comes back, and what the task to inspect it finds is refunded. */
async function sendBack({ id, shipmentId }: Order): Promise<void> {
	const post = <Body = Order>(path: string, token: string, wanted?: object) =>
		client.ask<Body>(path, { method: "POST", token, key: randomUUID(), body: wanted });
	for (const step of ["dispatch", "deliver"])
		await until(
			() => post(`/shipments/${shipmentId}/${step}`, staff),
			({ status }) => status === 200
		);
	const wanted = { items: [{ productId: 102, quantity: 1 }], reason: "One is enough" };
	const { body: asked } = await until(
		() => post<Return>(`/orders/${id}/returns`, alice, wanted),
		({ status }) => status === 201
	);
	say(`   201, return ${asked.id} is ${asked.status}: ${money(asked.amount)}`);
	const { body: tasks } = await until(
		() => client.ask<{ items: { id: number; title: string }[] }>(`/tasks?about=return/${asked.id}`, { token: staff }),
		({ body }) => body.items.length > 0
	);
	const task = tasks.items[0]!;
	say(`   task ${task.id}: ${task.title}`);
	await post(`/tasks/${task.id}/complete`, staff);
	const { body: ended } = await until(
		() => client.ask<Return>(`/returns/${asked.id}`, { token: alice }),
		({ body }) => body.status === "COMPLETED"
	);
	say(`   return ${ended.id} is ${ended.status}`);
}

/** Asks again until the answer is the one that is expected: others hear of things a moment later. */
async function until<Body>(
	ask: () => Promise<Answer<Body>>,
	isIt: (answer: Answer<Body>) => boolean
): Promise<Answer<Body>> {
	for (let tries = 1; ; tries++) {
		const answer = await ask();
		if (isIt(answer)) return answer;
		if (tries === 20) throw new Error(`It still is ${answer.status} ${JSON.stringify(answer.body)}`);
		await pause(100 * tries);
	}
}

function lineOf(event: string, data: Record<string, unknown>): string {
	if (event !== "step") return `· ${event}`;
	const arrow = data.direction === "forward" ? "→" : "←";
	return `${arrow} ${String(data.step).padEnd(24)} ${String(data.status)}${data.detail ? ` ${String(data.detail)}` : ""}`;
}

/** A product with two pieces, made by the staff, so that the demo can run out of something however often it is run. */
async function rareProduct(): Promise<{ id: number; name: string }> {
	const name = "the last lamp";
	const made: Answer<{ id: number; detail?: string }> = await client.ask("/products", {
		method: "POST",
		token: staff,
		key: randomUUID(),
		body: { name, description: "Two are left", price: 4_900, currency: "EUR" }
	});
	if (made.status !== 201) throw new Error(`The product was not made: ${made.body.detail}`);
	await client.ask(`/stock/${made.body.id}`, { method: "PUT", token: staff, body: { onHand: 2 } });
	return { id: made.body.id, name };
}

async function books(): Promise<void> {
	say();
	say("What is in the books:");
	let taken = 0;
	for (const { id, status, total, paymentId } of placed) {
		const payment = paymentId
			? (
					await client.ask<{ state: string; amount: number; refunded: number }>(`/payments/${paymentId}`, {
						token: alice
					})
				).body
			: undefined;
		if (payment?.state === "CAPTURED") taken += payment.amount - payment.refunded;
		say(
			`   order ${id}  ${status.padEnd(9)}  ${money(total).padStart(10)}  ${payment ? `payment ${payment.state}` : "no payment taken"}`
		);
	}
	say(`   money taken: ${money(taken)}`);
	const { body: stock } = await client.ask<{ available: number }>(`/stock/${rare.id}`);
	say(`   ${rare.name}: ${stock.available} available, none lost to the order that failed`);
	const { body: messages } = await client.ask<{ items: { channel: string; subject: string }[] }>(
		"/notifications?limit=10",
		{ token: alice }
	);
	const told = messages.items.map(({ channel, subject }) => `${subject} (${channel})`);
	say(`   Alice's newest messages: ${told.slice(0, 5).join(" · ") || "on their way"}`);
	say();
	say(`Look further: ${client.base.replace("/api/v1", "/docs")}, mail in ${env.DATA_DIR}/mailbox/`);
}
