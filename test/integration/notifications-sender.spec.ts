import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SoukEvent } from "../../broker/event.ts";
import type { Logger } from "../../broker/service.ts";
import { migrate } from "../../broker/sql/migrate.ts";
import { SqliteConnection } from "../../broker/sql/sqlite-connection.ts";
import { SqliteDatabase } from "../../broker/sql/sqlite-database.ts";
import { Store } from "../../broker/sql/store.ts";
import { Sender } from "../../services/notifications/notifications.sender.ts";
import { forget, insert, markRemoved } from "../../services/notifications/notifications.store.ts";
import { type Message, OutletFault, type Outlets } from "../../services/notifications/outlet.ts";
import { eventually } from "../support/eventually.ts";

const logged: string[] = [];
const log = (line: string) => void logged.push(line);
const logger = { info: () => undefined, warn: log, error: log } as unknown as Logger;

let folder: string;
let store: Store;
let sender: Sender;
beforeEach(async () => {
	logged.length = 0;
	folder = mkdtempSync(join(tmpdir(), "souk-"));
	const database = await SqliteDatabase.open("notifications", join(folder, "notifications.db"));
	await migrate(database, logger);
	store = new Store(database);
});
afterEach(async () => {
	await sender.stop();
	await store.database.close();
	rmSync(folder, { recursive: true, force: true });
});

const origin = { unit: "spec", correlationId: "spec" };
function write(count: number, channel: keyof Outlets = "email"): Promise<void> {
	return store.transact({ origin }, async unit => {
		for (let number = 1; number <= count; number++)
			await insert(unit, {
				kind: "message",
				about: `message/${number}`,
				channel,
				userId: 1,
				recipient: "alice@souk.test",
				recipientName: "Alice",
				language: "en",
				subject: "s",
				text: `${number}`,
				html: "",
				messageId: `${number}@spec`,
				origin
			});
	});
}

/** A sender whose mail goes to `send`, in no hurry to look by itself. */
function sending(send: (mail: Message) => Promise<void>, pollMs = 3_600_000, sms = send): Sender {
	const patience = { tries: 3, firstPauseMs: 2, longestPauseMs: 4, pollMs };
	const email = { via: "spec", send };
	return (sender = new Sender(store, { email, sms: { via: "spec", send: sms }, webhook: email }, logger, patience));
}

const count = async (status: string): Promise<number> =>
	(await store.get<{ n: number }>("SELECT count(*) AS n FROM notifications WHERE status = ?", [status]))!.n;
const tried = (id: number) =>
	store.all<{ outcome: string; error: string | null }>(
		"SELECT number, message_id, outcome, error, ended_at IS NULL AS open FROM deliveries WHERE notification_id = ? ORDER BY number",
		[id]
	);
const announced = async (): Promise<number[]> =>
	(await store.all<{ payload: string }>("SELECT payload FROM outbox ORDER BY seq")).map(
		({ payload }) => (JSON.parse(payload) as SoukEvent<"notification.sent">).data.notificationId
	);

