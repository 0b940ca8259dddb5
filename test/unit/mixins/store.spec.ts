// checklist: 17
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServiceBroker } from "moleculer";
import { DataTypes } from "sequelize";
import { readEnv } from "../../../broker/env.ts";
import { runtimeOf } from "../../../broker/runtime.ts";
import { service } from "../../../broker/service.ts";
import type { Unit } from "../../../broker/sql/store.ts";
import { brokerOptions } from "../../../moleculer.config.ts";
import { store, type StoreOptions, type StoreService } from "../../../mixins/store.mixin.ts";
import { node } from "../../support/node.ts";
import { cause } from "../broker/sql/probe.ts";

const model = {
	name: "letter",
	define: {
		id: { type: DataTypes.INTEGER, primaryKey: true },
		subject: DataTypes.STRING,
		type: DataTypes.STRING
	},
	options: { tableName: "dead_letters", timestamps: false as const }
};

let dataDir: string;
beforeEach(() => {
	dataDir = mkdtempSync(join(tmpdir(), "souk-mixin-"));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const letter = (unit: Unit, n: number) =>
	unit.run(
		`INSERT INTO dead_letters (consumer, event_id, type, subject, event, status, parked_at)
		VALUES ('shelf', ?, ?, ?, '{}', 'RETRIED', 'now')`,
		[`event-${n}`, n % 2 ? "odd" : "even", `probe/${n}`]
	);
const started = async (options: StoreOptions<StoreService>, env: Record<string, string> = {}) => {
	const shelf = await node([service({ name: "shelf", mixins: [store(options)] })], { dataDir, env });
	return { shelf, self: shelf.broker.getLocalService("shelf") as StoreService };
};

describe("a list", () => {
	it("comes in pages by id, the newest first or the oldest, and says where the next begins", async () => {
		const { shelf, self } = await started({ model });
		await self.store.transact(cause(), async unit => {
			for (let n = 1; n <= 7; n++) await letter(unit, n);
		});
		const ids = async (request: Parameters<StoreService["page"]>[0]) => {
			const { items, ...rest } = await self.page<{ id: number }>(request);
			return [items.map(({ id }) => id), rest];
		};
		expect(await ids({ limit: 3 })).toEqual([[7, 6, 5], { next: 5 }]);
		expect(await ids({ limit: 3, after: 5 })).toEqual([[4, 3, 2], { next: 2 }]);
		expect(await ids({ limit: 3, after: 2 })).toEqual([[1], {}]);
		expect(await ids({ limit: 7 })).toEqual([[7, 6, 5, 4, 3, 2, 1], {}]);
		expect(await ids({ limit: 2, ascending: true })).toEqual([[1, 2], { next: 2 }]);
		expect(await ids({ limit: 2, after: 6, ascending: true })).toEqual([[7], {}]);
		expect(await ids({ limit: 2, where: { type: "odd" } })).toEqual([[7, 5], { next: 5 }]);
		expect(await ids({ limit: 2, where: { type: "odd" }, after: 5 })).toEqual([[3, 1], {}]);
		expect(await ids({ limit: 2, where: { type: "none" } })).toEqual([[], {}]);
		await shelf.stop();
	});

	it("sees what was committed just before, and cannot write", async () => {
		const { shelf, self } = await started({ model });
		for (let n = 1; n <= 30; n++) {
			await self.store.transact(cause(), unit => letter(unit, n));
			expect((await self.page<{ id: number }>({ limit: 1 })).items).toEqual([expect.objectContaining({ id: n })]);
		}
		const { adapter } = self as never as { adapter: { db: { query(sql: string): Promise<unknown> } } };
		await expect(adapter.db.query("DELETE FROM dead_letters")).rejects.toThrow("readonly");
		await shelf.stop();
	});

	it("brings none of moleculer-db's own actions along", async () => {
		const { shelf } = await started({ model });
		const names = shelf.broker.registry.getActionList({}).map(({ name }: { name: string }) => name);
		expect(names).toEqual([]);
		await shelf.stop();
	});
});

it("a service's store is a file named after it, made with its folder, and there again after a restart", async () => {
	rmSync(dataDir, { recursive: true });
	const first = await started({});
	expect(existsSync(join(dataDir, "shelf.db"))).toBe(true);
	await first.self.store.transact(cause(), unit => letter(unit, 1));
	await first.shelf.stop();
	const second = await started({});
	expect(await second.self.store.get("SELECT count(*) AS n FROM dead_letters")).toEqual({ n: 1 });
	await second.shelf.stop();
});

describe("demo rows", () => {
	const seeded = async (env: Record<string, string>, seed: StoreOptions<StoreService>["seed"]) => {
		const { shelf, self } = await started({ seed: seed! }, env);
		const { n } = (await self.store.get<{ n: number }>("SELECT count(*) AS n FROM dead_letters"))!;
		await shelf.stop();
		return n;
	};
	const two = jest.fn(() =>
		Promise.resolve(async (unit: Unit) => {
			await letter(unit, 1);
			await letter(unit, 2);
		})
	);

	it("are written once into an empty store, where they are wanted", async () => {
		expect(await seeded({ SEED_DEMO: "off" }, two)).toBe(0);
		expect(await seeded({ SEED_DEMO: "on" }, two)).toBe(2);
		expect(await seeded({ SEED_DEMO: "on" }, two)).toBe(2);
		expect(two).toHaveBeenCalledTimes(1);
	});

	it("that fail half-way leave nothing, and are written at the next start", async () => {
		const failing = () =>
			Promise.resolve(async (unit: Unit) => {
				await letter(unit, 1);
				throw new Error("the power went");
			});
		const env = readEnv({ NODE_ENV: "test", DATA_DIR: dataDir, SEED_DEMO: "on" });
		const broker = new ServiceBroker({ ...brokerOptions(env), logger: false });
		runtimeOf(broker, env);
		broker.createService(service({ name: "shelf", mixins: [store({ seed: failing })] }));
		await expect(broker.start()).rejects.toThrow("the power went");
		await broker.stop();
		expect(await seeded({ SEED_DEMO: "on" }, two)).toBe(2);
	});
});
