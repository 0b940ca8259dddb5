import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { ServiceSchema } from "moleculer";
import type { SoukEvent } from "../../broker/event.ts";
import { SqliteConnection } from "../../broker/sql/sqlite-connection.ts";
import { uuid7 } from "../../broker/ids.ts";
import type { AuditEntry } from "../../services/audit/audit.contract.ts";
import audit, { type AuditService } from "../../services/audit/audit.service.ts";
import { canonical } from "../../services/audit/chain.ts";
import "../../services/orders/orders.contract.ts";
import { eventually } from "../support/eventually.ts";
import { as, event, node, type TestNode } from "../support/node.ts";
import { query } from "../support/postgres-server.ts";
import { onPostgres, storeSettings, storeUrl } from "../support/stores.ts";

const ADMIN = { userId: 9, roles: ["staff", "admin"] } as const;

let started: TestNode | undefined;
afterEach(async () => {
	await started?.close();
	started = undefined;
});

async function start(dataDir?: string, schema: ServiceSchema = audit): Promise<TestNode> {
	return (started = await node([schema], { dataDir }));
}

const money = { total: 500, currency: "EUR" };
const delivered = (orderId: number, id?: string) =>
	event("order.delivered", `order/${orderId}`, { orderId, userId: 1, shipmentId: orderId, ...money }, id);
const many = (count: number, from = 1) => Array.from({ length: count }, (_, index) => delivered(from + index));
const publishAll = (at: TestNode, events: SoukEvent[]) => Promise.all(events.map(one => at.publish(one)));

/** The whole log, oldest first, through the list's pages. */
async function whole(at: TestNode): Promise<AuditEntry[]> {
	const entries: AuditEntry[] = [];
	for (let after: number | undefined; ; ) {
		const page = await as(at, ADMIN)("audit.list", { limit: 100, after });
		entries.push(...page.items);
		if (page.next === undefined) return entries.reverse();
		after = page.next;
	}
}
const verify = (at: TestNode, from?: number) => as(at, ADMIN)("audit.verify", { from });

/** Changes the store behind the service's back. */
async function tamper(dataDir: string, ...statements: string[]): Promise<void> {
	if (onPostgres()) return void (await query(storeUrl(dataDir, "audit"), statements.join(";")));
	const connection = await SqliteConnection.open(join(dataDir, "audit.db"));
	await connection.exec(statements.join(";")).finally(() => connection.close());
}

// checklist: 68, 245
describe("hearing every event", () => {
	it("keeps each one with its cause, its trace and its data, whatever its type", async () => {
		const souk = await start();
		const strange = {
			...delivered(7),
			type: "weather.changed",
			subject: "weather/Wien ☂",
			sequence: 4,
			causationid: "018f-cause",
			traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
			data: { text: 'Größe \u0000 \u2028 "quoted" ☂', none: null, deep: [{ b: 1, a: 1e-7 }] }
		} as unknown as SoukEvent;
		await publishAll(souk, [strange]);
		const [entry] = await whole(souk);
		expect(entry).toEqual({
			seq: 1,
			eventId: strange.id,
			at: strange.time,
			type: "weather.changed",
			subject: "weather/Wien ☂",
			source: "/souk/spec",
			version: 4,
			correlationId: "spec",
			causationId: "018f-cause",
			traceparent: strange.traceparent,
			data: strange.data,
			prevHash: "0".repeat(64),
			hash: expect.stringMatching(/^[0-9a-f]{64}$/)
		});
		expect(await verify(souk)).toEqual({ ok: true, entries: 1 });
	});

	it("chains 1,000 that come at once into one whole log, and writes them in few units", async () => {
		const souk = await start();
		const service = souk.broker.getLocalService("audit") as AuditService;
		const units = jest.spyOn(service.store, "transact");
		const events = many(1_000);
		await publishAll(souk, events);
		expect(units.mock.calls.length).toBeLessThan(20);
		const entries = await whole(souk);
		expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 1));
		expect(new Set(entries.map(({ eventId }) => eventId))).toEqual(new Set(events.map(({ id }) => id)));
		expect(await verify(souk)).toEqual({ ok: true, entries: 1_000 });
	});

	it("keeps the order of one subject among others that arrive with it", async () => {
		const souk = await start();
		const events = Array.from({ length: 300 }, (_, index) => ({ ...delivered(1 + (index % 5)), sequence: index }));
		await publishAll(souk, events);
		const entries = await whole(souk);
		for (const subject of [1, 2, 3, 4, 5].map(id => `order/${id}`)) {
			const versions = entries.filter(entry => entry.subject === subject).map(({ version }) => version);
			expect(versions).toEqual(events.filter(one => one.subject === subject).map(({ sequence }) => sequence));
		}
	});

	it("writes an event once that comes five times at once, later, and after a restart", async () => {
		let souk = await start();
		const events = many(20);
		await publishAll(souk, [...events, ...events, ...events, ...events, ...events]);
		await publishAll(souk, events);
		await souk.stop();
		souk = await start(souk.dataDir);
		await publishAll(souk, [...events, ...many(5, 100)]);
		expect((await whole(souk)).length).toBe(25);
		expect(await verify(souk)).toEqual({ ok: true, entries: 25 });
	});
});

