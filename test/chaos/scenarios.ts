import { createHash } from "node:crypto";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { BRANCHES, branch } from "./branches.ts";
import { change } from "./change.ts";
import { ADMIN, type Branch, type Driver, FLOWS, type Flow, STAFF } from "./driver.ts";
import type { Scenario } from "./matrix.ts";
import { deadLetters, inject } from "./poison.ts";
import { keptAfterAll, returned } from "./returns.ts";
import { byHand, oddTimer, tasks } from "./tasks.ts";
import type { Trial } from "./trial.ts";

/** Every branch in one style. */
export const ordersIn = (flow: Flow): Scenario[] => [
	// What becomes of a return does not depend on who led its order: it is killed once, beside.
	...BRANCHES.filter(branch => branch !== returned).map(branch => ({
		name: `${flow}/${branch.name}`,
		style: flow,
		run: ({ driver }: Trial) => driver.order(branch, flow)
	})),
	{
		name: `${flow}/dispatched while it is cancelled`,
		style: flow,
		tries: 12,
		run: ({ driver }) => driver.order(dispatchedWhileCancelled, flow)
	},
	{
		name: `${flow}/recovery`,
		style: flow,
		diesFirstAt: flow === "orchestrated" ? "saga:before-shipping.create" : "orders<inventory.reserved:before-commit",
		run: ({ driver }) => driver.order(branch("confirmed"), flow)
	},
	// Whoever takes it up again does not know how far it came, and undoes what was never done.
	{
		name: `${flow}/recovery of one that is refused`,
		style: flow,
		diesFirstAt: "orders.place:after-commit",
		run: ({ driver }) => driver.order(branch("out-of-stock"), flow)
	}
];

/** Whoever is first wins: the carrier has the parcel, or the customer the money. */
const dispatchedWhileCancelled: Branch = {
	name: "dispatched-while-cancelled",
	ends: [{ status: "SHIPPED" }, { status: "CANCELLED", reason: "CUSTOMER" }],
	async then(driver, { id }) {
		const order = await driver.reached(id, "CONFIRMED");
		const dispatched = driver.ship(order, "dispatch", "DISPATCHED").catch((error: unknown) => error);
		await Promise.all([dispatched, driver.cancel(id)]);
		const { status, cancelRequested } = await driver.settled(id, [
			...dispatchedWhileCancelled.ends,
			{ status: "CONFIRMED" }
		]);
		if (status === "CONFIRMED" && !cancelRequested) await driver.reached(id, "SHIPPED");
	}
};

const slow = (ends: Branch["ends"]): Branch => ({ name: "slow", token: "tok_slow", ends });

/** Settings under which the provider takes longer than the watchdog waits. */
export const IMPATIENT = { PROVIDER_SLOW_MS: "2000", ORDER_STALL_SECONDS: "1" };

export const impatientIn = (flow: Flow): Scenario[] => [
	{
		name: `${flow}/slow`,
		style: flow,
		run: ({ driver }) => driver.order(slow([{ status: "CONFIRMED" }]), flow)
	}
];

/** Settings under which the provider takes longer than goods are held. */
export const EXPIRING = { PROVIDER_SLOW_MS: "2500", RESERVATION_TTL_SECONDS: "1" };

export const expiringIn = (flow: Flow): Scenario[] => [
	{
		name: `${flow}/sold meanwhile`,
		style: flow,
		async run({ driver }) {
			const last = await driver.product("The very last", 1);
			const either: Branch["ends"] = [{ status: "CONFIRMED" }, { status: "CANCELLED", reason: "OUT_OF_STOCK" }];
			let ended = false;
			const first = driver.order({ ...slow(either), product: last }, flow).finally(() => {
				ended = true;
			});
			for (const available of [0, 1])
				await driver.client.until<{ available: number }>(
					{ operation: "inventory.get", path: `/stock/${last}`, as: STAFF },
					// A kill may give the first buyer the time to get it after all.
					stock => stock.available === available || ended
				);
			const second = driver.order({ name: "fast", product: last, ends: either }, flow);
			const sold = (await Promise.all([first, second])).filter(({ status }) => status === "CONFIRMED");
			if (sold.length !== 1) throw new Error(`${sold.length} orders have the only unit`);
		}
	}
];

