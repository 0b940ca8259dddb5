import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { uuid7 } from "../../broker/ids.ts";
import { SqliteDatabase } from "../../broker/sql/sqlite-database.ts";
import audit from "../../services/audit/audit.service.ts";
import products from "../../services/products/products.service.ts";
import { as, event, node, type TestNode } from "../support/node.ts";
import { query } from "../support/postgres-server.ts";
import { Databases } from "./support.ts";

const databases = new Databases();
const onFiles = { STORE: "sqlite", SEED_DEMO: "on" };
const details = { name: "A new thing", description: "", price: 5 };
let dataDir: string;
let url: string;
let shop: TestNode | undefined;

beforeEach(() => {
	dataDir = mkdtempSync(join(tmpdir(), "souk-move-"));
	url = databases.fresh();
});
afterEach(async () => {
	await shop?.stop();
	shop = undefined;
	await databases.remove();
	rmSync(dataDir, { recursive: true, force: true });
});

const staff = (at: TestNode) => as(at, { userId: 3, roles: ["staff"] }, { "idempotency-key": uuid7() });

/** Runs the command; resolves to what it said, and whether it went well. */
async function move(service: string): Promise<{ ok: boolean; said: string }> {
	const script = join(import.meta.dirname, "../../scripts/store-move.ts");
	const env = { PATH: process.env.PATH, DATA_DIR: dataDir };
	try {
		const { stdout } = await promisify(execFile)(process.execPath, [script, service, "--to", url], { env });
		return { ok: true, said: stdout };
	} catch (error) {
		return { ok: false, said: (error as { stderr: string }).stderr };
	}
}

it("takes a store along, and the service goes on where it was", async () => {
	shop = await node([products], { dataDir, env: onFiles });
	const { id: categoryId } = await staff(shop)("products.createCategory", { name: "New things" });
	await staff(shop)("products.update", { id: 105, ...details, name: "Tin lantern", categoryId });
	const made = await staff(shop)("products.create", details);
	await staff(shop)("products.remove", { id: made.id });
	await shop.stop();

	const { ok, said } = await move("products");
	expect({ ok, said }).toMatchObject({ ok: true });
	expect(said).toMatch(/^products +25 rows {2}[0-9a-f]{16} {2}equal$/m);
	expect(said).toContain("PRODUCTS_DATABASE_URL");

	shop = await node([products], { dataDir, env: { ...onFiles, PRODUCTS_DATABASE_URL: url } });
	const { items } = await as(shop, "anonymous")("products.list", { limit: 100 });
	expect(items).toHaveLength(24);
	const found = await as(shop, "anonymous")("products.list", { search: "lant", categoryId });
	expect(found.items).toMatchObject([{ id: 105, name: "Tin lantern" }]);
	// Not the number of the one that was removed.
	expect((await staff(shop)("products.create", details)).id).toBe(made.id + 1);
});

it("takes a log along whose chain holds", async () => {
	shop = await node([audit], { dataDir, env: onFiles });
	const about = { userId: 1, total: 100, currency: "EUR" } as const;
	const events = Array.from({ length: 700 }, (_, n) =>
		event("order.delivered", `order/${n}`, { ...about, orderId: n + 1, shipmentId: n + 1 }, uuid7())
	);
	await Promise.all(events.map(one => shop!.publish(one)));
	await shop.stop();
	expect((await move("audit")).ok).toBe(true);
	shop = await node([audit], { dataDir, env: { ...onFiles, AUDIT_DATABASE_URL: url } });
	expect(await as(shop, { userId: 9, roles: ["admin"] })("audit.verify", {})).toEqual({ ok: true, entries: 700 });
});

it("refuses a store that somebody runs, and one that was worked with", async () => {
	shop = await node([products], { dataDir, env: onFiles });
	expect(await move("products")).toMatchObject({ ok: false, said: expect.stringContaining("in use by process") });
	await shop.stop();
	expect(await move("products")).toMatchObject({ ok: true });
	expect(await move("products")).toMatchObject({ ok: false, said: expect.stringContaining("has rows in") });
	expect(await query(url, "SELECT count(*)::int AS n FROM products")).toEqual([{ n: 24 }]);
});

it("refuses a file that is not there", async () => {
	expect(await move("nobody")).toMatchObject({ ok: false, said: expect.stringContaining("nobody.db is not there") });
	const file = await SqliteDatabase.open("nobody", join(dataDir, "nobody.db"));
	await file.close();
	expect((await move("nobody")).ok).toBe(true);
});