describe("a batch with an event that cannot be written", () => {
	it("parks what does not match its contract, lets the others through, and takes it once it was mended", async () => {
		const souk = await start();
		const poison = { ...delivered(3), data: { orderId: "three" } } as unknown as SoukEvent;
		await publishAll(souk, [delivered(1), delivered(2), poison, delivered(4)]);
		expect((await whole(souk)).map(({ subject }) => subject)).not.toContain("order/3");
		await publishAll(souk, [delivered(3)]);
		const { inbox } = souk.broker.getLocalService("audit") as AuditService;
		await inbox.retry(1, { orderId: 3, userId: 1, shipmentId: 3, ...money });
		await eventually(async () => {
			const entries = await whole(souk);
			expect(entries.filter(({ subject }) => subject === "order/3").map(({ eventId }) => eventId)[0]).toBe(poison.id);
			expect(entries.filter(({ subject }) => subject === "order/3").length).toBe(2);
			expect(entries.map(({ type }) => type)).toEqual(
				expect.arrayContaining(["system.dead_letter_parked", "system.dead_letter_retried"])
			);
			expect(await verify(souk)).toEqual({ ok: true, entries: entries.length });
		});
	});

	it("keeps only that event out when the store itself refuses it", async () => {
		const souk = await start();
		const nameless = { ...delivered(50), source: undefined } as unknown as SoukEvent;
		const events = many(40);
		const refused = souk.publish(nameless).then(
			() => "answered",
			() => "not answered"
		);
		await publishAll(souk, events);
		const entries = await whole(souk);
		expect(entries.map(({ eventId }) => eventId)).toEqual(events.map(({ id }) => id));
		expect(await verify(souk)).toEqual({ ok: true, entries: 40 });
		await souk.stop();
		expect(await refused).toBe("not answered");
	});

	it("loses none and doubles none when the store fails under it for a while", async () => {
		const souk = await start();
		await publishAll(souk, many(10));
		const { store } = souk.broker.getLocalService("audit") as AuditService;
		const write = store.database.write.bind(store.database);
		const failing = jest.spyOn(store.database, "write");
		// The first unit is rolled back by the disk after its work was done, the second before.
		failing.mockImplementationOnce((unit, work) =>
			write(unit, async tx => {
				await work(tx);
				throw Object.assign(new Error("disk I/O error"), { code: "SQLITE_IOERR" });
			})
		);
		failing.mockImplementationOnce(() => Promise.reject(Object.assign(new Error("full"), { retryable: true })));
		await publishAll(souk, many(30, 11));
		expect((await whole(souk)).length).toBe(40);
		expect(await verify(souk)).toEqual({ ok: true, entries: 40 });
	});
});