/** Settings under which what is overdue is escalated at once, and people see to orders. */
export const BUSY = { TASK_ESCALATE_AFTER_SECONDS: "1", ORDER_PLAN: "pick:86400,pack,ship" };

/** What people do beside ordering. */
export const beside: Scenario[] = [
	{ name: "accounts", style: "accounts", run: trial => accounts(trial) },
	{ name: "catalogue", style: "catalogue", run: ({ driver }) => catalogue(driver) },
	{ name: "categories", style: "catalogue", run: ({ driver }) => categories(driver) },
	{ name: "an import", style: "catalogue", run: ({ driver }) => imported(driver) },
	{ name: "messages", style: "messages", run: ({ driver }) => messages(driver) },
	{ name: "tasks", style: "tasks", run: ({ driver }) => tasks(driver) },
	{ name: "an order that people see to", style: "tasks", run: ({ driver }) => driver.order(byHand, FLOWS[0]) },
	{ name: "goods that come back", style: "tasks", run: ({ driver }) => driver.order(returned, FLOWS[0]) },
	{ name: "goods that are kept after all", style: "tasks", run: ({ driver }) => driver.order(keptAfterAll, FLOWS[1]) },
	{ name: "a timer that cannot be fired", style: "operations", run: trial => oddTimer(trial) },
	{ name: "an order given up before it came", style: "operations", run: trial => givenUpBeforeItCame(trial) },
	{ name: "dead letters", style: "operations", run: trial => deadLetters(trial) },
	{ name: "a saga that needs attention", style: "operations", run: trial => needsAttention(trial) }
];

/** What is seen to by the hour, or when somebody has left it: for a process whose hours are moments. */
export const hourly: Scenario[] = [
	{ name: "what is old is forgotten", style: "hourly", run: trial => forgetting(trial) },
	...FLOWS.flatMap(flow => [
		{
			name: `${flow}/slow, and looked after`,
			style: "hourly",
			run: ({ driver }: Trial) => driver.order(slow([{ status: "CONFIRMED" }]), flow)
		},
		{
			name: `${flow}/refunded without an answer, and looked after`,
			style: "hourly",
			run: ({ driver }: Trial) => driver.order({ ...branch("refunded-in-part"), token: "tok_lost_answer" }, flow)
		}
	])
];

async function forgetting(trial: Trial): Promise<void> {
	const { driver, souk } = trial;
	const who = driver.key("nobody");
	const long = "2001-01-01T00:00:00.000Z";
	change(join(souk.dataDir, "products.db"), sql =>
		sql
			.prepare(
				"INSERT INTO idempotency_keys (scope, key, fingerprint, result, created_at) VALUES (?, 'old', '', 'null', ?)"
			)
			.run(who, long)
	);
	change(join(souk.dataDir, "users.db"), sql =>
		sql.prepare("INSERT INTO login_failures (who, count, updated_at) VALUES (?, 1, ?)").run(who, long)
	);
	await eventually(
		() => {
			const left = trial.look(books => [
				...books.rows("SELECT * FROM products.idempotency_keys WHERE scope = ?", who),
				...books.rows("SELECT * FROM users.login_failures WHERE who = ?", who)
			]);
			if (left.length > 0) throw new Error(`${left.length} old rows are left`);
		},
		{ within: 30_000 }
	);
}

