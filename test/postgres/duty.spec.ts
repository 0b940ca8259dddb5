import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { contentsOf, relayOn, type Outgoing } from "./relaying.ts";
import { Databases } from "./support.ts";
import { eventually } from "../support/eventually.ts";
import { query } from "../support/postgres-server.ts";

const databases = new Databases();
const folder = mkdtempSync(join(tmpdir(), "souk-duty-"));
const children: ChildProcess[] = [];
let url: string;

beforeEach(() => {
	url = databases.fresh();
});
afterEach(async () => {
	for (const child of children.splice(0)) child.kill("SIGKILL");
	await databases.remove();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Another process that relays from the same database. */
async function otherProcess(): Promise<ChildProcess & { sent: string[] }> {
	const file = (path: string) => JSON.stringify(pathToFileURL(join(import.meta.dirname, path)).href);
	const script = join(folder, `${children.length}.mts`);
	writeFileSync(
		script,
		`import { relayOn } from ${file("relaying.ts")};
		import { PostgresDatabase } from ${file("../../broker/sql/postgres-database.ts")};
		const { relay, ready } = await relayOn(
			await PostgresDatabase.open("shop", ${JSON.stringify(url)}),
			label => void process.stdout.write(label + "\\n")
		);
		await ready;
		process.stdout.write("on duty\\n");`
	);
	const child = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"] });
	children.push(child);
	const sent: string[] = [];
	child.stdout.setEncoding("utf8").on("data", (text: string) => sent.push(...text.split("\n").filter(Boolean)));
	await eventually(() => expect(sent).toContain("on duty"), { within: 15_000 });
	return Object.assign(child, { sent });
}

const open = async (): Promise<Outgoing> => relayOn(await databases.open(url));
const labels = (subject: string, from: number, to: number) =>
	Array.from({ length: to - from }, (_, n) => `${subject}${from + n}`);

it("of two processes one relays what both commit, each subject in its order", async () => {
	const other = await otherProcess();
	const here = await open();
	for (const label of labels("a", 1, 30)) await here.emit(label);
	await eventually(() => expect(other.sent.filter(label => label.startsWith("a"))).toEqual(labels("a", 1, 30)));
	expect(here.sent).toEqual([]);
	await eventually(async () => expect(await here.relay.backlog()).toBe(0));
	await here.relay.stop();
});

it("the other takes over when one is killed, and sends what that one left", async () => {
	const other = await otherProcess();
	const here = await open();
	other.kill("SIGKILL");
	await once(other, "exit");
	for (const label of labels("a", 1, 30)) await here.emit(label);
	await eventually(() => expect(here.sent).toEqual(labels("a", 1, 30)));
	await here.relay.stop();
});

it("a process that froze loses its duty, and does not keep it when it wakes", async () => {
	const other = await otherProcess();
	const here = await open();
	other.kill("SIGSTOP");
	await here.emit("a1");
	await eventually(() => expect(here.sent).toEqual(["a1"]), { within: 20_000, every: 100 });
	other.kill("SIGCONT");
	await here.emit("a2");
	await eventually(() => expect(here.sent).toEqual(["a1", "a2"]));
	expect(other.sent).toEqual(["on duty"]);
	await here.relay.stop();
});

it("who is not on duty hears of no work: it would only pass the word on, and on", async () => {
	const heard: string[] = [];
	const serve = async (name: string) => {
		const database = await databases.open(url);
		return database.duty("sweep", {
			take: () => heard.push(`${name} begins`),
			lose: () => undefined,
			nudged: () => heard.push(name)
		});
	};
	const first = await serve("first");
	await eventually(() => expect(heard).toEqual(["first begins"]));
	const second = await serve("second");
	const asking = "application_name = 'souk shop duties' AND query ~ 'pg_try_advisory_lock|LISTEN'";
	const connected = `SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND ${asking}`;
	await eventually(async () => expect(await query(url, connected)).toEqual([{ n: "2" }]));
	second.nudge();
	await eventually(() => expect(heard).toEqual(["first begins", "first"]));
	await first.end();
	await eventually(() => expect(heard).toContain("second begins"));
	second.nudge();
	await eventually(() => expect(heard.at(-1)).toBe("second"));
	expect(heard).toEqual(["first begins", "first", "second begins", "second"]);
	await second.end();
});

it("tasks of a process share a connection, and each goes to another process by itself", async () => {
	const heard: string[] = [];
	const [one, two] = [await databases.open(url), await databases.open(url)];
	const ask = (database: typeof one, who: string, task: string) =>
		database.duty(task, {
			take: () => heard.push(`${who} ${task}`),
			lose: () => heard.push(`${who} leaves ${task}`)
		});
	const sweep = ask(one, "one", "sweep");
	await eventually(() => expect(heard).toEqual(["one sweep"]));
	const others = [ask(two, "two", "sweep"), ask(two, "two", "mail")];
	await eventually(() => expect(heard).toEqual(["one sweep", "two mail"]));
	const mail = ask(one, "one", "mail");
	await sweep.end();
	await eventually(() => expect(heard.slice(2)).toEqual(["one leaves sweep", "two sweep"]));
	await others[1]!.end();
	await eventually(() => expect(heard.slice(4)).toEqual(["two leaves mail", "one mail"]));
	const [connected] = await query<{ n: string }>(
		url,
		"SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '%duties'"
	);
	expect(connected).toEqual({ n: "2" });
	await Promise.all([mail.end(), others[0]!.end()]);
	expect(heard.slice(6).toSorted()).toEqual(["one leaves mail", "two leaves sweep"]);
});

it("a commit that comes after one with a greater number is sent all the same", async () => {
	const here = await open();
	await here.ready;
	const held = Promise.withResolvers<void>();
	const begun = Promise.withResolvers<void>();
	// Its number is taken before the other's, and it commits after it.
	const late = here.store.database.write("late", async tx => {
		await tx.run(
			`INSERT INTO outbox (id, topic, type, subject, payload, created_at) VALUES (?, 't', 't', 'probe/a', ?, '')`,
			["late", JSON.stringify({ ...contentsOf("a1"), id: "late" })]
		);
		begun.resolve();
		await held.promise;
	});
	await begun.promise;
	await here.emit("b1");
	await eventually(() => expect(here.sent).toEqual(["b1"]));
	held.resolve();
	await late;
	await eventually(() => expect(here.sent).toEqual(["b1", "a1"]));
	await here.relay.stop();
});

it("a connection that breaks costs the duty, and gets it back", async () => {
	const here = await open();
	await here.ready;
	await query(
		url,
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
	);
	await here.emit("a1");
	await eventually(() => expect(here.sent).toEqual(["a1"]));
	await eventually(async () => expect(await here.relay.backlog()).toBe(0));
	await here.relay.stop();
});
