import { execFile } from "node:child_process";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { connect } from "nats";
import { isAlive, readState } from "../../scripts/cluster/state.ts";
import { Souk } from "../chaos/harness.ts";
import { order, town, type Town } from "../e2e/support.ts";
import { eventually } from "../support/eventually.ts";
import { NatsServer } from "../support/nats-server.ts";

const ROOT = join(import.meta.dirname, "../..");
const PATIENT = { within: 60_000 };

/** Runs one of the scripts and resolves to how it ended. */
const run = (script: string, args: string[], env: Record<string, string>) =>
	new Promise<{ code: number | null; stdout: string; stderr: string }>(resolve => {
		const child = execFile(
			join(ROOT, "node_modules/.bin/node"),
			[`scripts/${script}.ts`, ...args],
			{ cwd: ROOT, env: { PATH: process.env.PATH, LOG_LEVEL: "fatal", ...env }, timeout: 120_000 },
			(_error, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr })
		);
	});

describe("npm run cluster", () => {
	let it_: Town;
	let env: Record<string, string>;
	beforeAll(async () => {
		it_ = await town();
		env = { DATA_DIR: it_.souk.dataDir, PORT: new URL(it_.souk.url).port };
	});
	afterAll(() => it_.souk.close());
	/** Processes of services; the server of events is one more. */
	const members = () => it_.souk.processes.size - 1;
	const health = async () => (await (await fetch(`${it_.souk.url}/health`)).json()) as Record<string, object>;

	// checklist: 133, 136, 142
	it("runs a process for each service, and the gateway names them", async () => {
		const { services, instances } = await health();
		expect(Object.keys(services!)).toEqual(Object.keys(instances!));
		expect(Object.values(services!)).toEqual(Object.keys(services!).map(() => "up"));
		expect(it_.souk.processes.size).toBe(Object.keys(services!).length + 2);
	});

	// checklist: 110, 112, 131, 132, 139-141
	it("has each process answer how it does, at a port of its own", async () => {
		const { stdout } = await run("cluster", ["--status"], env);
		const ports = [...stdout.matchAll(/port (\d+): ready/g)].map(([, port]) => port!);
		expect(ports).toHaveLength(members());
		expect(new Set(ports).size).toBe(ports.length);
		for (const port of ports) {
			const at = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
			expect(await (await at("/health/ready")).json()).toMatchObject({ status: "ready", database: "up", bus: "up" });
			expect((await at("/health/live")).status).toBe(200);
			expect(await (await at("/metrics")).text()).toContain("moleculer_");
		}
	});

	// checklist: 214
	it("has each process show what its services answer to", async () => {
		const { stdout } = await run("cluster", ["--status"], env);
		const found = [...stdout.matchAll(/^\W*(\w+).*port (\d+): ready/gm)].filter(([, name]) => name !== "api");
		expect(found).toHaveLength(members() - 1);
		for (const [, name, port] of found) {
			const at = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
			expect((await at("/docs")).headers.get("content-security-policy")).toContain("default-src 'none'");
			expect((await at("/docs/swagger-ui-bundle.js")).status).toBe(200);
			const { tags } = (await (await at("/openapi.json")).json()) as { tags: { name: string }[] };
			expect(tags).toEqual([{ name }]);
			expect((await at("/nothing")).status).toBe(404);
		}
	});

	it("refuses a second cluster on the same data, and a second process on a SQLite store", async () => {
		expect((await run("cluster", [], env)).stderr).toContain("A cluster runs on");
		const { code, stderr } = await run("start", ["orders"], { ...env, HEALTH_PORT: "0" });
		expect([code, stderr]).toEqual([
			1,
			expect.stringContaining(`in use by process ${it_.souk.processes.get("orders")}`)
		]);
	});

	it("takes in a process that is added by hand", async () => {
		const more = execFile(join(ROOT, "node_modules/.bin/node"), ["scripts/start.ts", "api"], {
			cwd: ROOT,
			env: { PATH: process.env.PATH, ...env, PORT: "0" }
		});
		let said = "";
		more.stdout!.on("data", chunk => (said += String(chunk)));
		const url = await eventually(() => {
			const [found] = /http:\/\/\S+\/api\/v1/.exec(said) ?? [];
			if (!found) throw new Error("It does not say where it answers yet");
			return found;
		}, PATIENT);
		expect((await fetch(`${url}/products/101`)).status).toBe(200);
		more.kill("SIGTERM");
		await eventually(() => expect(more.exitCode).toBe(0), PATIENT);
	});

	it.each([
		["a port that is taken", ["users"], { HEALTH_PORT: "taken" }, /Port \d+ is already in use/],
		["a service that there is not", ["pears"], {}, /There is no service pears; there are api, audit/],
		["neighbours that are not there", ["users"], { DATA_DIR: "/nowhere" }, /users would be alone: .*npm run cluster/]
	])("says in words that it cannot start for %s", async (_, args, more, words) => {
		const busy = await listening();
		const port = String((busy.address() as { port: number }).port);
		const given = Object.fromEntries(
			Object.entries(more).map(([key, value]) => [key, value === "taken" ? port : value!])
		);
		const { code, stderr } = await run("start", args, { ...env, ...given });
		expect([code, stderr]).toEqual([1, expect.stringMatching(words)]);
		expect(stderr).not.toContain("    at ");
		busy.close();
	});

	it.each([
		["an unknown service", ["--scale", "pears=2"], {}, "--scale takes"],
		["no number", ["--scale", "orders=many"], {}, "--scale takes"],
		["an unknown store", ["--store", "mongo"], {}, "--store is sqlite or postgres"],
		["an unknown option", ["--fast"], {}, "--fast"],
		[
			"a server that does not answer",
			[],
			{ TRANSPORTER: "nats://127.0.0.1:1" },
			"No NATS server answers at 127.0.0.1:1"
		],
		["no program of the server", [], { PATH: "/nowhere" }, "nats-server is not installed"]
	])("says in words what is wrong with %s", async (_, args, more, words) => {
		const { code, stderr } = await run("cluster", args, {
			DATA_DIR: join(it_.souk.folder, "other"),
			PORT: "31000",
			...more
		});
		expect([code, stderr]).toEqual([1, expect.stringContaining(words)]);
		expect(stderr).not.toContain("    at ");
	});

	// checklist: 29
	it("answers 503 with Retry-After while a service is away, and starts it again when it was killed", async () => {
		const pid = it_.souk.processes.get("products")!;
		process.kill(pid, "SIGKILL");
		const lost = await fetch(`${it_.souk.url}/api/v1/products/101`);
		expect([lost.status, Number(lost.headers.get("retry-after")) > 0]).toEqual([503, true]);
		await eventually(async () => {
			expect(it_.souk.processes.get("products")).not.toBe(pid);
			expect((await fetch(`${it_.souk.url}/api/v1/products/101`)).status).toBe(200);
		}, PATIENT);
		expect(await order(it_, {})).toMatchObject({ status: "CONFIRMED" });
	});

	/** Kills the server, and waits until there is another. */
	const killServer = async () => {
		const { nats } = readState(it_.souk.dataDir)!;
		process.kill(nats!.pid, "SIGKILL");
		await eventually(() => {
			const now = readState(it_.souk.dataDir)!.nats!;
			expect([now.port, now.pid === nats!.pid]).toEqual([nats!.port, false]);
		}, PATIENT);
	};

	/** A call that was on its way through the server is not answered for. */
	const orderGoesThrough = () =>
		eventually(async () => expect(await order(it_, {})).toMatchObject({ status: "CONFIRMED" }), PATIENT);

	it("starts its server again when that was killed, at the same port, and orders go on", async () => {
		await killServer();
		await orderGoesThrough();
	});

	it("takes over the server that a killed launcher left, and starts that again too", async () => {
		const { pid, nats, members } = readState(it_.souk.dataDir)!;
		process.kill(pid, "SIGKILL");
		await it_.souk.death();
		for (const member of members) process.kill(member.pid!, "SIGKILL");
		await eventually(() => expect(members.filter(member => isAlive(member.pid!))).toEqual([]));
		await it_.souk.start();
		expect(it_.souk.processes.get("nats")).toBe(nats!.pid);
		await killServer();
		await orderGoesThrough();
	});

	it("restarts its processes one at a time when told to, and nothing is lost", async () => {
		const before = it_.souk.processes;
		const placing = Promise.all(Array.from({ length: 5 }, () => order(it_, {})));
		const { code, stdout } = await run("cluster", ["--roll"], env);
		expect([code, stdout]).toEqual([0, expect.stringContaining(`${members()} of ${members()}`)]);
		const after = it_.souk.processes;
		for (const [name, pid] of before) expect([name, after.get(name) === pid]).toEqual([name, name === "nats"]);
		expect((await placing).map(({ status }) => status)).toEqual(Array(5).fill("CONFIRMED"));
	});

	it("leaves no process behind when it is stopped, and starts again on the same data", async () => {
		const placed = await order(it_, {});
		const running = [...it_.souk.processes.values()];
		await it_.souk.stop();
		expect(running.filter(isAlive)).toEqual([]);
		expect(it_.souk.accidents).toEqual([]);
		await it_.souk.start();
		const { body } = await it_.client.ask<{ status: string }>(`/orders/${placed.id}`, { token: it_.alice });
		expect(body.status).toBe("CONFIRMED");
	});
});

const listening = (): Promise<Server> =>
	new Promise(resolve => {
		const server = createServer();
		server.listen(0, "127.0.0.1", () => resolve(server));
	});

// checklist: 218
it("starts the services alone where a server was named, and leaves that server as it was", async () => {
	const server = await new NatsServer().start();
	const souk = new Souk({ layout: "B", env: { TRANSPORTER: server.url } });
	try {
		await souk.start();
		const { services } = (await (await fetch(`${souk.url}/health`)).json()) as { services: object };
		expect([...souk.processes.keys()].sort()).toEqual(["api", ...Object.keys(services)].sort());
		await souk.stop();
		const nats = await connect({ servers: server.url });
		await nats.flush();
		await nats.close();
	} finally {
		await souk.close();
		await server.close();
	}
});