async function accounts(trial: Trial): Promise<void> {
	const { driver } = trial;
	const { client } = driver;
	const person = { email: `${driver.key("person")}@souk.test`, password: "a-good-password" };
	const clerk = {
		name: "A. Clerk",
		email: `${driver.key("clerk")}@souk.test`,
		password: "a-good-password",
		roles: ["staff"]
	};
	const post = <Body>(operation: string, path: string, body: object, orElse?: number[], as = "nobody", key?: string) =>
		client.done<Body>({ operation, method: "POST", path, as, key, body, orElse });
	const logIn = () => post<{ refreshToken: string }>("users.login", "/auth/login", person);
	const { userId } = await post<{ userId: number }>(
		"users.register",
		"/auth/register",
		{ name: "A. Person", ...person },
		undefined,
		"nobody",
		driver.key("register")
	);
	await post("users.login", "/auth/login", { ...person, password: "a-wrong-password" }, [401]);
	const { refreshToken } = await logIn();
	// A token that was used before ends every login of its family, as it may when the answer to its use was lost.
	for (let use = 1; use <= 2; use++) await post("users.refresh", "/auth/refresh", { refreshToken }, [401]);
	await post("users.logout", "/auth/logout", { refreshToken: (await logIn()).refreshToken }, undefined, ADMIN);
	const of = (operation: string, path: string) => ({ operation, path: `/users/${userId}${path}`, as: ADMIN });
	await client.done({ ...of("users.update", ""), method: "PUT", body: { name: "Another Name" } });
	await client.done({ ...of("users.setPreferences", "/preferences"), method: "PUT", body: { language: "fr" } });
	const hired = await driver.staff<{ userId: number }>("users.create", "POST", "/users", clerk, ADMIN);
	await client.done({ ...of("users.remove", ""), method: "DELETE", orElse: [404] });
	await stopsMail(trial, hired.userId);
}

/** Somebody who gets a mail follows its link, and gets no more of its kind. */
async function stopsMail(trial: Trial, userId: number): Promise<void> {
	const { client } = trial.driver;
	const letter = { userId, subject: "News", text: "There is some." };
	const { id } = await trial.driver.staff<{ id: number }>("notifications.create", "POST", "/notifications", letter);
	const token = await eventually(
		() => {
			const mail = trial.look(books => books.mails().find(({ file }) => file === `${id}-message.eml`));
			const link = /^List-Unsubscribe:\r\n <.*\/unsubscribe\/(.+)>\r$/m.exec(mail?.text ?? "");
			if (!link) throw new Error(`The mail ${id} is not there yet`);
			return link[1]!;
		},
		{ within: 30_000 }
	);
	await client.done({
		operation: "notifications.unsubscribe",
		method: "POST",
		path: `//unsubscribe/${token}`,
		as: "nobody"
	});
	const path = `/users/${userId}/preferences`;
	const { kinds } = await client.done<{ kinds: { messages: string[] } }>({
		operation: "users.preferences",
		method: "GET",
		path,
		as: ADMIN
	});
	if (kinds.messages.length > 0) throw new Error(`User ${userId} still gets messages: ${kinds.messages.join(", ")}`);
}

async function catalogue(driver: Driver): Promise<void> {
	const id = await driver.product("A thing", 5);
	const of = (operation: string) => ({ operation, path: `/products/${id}`, as: STAFF });
	await driver.staff("inventory.adjust", "POST", `/stock/${id}/adjustments`, { delta: -2, reason: "Two were broken" });
	await driver.client.done({ ...of("products.update"), method: "PUT", body: { name: "A better thing", price: 99 } });
	await driver.client.done({ ...of("products.remove"), method: "DELETE", orElse: [404] });
}

async function categories(driver: Driver): Promise<void> {
	const name = () => ({ name: driver.key("Things") });
	const { id } = await driver.staff<{ id: number }>("products.createCategory", "POST", "/product-categories", name());
	const of = (operation: string) => ({ operation, path: `/product-categories/${id}`, as: STAFF });
	await driver.client.done({ ...of("products.renameCategory"), method: "PUT", body: name() });
	await driver.client.done({ ...of("products.removeCategory"), method: "DELETE", orElse: [404] });
}

