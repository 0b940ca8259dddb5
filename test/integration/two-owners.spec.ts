import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { pathToFileURL } from "node:url";
import { service } from "../../broker/service.ts";
import { ownStore, StoreOwned } from "../../broker/sql/owner-lock.ts";
import { store } from "../../mixins/store.mixin.ts";
import { node } from "../support/node.ts";

let folder: string;
const children = new Set<ChildProcessByStdio<Writable, Readable, null>>();

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "souk-owners-"));
});
afterEach(async () => {
	for (const child of children) {
		child.kill("SIGKILL");
		if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
	}
	children.clear();
	rmSync(folder, { recursive: true, force: true });
});

const LOCK = pathToFileURL(join(import.meta.dirname, "../../broker/sql/owner-lock.ts")).href;

/** Another process that tries to own a file: says how that went, and gives it back when a line comes. */
async function owner(file: string) {
	const code = `
		const { ownStore } = await import(${JSON.stringify(LOCK)});
		const release = await ownStore(${JSON.stringify(file)}).catch(error => {
			console.log(JSON.stringify({ name: error.name, message: error.message }));
			process.exit(0);
		});
		console.log(JSON.stringify({ name: "owner" }));
		process.stdin.once("data", () => release().then(() => process.exit(0)));
	`;
	const child = spawn(process.execPath, ["--input-type=module", "--eval", code], {
		stdio: ["pipe", "pipe", "inherit"]
	});
	children.add(child);
	const lines = createInterface({ input: child.stdout });
	const [line] = (await once(lines, "line")) as [string];
	return { child, answer: JSON.parse(line) as { name: string; message?: string } };
}

describe("a second owner of a store", () => {
	it("in another process is refused, and told which process has it", async () => {
		const release = await ownStore(join(folder, "shop.db"));
		const { answer } = await owner(join(folder, "shop.db"));
		expect(answer.name).toBe("StoreOwned");
		expect(answer.message).toContain(`process ${process.pid} `);
		await release();
	});

	it("is refused by a process that came first, and takes over when that one is killed", async () => {
		const file = join(folder, "shop.db");
		const first = await owner(file);
		expect(first.answer.name).toBe("owner");
		await expect(ownStore(file)).rejects.toThrow(`process ${first.child.pid} `);
		first.child.kill("SIGKILL");
		await once(first.child, "exit");
		const release = await ownStore(file);
		const { answer } = await owner(file);
		expect(answer.message).toContain(`process ${process.pid} `);
		await release();
	});

	it("takes over when the first gives the store back", async () => {
		const file = join(folder, "shop.db");
		const first = await owner(file);
		first.child.stdin.write("\n");
		await once(first.child, "exit");
		const release = await ownStore(file);
		await release();
		await (await ownStore(file))();
	});

	it("may own another store beside it", async () => {
		const release = await ownStore(join(folder, "one.db"));
		const { answer } = await owner(join(folder, "two.db"));
		expect(answer.name).toBe("owner");
		await release();
	});
});

it("of several processes that start at once exactly one owns the store", async () => {
	const all = await Promise.all(Array.from({ length: 4 }, () => owner(join(folder, "shop.db"))));
	expect(all.map(({ answer }) => answer.name).sort()).toEqual(["StoreOwned", "StoreOwned", "StoreOwned", "owner"]);
});

it("a service whose store is owned does not start, and the owner is none the worse", async () => {
	const shop = service({ name: "shop", mixins: [store()] });
	const first = await node([shop], { dataDir: folder });
	await expect(node([shop], { dataDir: folder })).rejects.toBeInstanceOf(StoreOwned);
	const { store: owned } = first.broker.getLocalService("shop") as never as {
		store: import("../../broker/sql/store.ts").Store;
	};
	await owned.database.write("still mine", tx => tx.run("INSERT INTO seeds VALUES ('a', 'now')"));
	expect(await owned.get("SELECT name FROM seeds")).toEqual({ name: "a" });
	await first.stop();
	await (await node([shop], { dataDir: folder })).stop();
});