describe("a killed process", () => {
	const file = (path: string) => pathToFileURL(join(import.meta.dirname, path)).href;

	/** Runs the service in a process of its own that dies at the point, and answers with the points that it passed. */
	async function dieAt(point: string, dataDir: string, events: SoukEvent[]): Promise<string[]> {
		const orders = join(dataDir, "crash");
		const script = join(dataDir, "victim.mts");
		writeFileSync(orders, point);
		writeFileSync(
			script,
			`import { readFileSync } from "node:fs";
			import audit from "${file("../../services/audit/audit.service.ts")}";
			import { armCrashPoints } from "${file("../../broker/crash.ts")}";
			import { node } from "${file("../support/node.ts")}";
			const souk = await node([audit], ${JSON.stringify({ dataDir, env: storeSettings(dataDir) })});
			armCrashPoints(${JSON.stringify(orders)});
			await Promise.all(JSON.parse(readFileSync(0, "utf8")).map(event => souk.publish(event)));
			process.exit(1);`
		);
		const victim = spawn(process.execPath, [script], { stdio: ["pipe", "ignore", "inherit"] });
		victim.stdin.end(JSON.stringify(events));
		const [, signal] = (await once(victim, "exit")) as [number | null, string | null];
		expect(signal).toBe("SIGKILL");
		return existsSync(`${orders}.hits`) ? readFileSync(`${orders}.hits`, "utf8").trim().split("\n") : [];
	}

	it.each([
		["audit<*:before-commit", 0],
		["audit<*:after-commit", 60]
	])("at %s leaves a whole chain, and the events that come again are there once", async (point, kept) => {
		const dataDir = mkdtempSync(join(tmpdir(), "souk-"));
		const events = Array.from({ length: 60 }, (_, index) => delivered(index + 1, uuid7()));
		expect(await dieAt(point, dataDir, events)).toContain(point);
		const souk = await start(dataDir);
		expect(await verify(souk)).toEqual({ ok: true, entries: kept });
		await publishAll(souk, events);
		expect(await verify(souk)).toEqual({ ok: true, entries: 60 });
		expect(new Set((await whole(souk)).map(({ eventId }) => eventId))).toEqual(new Set(events.map(({ id }) => id)));
	});
});

describe("looking for what was tampered with", () => {
	it.each([
		["a letter of the data", 4, "UPDATE audit_log SET data = replace(data, '500', '501') WHERE seq = 4"],
		["a space put into the data", 5, "UPDATE audit_log SET data = replace(data, ':500', ': 500') WHERE seq = 5"],
		["the time", 1, "UPDATE audit_log SET at = replace(at, 'Z', 'z') WHERE seq = 1"],
		["the type", 2, "UPDATE audit_log SET type = 'order.delivereD' WHERE seq = 2"],
		["the subject", 3, "UPDATE audit_log SET subject = 'order/33' WHERE seq = 3"],
		["a cause that was not there", 6, "UPDATE audit_log SET causation_id = '' WHERE seq = 6"],
		["its hash", 7, "UPDATE audit_log SET hash = upper(hash) WHERE seq = 7"],
		["the hash before it", 8, "UPDATE audit_log SET prev_hash = hash WHERE seq = 8"],
		["its place", 9, "UPDATE audit_log SET seq = 99 WHERE seq = 9"],
		["an entry taken out", 5, "DELETE FROM audit_log WHERE seq = 5"],
		["the first entries taken out", 1, "DELETE FROM audit_log WHERE seq < 4"],
		["the last entries cut off", 8, "DELETE FROM audit_log WHERE seq > 7"],
		["all entries gone", 1, "DELETE FROM audit_log"],
		["the noted end set back", 10, "UPDATE audit_head SET seq = 9"],
		["the noted end gone", 11, "DELETE FROM audit_head"]
	])("finds %s and names the entry", async (_what, brokenAt, statement) => {
		const souk = await start();
		await publishAll(souk, many(10));
		expect(await verify(souk)).toEqual({ ok: true, entries: 10 });
		await tamper(souk.dataDir, statement);
		expect(await verify(souk)).toMatchObject({ ok: false, brokenAt });
	});

	it("still finds it when honest entries follow, and when the walk begins before it", async () => {
		const souk = await start();
		await publishAll(souk, many(10));
		await tamper(souk.dataDir, "UPDATE audit_log SET source = '/souk/nobody' WHERE seq = 10");
		await publishAll(souk, many(5, 11));
		expect(await verify(souk)).toMatchObject({ ok: false, brokenAt: 10 });
		expect(await verify(souk, 8)).toEqual({ ok: false, entries: 2, brokenAt: 10 });
		expect(await verify(souk, 11)).toEqual({ ok: true, entries: 5 });
	});

	it("goes on in further calls when time is up before the end of a long log", async () => {
		const hurried = { ...audit, settings: { verifying: { page: 40, forMs: 0 } } } as ServiceSchema;
		const souk = await start(undefined, hurried);
		await publishAll(souk, many(100));
		expect(await verify(souk)).toEqual({ ok: true, entries: 40, next: 41 });
		expect(await verify(souk, 41)).toEqual({ ok: true, entries: 40, next: 81 });
		expect(await verify(souk, 81)).toEqual({ ok: true, entries: 20, next: 101 });
		expect(await verify(souk, 101)).toEqual({ ok: true, entries: 0 });
	});

	it("agrees while the log grows under it", async () => {
		const souk = await start();
		const growing = publishAll(souk, many(2_000));
		const seen: boolean[] = [];
		for (let entries = 0; entries < 2_000 && !seen.includes(false); ) {
			const answer = await verify(souk);
			seen.push(answer.ok);
			entries = answer.entries;
		}
		await growing;
		expect(seen).not.toContain(false);
	});
});