/** A batch of a file, with a line that is refused; its products are there when their stock is. */
async function imported(driver: Driver): Promise<void> {
	const source = createHash("sha256").update(driver.key("file")).digest("hex");
	const lines = [{ name: "Imported", price: 5, onHand: 3 }, {}, { name: "Imported too", price: 6, onHand: 0 }];
	await driver.staff("products.import", "POST", "/products/imports", { source, batch: 1, lines });
	await driver.client.until<{ items: { source: string; status: string }[] }>(
		{ operation: "products.imports", path: "/products/imports?limit=100", as: STAFF },
		({ items }) => items.some(item => item.source === source && item.status === "LISTED")
	);
}

async function messages(driver: Driver): Promise<void> {
	const { client } = driver;
	const letter = { userId: 1, subject: "News", text: "There is some." };
	const { id } = await driver.staff<{ id: number }>("notifications.create", "POST", "/notifications", letter);
	const path = `/notifications/${id}`;
	const sent = () =>
		client.until<{ status: string }>(
			{ operation: "notifications.get", path, as: STAFF },
			({ status }) => status === "SENT"
		);
	await sent();
	await driver.staff("notifications.send", "POST", `${path}/send`);
	await sent();
	await client.done({ operation: "notifications.remove", method: "DELETE", path, as: STAFF, orElse: [404] });
}

let strangers = 0;

/** An order is given up by those who never heard of it; what asks for it later comes too late. */
async function givenUpBeforeItCame(trial: Trial): Promise<void> {
	const orderId = 900_000_000 + ++strangers;
	const items = [{ productId: 101, quantity: 1 }];
	const money = { total: 1, currency: "EUR" };
	const order = { orderId, userId: 1, items, ...money, paymentToken: "tok_ok" };
	const about = { orderId, userId: 1, order };
	const heard = (store: string, type: string) =>
		eventually(
			() => {
				const sent = trial.look(books =>
					books.rows(`SELECT id FROM ${store}.outbox WHERE subject = ? AND type = ?`, `order/${orderId}`, type)
				);
				if (sent.length === 0) throw new Error(`${store} has not said ${type} of order ${orderId}`);
			},
			{ within: 30_000 }
		);
	inject(trial, "shipment.failed", `order/${orderId}`, { ...about, shipmentId: orderId, reason: "SHIPPING_FAILED" });
	await heard("inventory", "inventory.released");
	inject(trial, "order.created", `order/${orderId}`, {
		...about,
		...money,
		flow: "choreographed",
		items: items.map(item => ({ ...item, name: "A thing", unitPrice: 1, total: 1 }))
	});
	inject(trial, "inventory.reserved", `order/${orderId}`, {
		...about,
		userId: undefined,
		items,
		expiresAt: "2126-01-01T00:00:00.000Z"
	});
	await heard("inventory", "inventory.reservation_failed");
	await heard("payments", "payment.failed");
}

/** A saga of which no definition is known is parked; a person brings the definition back and sends it on its way. */
async function needsAttention(trial: Trial): Promise<void> {
	const { driver, souk } = trial;
	const file = join(souk.dataDir, "orders.db");
	const order = driver.order(branch("late-webhook"), FLOWS[0]);
	const version = (to: number, where: string) =>
		change(
			file,
			sql =>
				sql.prepare(`UPDATE sagas SET version = ? WHERE id = (SELECT max(id) FROM sagas) AND ${where}`).run(to).changes
		);
	const saga = () =>
		trial.look(
			books =>
				books.rows<{ id: number; status: string }>("SELECT id, status FROM orders.sagas ORDER BY id DESC LIMIT 1")[0]
		);
	const before = saga()?.id ?? 0;
	await eventually(
		() => {
			const { id = 0, status } = saga() ?? {};
			if (id > before) version(99, "attempts > 0 AND status = 'RUNNING'");
			// It may have been faster than this.
			if (id === before || (status !== "NEEDS_ATTENTION" && status !== "DONE")) throw new Error("Not parked yet");
		},
		{ within: 30_000, every: 5 }
	);
	version(1, "version = 99");
	const { id } = saga()!;
	await driver.client.insist({
		operation: "orders.retrySaga",
		method: "POST",
		path: `/admin/sagas/${id}/retry`,
		as: ADMIN
	});
	await order;
}
