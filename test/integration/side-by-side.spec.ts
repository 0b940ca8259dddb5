import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServiceBroker, type ServiceSchema } from "moleculer";
import { readEnv } from "../../broker/env.ts";
import { loadService, serviceNames } from "../../broker/node.ts";
import { metricsText } from "../../broker/metrics.ts";
import { processMetrics } from "../../broker/process-metrics.ts";
import { runtimeOf } from "../../broker/runtime.ts";
import { StoreTooNew } from "../../broker/sql/migrate.ts";
import { SqliteConnection } from "../../broker/sql/sqlite-connection.ts";
import type { StoreService } from "../../mixins/store.mixin.ts";
import { brokerOptions } from "../../moleculer.config.ts";
import ordersService from "../../services/orders/orders.service.ts";
import products from "../../services/products/products.service.ts";
import inventory from "../../services/inventory/inventory.service.ts";
import { users } from "../../services/users/users.contract.ts";
import { UserNotFound } from "../../services/users/users.errors.ts";
import usersService from "../../services/users/users.service.ts";
import { eventually } from "../support/eventually.ts";
import { as, node, stub, type TestNode } from "../support/node.ts";
import { ALICE, anOrder, hanging, Neighbours, shop } from "../support/orders.mother.ts";

const orderOf = (on: TestNode, userId: number, key: string) =>
	as(on, { userId }, { "idempotency-key": key })("orders.place", anOrder());
const storeOf = (on: TestNode, name: string) => (on.broker.getLocalService(name) as StoreService).store;

