import { execFile } from "node:child_process";
import { join } from "node:path";
import { order, settled, town, type Order, type Town } from "./support.ts";

const ROOT = join(import.meta.dirname, "../..");

/** Starts another process and resolves to how it ended. */
const start = (env: Record<string, string>): Promise<{ code: number | null; stdout: string; stderr: string }> =>
	new Promise(resolve => {
		const child = execFile(
			join(ROOT, "node_modules/.bin/node"),
			["scripts/start.ts"],
			{ cwd: ROOT, env: { PATH: process.env.PATH, LOG_LEVEL: "fatal", ...env } },
			(_error, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr })
		);
	});

describe("the process", () => {
	let it_: Town;
	beforeAll(async () => {
		it_ = await town();
	});
	afterAll(() => it_.souk.close());

	it("refuses a data folder that another process owns, and names it", async () => {
		const { code, stderr } = await start({ DATA_DIR: it_.souk.dataDir, PORT: "0" });
		expect(code).toBe(1);
		const owner = Number(/in use by process (\d+)/.exec(stderr)?.[1]);
		expect([...it_.souk.processes.values()]).toContain(owner);
	});

	it("says that its port is taken", async () => {
		const { port } = new URL(it_.souk.url);
		const { code, stdout } = await start({ DATA_DIR: join(it_.souk.folder, "other"), PORT: port });
		expect(code).toBe(1);
		expect(stdout).toContain(`Port ${port} is already in use`);
	});

	it("lists every variable it cannot use at once", async () => {
		const { code, stderr } = await start({ PORT: "http", ORDER_FLOW: "both", RATE_LIMIT: "some" });
		expect(code).toBe(1);
		for (const name of ["PORT", "ORDER_FLOW", "RATE_LIMIT"]) expect(stderr).toContain(name);
	});

	it("finishes after a SIGKILL what it promised before, and keeps its data, its seeds and its tokens", async () => {
		const { body } = await it_.client.ask<Order>("/orders", {
			method: "POST",
			token: it_.alice,
			key: "before-the-kill",
			body: { items: [{ productId: 101, quantity: 1 }], payment: { token: "tok_ok" } }
		});
		await it_.souk.kill();
		await it_.souk.start();
		expect(await settled(it_.client, body.id, it_.alice)).toMatchObject({ status: "CONFIRMED" });
		const { body: users } = await it_.client.ask<{ items: unknown[] }>("/users?limit=100", { token: it_.staff });
		expect(users.items).toHaveLength(4);
	});

	it("answers every request it accepted when it is told to stop under load", async () => {
		const accepted: Promise<Order>[] = [];
		for (let n = 0; n < 40; n++) accepted.push(order(it_, {}));
		await Promise.all(accepted.slice(0, 5));
		const stopped = it_.souk.stop();
		const ends = await Promise.allSettled(accepted);
		await stopped;
		await it_.souk.start();
		// What was cut off before it was accepted may be refused; what was answered must hold.
		const answered = ends.flatMap(end => (end.status === "fulfilled" ? [end.value.id] : []));
		expect(new Set(answered).size).toBe(answered.length);
		for (const id of answered) expect(await settled(it_.client, id, it_.alice)).toMatchObject({ status: "CONFIRMED" });
		expect(it_.souk.accidents).toEqual([]);
	});
});