describe("the sender", () => {
	it("sends what waits in batches, the oldest first, each marked before the next begins", async () => {
		await write(80);
		const mails: Message[] = [];
		const marked: number[] = [];
		sending(async mail => {
			marked.push(await count("SENT"));
			mails.push(mail);
		}).start();
		await eventually(async () => expect(await count("SENT")).toBe(80));
		expect(mails.map(({ key }) => key)).toEqual(Array.from({ length: 80 }, (_, index) => `${index + 1}-message`));
		expect(marked).toEqual([...Array(32).fill(0), ...Array(32).fill(32), ...Array(16).fill(64)]);
		expect((await announced()).sort((a, b) => a - b)).toEqual(Array.from({ length: 80 }, (_, index) => index + 1));
	});

	it("writes down that a batch is tried with one commit, and what came of it with another", async () => {
		await write(32);
		const statements = jest.spyOn(SqliteConnection.prototype, "run");
		sending(() => Promise.resolve()).start();
		await eventually(async () => expect(await count("SENT")).toBe(32));
		await sender.stop();
		expect(statements.mock.calls.filter(([sql]) => sql === "COMMIT").length).toBe(2);
		statements.mockRestore();
	});

	it("does not let one that fails hold back the others, and gives it up after its tries", async () => {
		await write(5);
		const tries = new Map<string, number>();
		sending(mail => {
			tries.set(mail.key, (tries.get(mail.key) ?? 0) + 1);
			return mail.key === "2-message" ? Promise.reject(new Error("no such mailbox")) : Promise.resolve();
		}, 2).start();
		await eventually(async () => expect([await count("SENT"), await count("FAILED")]).toEqual([4, 1]));
		expect([...tries.values()]).toEqual([1, 3, 1, 1, 1]);
		expect(await store.get("SELECT attempts, last_error, sends, sent_at FROM notifications WHERE id = 2")).toEqual({
			attempts: 3,
			last_error: "no such mailbox",
			sends: 0,
			sent_at: null
		});
		expect((await announced()).sort()).toEqual([1, 3, 4, 5]);
		expect(logged).toEqual(["Notification 2 was given up after 3 tries"]);
	});

	it("says what was wrong when what was thrown is no error", async () => {
		await write(1);
		// eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- libraries do
		sending(() => Promise.reject("421 try later")).start();
		await eventually(async () =>
			expect(await store.get("SELECT last_error FROM notifications")).toEqual({ last_error: "421 try later" })
		);
	});

	it("sends under the same key what it could not mark, and marks it once", async () => {
		await write(3);
		const mails: Message[] = [];
		const writeNow = store.database.write.bind(store.database);
		const failing = jest.spyOn(store.database, "write");
		// That it is tried is written, what came of it is not.
		failing.mockImplementationOnce(writeNow);
		failing.mockImplementationOnce(() => Promise.reject(new Error("disk I/O error")));
		failing.mockImplementation(writeNow);
		sending(mail => {
			mails.push(mail);
			return Promise.resolve();
		}, 5).start();
		await eventually(async () => expect(await count("SENT")).toBe(3));
		expect(mails.map(({ key, messageId }) => `${key} ${messageId}`)).toEqual([
			"1-message 1@spec",
			"2-message 2@spec",
			"3-message 3@spec",
			"1-message 1@spec"
		]);
		expect(await tried(1)).toEqual([
			{ number: 1, message_id: "1@spec", outcome: "UNKNOWN", error: null, open: 0 },
			{ number: 2, message_id: "1@spec", outcome: "SENT", error: null, open: 0 }
		]);
		expect(await tried(2)).toMatchObject([{ outcome: "SENT" }]);
		expect((await announced()).sort()).toEqual([1, 2, 3]);
		expect(logged).toEqual(["Messages could not be sent or marked; the next poll tries again"]);
	});

	it("sends at once what it is woken for, also while it is at work", async () => {
		const mails: string[] = [];
		const woken = sending(async ({ text }) => {
			mails.push(text);
			if (text !== "1") return;
			await write(2);
			woken.wake();
		});
		woken.start();
		await write(1);
		woken.wake();
		await eventually(async () => expect(await count("SENT")).toBe(2));
		expect(mails).toEqual(["1", "2"]);
	});

	it("finds by itself what nobody woke it for", async () => {
		sending(() => Promise.resolve(), 5).start();
		await write(1);
		await eventually(async () => expect(await count("SENT")).toBe(1));
	});

	it("marks the mail under way before it stops, and sends nothing more", async () => {
		await write(40);
		let release: () => void = () => undefined;
		const begun = new Promise<void>(begin => {
			const held = new Promise<void>(open => (release = open));
			sending(() => {
				begin();
				return held;
			}).start();
		});
		await begun;
		const stopped = sender.stop();
		release();
		await stopped;
		expect([await count("SENT"), await count("PENDING")]).toEqual([32, 8]);
		sender.wake();
		await sender.stop();
		expect(await count("PENDING")).toBe(8);
	});

	it("does not announce a mail that was removed while it went out", async () => {
		await write(1);
		sending(async () => {
			await store.transact({ origin }, unit => markRemoved(unit, 1));
		}).start();
		await eventually(async () =>
			expect(await store.get("SELECT removed_at IS NOT NULL AS gone FROM notifications")).toEqual({ gone: 1 })
		);
		await sender.stop();
		expect(await announced()).toEqual([]);
	});

	it("has written that it tries before it does, in whatever state it dies", async () => {
		await write(1);
		const seen: unknown[] = [];
		sending(async () => void seen.push(...(await tried(1)))).start();
		await eventually(async () => expect(await count("SENT")).toBe(1));
		expect(seen).toEqual([{ number: 1, message_id: "1@spec", outcome: "TRYING", error: null, open: 1 }]);
	});

	it("gives up at once what is refused for good", async () => {
		await write(1);
		sending(() => Promise.reject(new OutletFault("refused", "550 no such user")), 2).start();
		await eventually(async () => expect(await count("FAILED")).toBe(1));
		expect(await tried(1)).toMatchObject([{ outcome: "FAILED", error: "550 no such user" }]);
	});

	it("never gives up on a server that is away", async () => {
		await write(1);
		let tries = 0;
		sending(
			() => (++tries < 9 ? Promise.reject(new OutletFault("away", "ECONNREFUSED")) : Promise.resolve()),
			2
		).start();
		await eventually(async () => expect(await count("SENT")).toBe(1));
		expect((await tried(1)).map(({ outcome }) => outcome)).toEqual([...Array<string>(8).fill("FAILED"), "SENT"]);
	});

	it("counts no try against a message while the server was away", async () => {
		await write(1);
		const faults = [...Array<"away">(5).fill("away"), "deferred" as const, "deferred" as const];
		sending(() => {
			const kind = faults.shift();
			return kind ? Promise.reject(new OutletFault(kind, kind)) : Promise.resolve();
		}, 2).start();
		await eventually(async () => expect(await count("SENT")).toBe(1));
		expect(await tried(1)).toHaveLength(8);
	});

	it("asks only so often for an answer that is lost each time, and says that it does not know", async () => {
		await write(1);
		sending(() => Promise.reject(new OutletFault("lost", "Connection closed")), 2).start();
		await eventually(async () => expect(await count("FAILED")).toBe(1));
		expect((await tried(1)).map(({ outcome }) => outcome)).toEqual(["UNKNOWN", "UNKNOWN", "UNKNOWN"]);
	});

	it("does not let a server that hangs hold up another channel", async () => {
		await write(40);
		await write(2, "sms");
		let release: () => void = () => undefined;
		const held = new Promise<void>(open => (release = open));
		sending(
			() => held,
			2,
			() => Promise.resolve()
		).start();
		await eventually(async () => expect(await count("SENT")).toBe(2));
		release();
		await eventually(async () => expect(await count("SENT")).toBe(42));
	});

	it("begins nothing for somebody who is gone, and keeps no word of what was under way", async () => {
		await write(40);
		sending(async ({ key }) => {
			if (key === "1-message") await store.transact({ origin }, unit => forget(unit, 1));
			throw new OutletFault("deferred", "421 <alice@souk.test> later");
		}, 2).start();
		await eventually(async () =>
			expect(await store.all("SELECT DISTINCT outcome, error FROM deliveries")).toEqual([
				{ outcome: "FAILED", error: null }
			])
		);
		await sender.stop();
		expect(await store.get("SELECT count(*) AS n FROM deliveries")).toEqual({ n: 32 });
		expect(await store.all("SELECT DISTINCT recipient, recipient_name, text FROM notifications")).toEqual([
			{ recipient: "", recipient_name: "", text: "" }
		]);
	});
});
