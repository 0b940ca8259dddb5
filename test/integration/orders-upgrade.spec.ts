import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readEnv } from "../../broker/env.ts";
import type { Logger } from "../../broker/service.ts";
import { migrate } from "../../broker/sql/migrate.ts";
import { openDatabase } from "../../broker/sql/open.ts";
import { dropStores, storeSettings } from "../support/stores.ts";

const root = join(import.meta.dirname, "../..");
const logger = { info: () => undefined } as unknown as Logger;

describe("a store of orders from before any could be held", () => {
	let folder: string;
	beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "souk-"))));
	afterEach(() => {
		rmSync(folder, { recursive: true, force: true });
		dropStores(folder);
	});

	it("keeps every order as it was, goes on counting behind them, and takes one that is held", async () => {
		// A tree of its own, so that the old migrations find the code that they import.
		const migrations = join(folder, "data/migrations");
		mkdirSync(join(migrations, "orders"), { recursive: true });
		symlinkSync(join(root, "broker"), join(folder, "broker"));
		cpSync(join(root, "data/migrations/core"), join(migrations, "core"), { recursive: true });
		const own = join(root, "data/migrations/orders");
		for (const file of readdirSync(own).filter(name => name < "0003"))
			cpSync(join(own, file), join(migrations, "orders", file));
		const { database, close } = await openDatabase(readEnv({ DATA_DIR: folder, ...storeSettings(folder) }), "orders");
		await migrate(database, logger, migrations);
		const place = (status: string) =>
			database.write("spec", tx =>
				tx.get<{ id: number }>("INSERT INTO orders (user_id, status, version, body) VALUES (7, ?, 3, ?) RETURNING id", [
					status,
					`{"status":"${status}"}`
				])
			);
		for (const status of ["CONFIRMED", "DELIVERED"]) await place(status);
		const before = await database.all("SELECT * FROM orders ORDER BY id");
		await migrate(database, logger);
		expect(await database.all("SELECT * FROM orders ORDER BY id")).toEqual(before);
		expect(await place("HELD")).toEqual({ id: 3 });
		await expect(place("LOST")).rejects.toThrow();
		await close();
	});
});