// checklist: 210
describe("reading the log", () => {
	beforeEach(async () => {
		const souk = await start();
		const hear = (type: "order.shipped" | "order.delivered", orderId: number, correlationid: string) =>
			souk.publish({
				...event(type, `order/${orderId}`, { orderId, userId: 1, shipmentId: 1, ...money }),
				correlationid
			});
		for (const orderId of [1, 2, 3]) {
			await hear("order.shipped", orderId, `request-${orderId}`);
			await hear("order.delivered", orderId, `request-${orderId}`);
		}
	});

	const seqs = async (search: object) =>
		(await as(started!, ADMIN)("audit.events", search)).items.map(({ seq }) => seq);

	it("shows the newest first, by type, subject and request", async () => {
		expect(await seqs({})).toEqual([6, 5, 4, 3, 2, 1]);
		expect(await seqs({ type: "order.shipped" })).toEqual([5, 3, 1]);
		expect(await seqs({ subject: "order/2" })).toEqual([4, 3]);
		expect(await seqs({ correlationId: "request-3", type: "order.delivered" })).toEqual([6]);
		expect(await seqs({ subject: "order/4" })).toEqual([]);
	});

	it("comes in pages", async () => {
		const first = await as(started!, ADMIN)("audit.events", { limit: 2, type: "order.shipped" });
		expect(first.items.map(({ seq }) => seq)).toEqual([5, 3]);
		expect(first.next).toBe(3);
		const last = await as(started!, ADMIN)("audit.events", { limit: 2, type: "order.shipped", after: 3 });
		expect(last.items.map(({ seq }) => seq)).toEqual([1]);
		expect(last).not.toHaveProperty("next");
	});

	it("has the hashes in the audit's list and not among the events", async () => {
		const [entry] = (await as(started!, ADMIN)("audit.list", { limit: 1 })).items;
		const [shown] = (await as(started!, ADMIN)("audit.events", { limit: 1 })).items;
		const { prevHash, hash, ...rest } = entry!;
		expect(shown).toEqual(rest);
		expect(prevHash).toBe((await whole(started!))[4]!.hash);
		expect(hash).not.toBe(prevHash);
		expect(canonical(rest.data)).toBe(canonical({ orderId: 3, userId: 1, shipmentId: 1, ...money }));
	});

	it.each(["audit.events", "audit.list", "audit.verify"] as const)("%s is for admins alone", async action => {
		for (const user of [{ userId: 1 }, { userId: 8, roles: ["staff"] as const }])
			await expect(as(started!, user)(action, {})).rejects.toMatchObject({ code: 403, type: "FORBIDDEN" });
		await expect(as(started!, "anonymous")(action, {})).rejects.toMatchObject({ code: 401 });
	});

	it("refuses a search that it does not know", async () => {
		await expect(as(started!, ADMIN)("audit.events", { actor: "bob" } as never)).rejects.toMatchObject({ code: 400 });
	});
});
