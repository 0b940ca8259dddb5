import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readEnv } from "../../broker/env.ts";
import type { Logger } from "../../broker/service.ts";
import { migrate } from "../../broker/sql/migrate.ts";
import { openDatabase } from "../../broker/sql/open.ts";
import { dropStores, storeSettings } from "../support/stores.ts";

const root = join(import.meta.dirname, "../..");
const logger = { info: () => undefined } as unknown as Logger;

describe("a store of messages from before there were channels", () => {
	let folder: string;
	beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "souk-"))));
	afterEach(() => {
		rmSync(folder, { recursive: true, force: true });
		dropStores(folder);
	});

	it("keeps every message, and goes on counting behind them", async () => {
		// A tree of its own, so that the old migrations find the code that they import.
		const migrations = join(folder, "data/migrations");
		mkdirSync(join(migrations, "notifications"), { recursive: true });
		symlinkSync(join(root, "broker"), join(folder, "broker"));
		cpSync(join(root, "data/migrations/core"), join(migrations, "core"), { recursive: true });
		const first = "notifications/0001-notifications.ts";
		cpSync(join(root, "data/migrations", first), join(migrations, first));
		const env = readEnv({ DATA_DIR: folder, ...storeSettings(folder) });
		const { database, close } = await openDatabase(env, "notifications");
		await migrate(database, logger, migrations);
		const at = "2026-01-02T03:04:05.678Z";
		await database.write("spec", async tx => {
			const write = (recipient: string, status: string) =>
				tx.run(
					`INSERT INTO notifications (user_id, kind, about, channel, recipient, recipient_name, subject, text, status,
						sends, sent_at, next_try_at, correlation_id, created_at)
					VALUES (1, 'order.confirmed', 'order/12', 'email', ?, 'Alice', 's', 't', ?, ?, ?, ?, 'c', ?)`,
					[recipient, status, status === "SENT" ? 1 : 0, status === "SENT" ? at : null, at, at]
				);
			await write("old@souk.test", "SENT");
			// Told again at another address, as was possible.
			await write("new@souk.test", "PENDING");
		});
		await migrate(database, logger);
		expect(
			await database.all(
				"SELECT id, about, recipient, status, message_id, language, tries FROM notifications ORDER BY id"
			)
		).toEqual([
			{
				id: 1,
				about: "order/12",
				recipient: "old@souk.test",
				status: "SENT",
				message_id: "1-order.confirmed.2@souk.test",
				language: "en",
				tries: 0
			},
			{
				id: 2,
				about: "order/12 2",
				recipient: "new@souk.test",
				status: "PENDING",
				message_id: "2-order.confirmed.1@souk.test",
				language: "en",
				tries: 0
			}
		]);
		const next = await database.write("spec", async tx => {
			return tx.get<{ id: number }>(
				`INSERT INTO notifications (user_id, kind, about, channel, recipient, recipient_name, language, subject, text,
					html, message_id, next_try_at, correlation_id, created_at)
				VALUES (1, 'order.confirmed', 'order/13', 'sms', '', '', 'en', '', '', '', 'm', '', 'c', '') RETURNING id`
			);
		});
		expect(next).toEqual({ id: 3 });
		await close();
	});
});
