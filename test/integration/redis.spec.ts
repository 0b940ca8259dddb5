import type { Redis } from "ioredis";
import { openRedis, RedisCache } from "../../broker/redis.ts";
import { Rows } from "../../broker/rows.ts";
import type { Logger } from "../../broker/service.ts";
import { eventually } from "../support/eventually.ts";
import { gateway } from "../support/gateway.ts";
import { describeWithRedis, TestRedis } from "../support/redis.ts";
import { thingService } from "../support/things.ts";

interface Thing {
	id: number;
	name: string;
}

const silent = { warn: () => undefined } as unknown as Logger;
const durable = { afterCommit: (hook: () => void) => hook() };

// checklist: 243
describeWithRedis("with a Redis", () => {
	let server: TestRedis;
	const connections: Redis[] = [];

	beforeEach(async () => {
		server = await TestRedis.start();
	});
	afterEach(async () => {
		for (const connection of connections.splice(0)) connection.disconnect();
		await server.close();
	});

	/** A process that reads the table's only row, and how often it had to. */
	async function aProcess(table: { row: Thing }) {
		const connection = openRedis(server.url, silent);
		connections.push(connection);
		await eventually(() => expect(connection.status).toBe("ready"));
		const seen = { loads: 0, meanwhile: () => undefined as void };
		const load = () => {
			seen.loads++;
			const read = { ...table.row };
			seen.meanwhile();
			return Promise.resolve([read]);
		};
		return { rows: new Rows<Thing>(new RedisCache(connection), "things", load), seen, connection };
	}

	it("a row that one process has read is kept for all, until one of them changes it", async () => {
		const table = { row: { id: 1, name: "first" } };
		const [one, other] = [await aProcess(table), await aProcess(table)];
		expect(await one.rows.get(1)).toEqual({ id: 1, name: "first" });
		await eventually(async () => {
			expect(await other.rows.get(1)).toEqual({ id: 1, name: "first" });
			expect(await one.connection.exists("things:1")).toBe(1);
		});
		const { loads } = other.seen;
		await other.rows.get(1);
		expect(other.seen.loads).toBe(loads);
		table.row = { id: 1, name: "second" };
		one.rows.forget(durable, 1);
		await eventually(async () => expect(await other.rows.get(1)).toEqual({ id: 1, name: "second" }));
	});

	it("a row that was read before a change is not kept after it, whoever read it", async () => {
		const table = { row: { id: 1, name: "first" } };
		const [one, other] = [await aProcess(table), await aProcess(table)];
		let changed: Promise<unknown> = Promise.resolve();
		one.seen.meanwhile = () => {
			table.row = { id: 1, name: "second" };
			other.rows.forget(durable, 1);
			changed = other.connection.get("things:1");
		};
		await one.rows.get(1);
		await changed;
		one.seen.meanwhile = () => undefined;
		await eventually(async () => expect(await one.connection.get("things:1")).toBe("changed"));
		expect(await one.rows.get(1)).toEqual({ id: 1, name: "second" });
	});

	it("that goes, everything goes on; when it is back, it is told what was changed meanwhile", async () => {
		const table = { row: { id: 1, name: "first" } };
		const [one, other] = [await aProcess(table), await aProcess(table)];
		await one.rows.get(1);
		one.connection.disconnect();
		await eventually(() => expect(one.connection.status).toBe("end"));
		table.row = { id: 1, name: "second" };
		one.rows.forget(durable, 1);
		expect(await one.rows.get(1)).toEqual({ id: 1, name: "second" });
		await one.connection.connect();
		await eventually(async () => expect(await other.rows.get(1)).toEqual({ id: 1, name: "second" }));
		await server.kill();
		expect(await other.rows.get(1)).toEqual({ id: 1, name: "second" });
		await server.start();
		await eventually(() => expect(other.connection.status).toBe("ready"));
		expect(await other.rows.get(1)).toEqual({ id: 1, name: "second" });
	});

	// checklist: 111
	it("gateways count a caller's requests together, and each alone while it is away", async () => {
		const settings = { REDIS_URL: server.url, RATE_LIMIT_PER_MINUTE: "4" };
		const gateways = [
			await gateway([thingService().schema], settings),
			await gateway([thingService().schema], settings)
		];
		const statuses = async () => {
			const seen: number[] = [];
			for (const api of [...gateways, ...gateways, ...gateways]) seen.push((await api.get("/api/v2/things/5")).status);
			return seen;
		};
		const cache = async (state: string) => {
			for (const api of gateways)
				expect((await api.get("/health/ready")).json).toMatchObject({ status: "ready", cache: state });
		};
		try {
			await eventually(() => cache("up"));
			expect(await statuses()).toEqual([200, 200, 200, 200, 429, 429]);
			await server.kill();
			await eventually(() => cache("down"));
			expect(await statuses()).toEqual([200, 200, 200, 200, 200, 200]);
		} finally {
			await Promise.all(gateways.map(api => api.close()));
		}
	});
});