describe("all services in one process", () => {
	let souk: TestNode;
	let schemas: ServiceSchema[];
	beforeAll(async () => {
		schemas = await Promise.all((await serviceNames()).map(loadService));
		souk = await node(schemas, { env: { SEED_DEMO: "on" } });
	});
	afterAll(() => souk.close());
	/** All but the two that keep nothing. */
	const keeping = () => schemas.map(({ name }) => name).filter(name => name !== "api" && name !== "console");

	/** The tables that a service made for itself, beside those that every store has. */
	async function tablesOf(name: string): Promise<string[]> {
		const sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
		const everybodys = [
			"migrations",
			"outbox",
			"inbox",
			"dead_letters",
			"idempotency_keys",
			"seeds",
			"sagas",
			"saga_steps",
			"erased_users",
			"timers"
		];
		const found = await storeOf(souk, name).all<{ name: string }>(sql);
		return found.map(table => table.name).filter(table => !everybodys.includes(table));
	}

	// checklist: 19, 25, 244
	it("have a database each, made by their own migrations, and no table is in two", async () => {
		const owners = new Map<string, string[]>();
		for (const service of keeping()) {
			const migrations = await storeOf(souk, service).all<{ name: string }>("SELECT name FROM migrations");
			const foreign = migrations.filter(({ name }) => !/^core\//.test(name) && !name.startsWith(`${service}/`));
			expect([service, foreign]).toEqual([service, []]);
			expect(readFileSync(join(souk.dataDir, `${service}.db`), "latin1")).toMatch(/^SQLite format 3/);
			const own = await tablesOf(service);
			expect([service, own.length > 0]).toEqual([service, true]);
			for (const table of own) owners.set(table, [...(owners.get(table) ?? []), service]);
		}
		expect([...owners].filter(([, services]) => services.length > 1)).toEqual([]);
	});

	// checklist: 26
	it("keep to their subjects: orders have items and a status, users a profile and preferences", async () => {
		expect(await tablesOf("orders")).toEqual(["held_orders", "order_events", "orders", "returns"]);
		const { id } = await orderOf(souk, 1, "bounded-context");
		expect(await souk.call("orders.get", { id })).toMatchObject({
			userId: 1,
			status: expect.any(String) as string,
			items: [{ productId: 101, quantity: 2 }]
		});
		const columns = async (service: string, table: string) =>
			(await storeOf(souk, service).all<{ name: string }>(`SELECT name FROM pragma_table_info('${table}')`)).map(
				({ name }) => name
			);
		expect(await columns("users", "users")).toEqual(expect.arrayContaining(["name", "email", "phone", "preferences"]));
		for (const foreign of ["email", "phone", "preferences", "password_hash"])
			expect(await columns("orders", "orders")).not.toContain(foreign);
		expect((await tablesOf("users")).filter(table => /order|item|payment/.test(table))).toEqual([]);
	});

	// checklist: 110
	it("are asked after their databases with SELECT 1", async () => {
		for (const { name, check } of runtimeOf(souk.broker).probes) {
			const asked = jest.spyOn(storeOf(souk, name), "get");
			expect(await check()).toEqual({ 1: 1 });
			expect(asked).toHaveBeenCalledWith("SELECT 1");
			asked.mockRestore();
		}
	});

	// checklist: 128
	it("show none of the red flags: a store that is shared, a service that nobody watches or that has one function", async () => {
		const paths = keeping().map(name =>
			storeOf(souk, name).get<{ file: string }>("SELECT file FROM pragma_database_list")
		);
		const stores = (await Promise.all(paths)).map(found => found!.file);
		expect(new Set(stores).size).toBe(keeping().length);
		expect(
			runtimeOf(souk.broker)
				.probes.map(({ name }) => name)
				.sort()
		).toEqual(keeping().sort());
		for (const { name, actions } of schemas) {
			expect([name, Object.keys(actions ?? {}).length > 2]).toEqual([name, true]);
			await souk.broker.call(`${name}.contract`);
			expect(metricsText(souk.broker)).toMatch(new RegExp(`^moleculer_request_total\\{service="${name}"`, "m"));
		}
		const text = await processMetrics(souk.broker);
		for (const name of keeping()) {
			expect(text).toMatch(new RegExp(`^souk_outbox_pending\\{store="${name}"\\} \\d`, "m"));
			for (const waiting of ["souk_dead_letters_open", "souk_sagas_needing_attention", "souk_timers_parked"])
				expect(text).toMatch(new RegExp(`^${waiting}\\{store="${name}"\\} 0`, "m"));
			expect(text).toMatch(new RegExp(`^souk_store_statements_total\\{store="${name}"\\} [1-9]`, "m"));
			expect(text).toMatch(new RegExp(`^souk_store_commits_total\\{store="${name}"\\} [1-9]`, "m"));
		}
	});

	// checklist: 18, 222
	it("go on when one of them cannot write, which makes up for it when it can", async () => {
		const told = async (orderId: number) => {
			const { items } = await as(souk, { userId: 1 })("notifications.list", { limit: 100 });
			return items.filter(({ text }) => text.includes(`order ${orderId} `));
		};
		// Node's own driver waits for a lock on the main thread: a short wait will do to find that it is taken.
		await storeOf(souk, "notifications").database.write("pragma", tx => tx.get("PRAGMA busy_timeout=20"));
		const thief = await SqliteConnection.open(join(souk.dataDir, "notifications.db"));
		await thief.run("BEGIN IMMEDIATE");
		const { id } = await orderOf(souk, 1, "locked-neighbour");
		await eventually(async () => expect((await souk.call("orders.get", { id })).status).toBe("CONFIRMED"));
		expect(await as(souk, { userId: 2 })("users.update", { id: 2, name: "Bobby" })).toMatchObject({ name: "Bobby" });
		expect(await told(id)).toEqual([]);
		await thief.run("COMMIT");
		await thief.close();
		await eventually(async () => expect(await told(id)).toMatchObject([{ status: "SENT" }]), { within: 20_000 });
	});
});

// checklist: 18
it("a service whose store cannot be migrated does not start, and one beside it does not notice", async () => {
	const dataDir = mkdtempSync(join(tmpdir(), "souk-"));
	const first = await node([products, inventory], { dataDir });
	await storeOf(first, "inventory").database.write("spec", async tx => {
		await tx.run("INSERT INTO migrations VALUES ('inventory/9999-of-tomorrow.ts', 'now')");
	});
	await first.stop();
	const well = await node([products], { dataDir });
	const env = readEnv({ NODE_ENV: "test", DATA_DIR: dataDir, SEED_DEMO: "off" });
	const broken = new ServiceBroker({ ...brokerOptions(env), logger: false });
	runtimeOf(broken, env);
	broken.createService(inventory);
	await expect(broken.start()).rejects.toBeInstanceOf(StoreTooNew);
	const product = { name: "A", price: 1 };
	expect(await well.call("products.create", product)).toMatchObject({ name: "A" });
	await broken.stop();
	await well.stop();
	rmSync(dataDir, { recursive: true });
});

describe("users, rebuilt behind its contract", () => {
	/** Another service of the same contract, without a database. */
	const rebuilt = stub(users, {
		contact: ({ id }: { id: number }) => {
			if (id > 4) throw new UserNotFound(id);
			return { id, name: "Somebody", email: `user${id}@souk.test`, language: "en" };
		}
	});

	/** What orders answers for a user that there is and for one that there is not. */
	async function ordering(schema: ServiceSchema): Promise<unknown[]> {
		const others = new Neighbours().services().filter(({ name }) => name !== "users");
		const souk = await node([ordersService, ...others, schema], { env: { SEED_DEMO: "on" } });
		try {
			const { id } = await orderOf(souk, ALICE, "an-order-of-alice");
			const order = await eventually(async () => {
				const now = await souk.call("orders.get", { id });
				expect(now.status).toBe("CONFIRMED");
				return { ...now, createdAt: "", updatedAt: "" };
			});
			const refused = await orderOf(souk, 99, "an-order-of-nobody").catch((error: { code: number; type: string }) => [
				error.code,
				error.type
			]);
			return [order, refused];
		} finally {
			await souk.close();
		}
	}

	// checklist: 7, 134
	it("leaves orders as it is: the same answers and the same refusals", async () => {
		const before = await ordering(usersService);
		expect(before).toMatchObject([{ id: 1, userId: ALICE }, [404, "USER_NOT_FOUND"]]);
		expect(await ordering(rebuilt)).toEqual(before);
	});
});

// checklist: 69
it("an order is answered before anybody was asked to hold, charge or ship anything", async () => {
	const hang = hanging();
	const neighbours = new Neighbours().on("inventory.reserve", hang.answer);
	const here = await shop(neighbours);
	expect(await here.place()).toMatchObject({ status: "PENDING" });
	await eventually(() => expect(neighbours.actions).toEqual(["inventory.reserve"]));
	expect(await here.order(1)).toMatchObject({ status: "PENDING" });
	hang.go();
	await eventually(async () => expect((await here.order(1)).status).toBe("CONFIRMED"));
	await here.close();
});
