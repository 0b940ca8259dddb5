import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { between, costOfEach, perSecond, used, type Used } from "../../bench/costs.ts";
import { benchOptions } from "../../bench/options.ts";

const NOTHING: Used = {
	ms: 0,
	orders: 0,
	natsIn: 0,
	natsOut: 0,
	statements: 0,
	commits: 0,
	cpuMs: 0,
	serversCpuMs: 0
};

describe("what an order costs", () => {
	it("is what was used meanwhile, less what is used anyway, for each", () => {
		const idle = { ...NOTHING, ms: 2_000, natsIn: 20, statements: 10 };
		const before = { ...NOTHING, ms: 1_000, natsIn: 500, statements: 7, commits: 1 };
		const after = { ...NOTHING, ms: 5_000, natsIn: 1_540, statements: 12, commits: 51 };
		expect(perSecond(idle)).toMatchObject({ natsIn: 10, statements: 5, commits: 0 });
		// Of statements there were fewer than usual: that is no cost.
		expect(costOfEach(between(before, after), idle, 100)).toMatchObject({ natsIn: 10, statements: 0, commits: 0.5 });
	});
});

describe("what a layout has used", () => {
	const servers: Server[] = [];
	afterAll(() => servers.forEach(server => server.close()));
	async function serving(text: string): Promise<number> {
		const server = createServer((_, res) => res.end(text));
		servers.push(server);
		await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
		return (server.address() as AddressInfo).port;
	}

	it("is the sum over its processes, and what its NATS server counts", async () => {
		const place = 'service="orders",action="orders.place"';
		const first = await serving(
			[
				`moleculer_request_total{${place},type="local",caller="api"} 7`,
				`moleculer_request_total{${place},type="remote"} 7`,
				`moleculer_request_error_total{${place},type="local",errorName="X"} 2`,
				'moleculer_request_total{service="orders",action="orders.get",type="local"} 50',
				'souk_store_statements_total{store="orders"} 100',
				'souk_store_commits_total{store="orders"} 10'
			].join("\n")
		);
		const second = await serving(
			`moleculer_request_total{${place},type="local"} 3\nsouk_store_statements_total{store="payments"} 5\n`
		);
		const monitor = await serving('{"in_msgs": 42, "out_msgs": 43}');
		const metrics = () => [first, second].map(port => `http://127.0.0.1:${port}/metrics`);
		expect(await used({ metrics, monitor })).toMatchObject({
			orders: 8,
			statements: 105,
			commits: 10,
			natsIn: 42,
			natsOut: 43
		});
	});
});

describe("the bench's options", () => {
	it("measure one process unless layouts are named", async () => {
		expect(await benchOptions([])).toEqual({
			layouts: ["A"],
			scale: "orders=2,inventory=2,payments=2",
			seconds: 5,
			json: false
		});
		expect(await benchOptions(["--layout", "A,C", "--scale", "api=3", "--seconds", "2", "--json"])).toEqual({
			layouts: ["A", "C"],
			scale: "api=3",
			seconds: 2,
			json: true
		});
		expect(await benchOptions(["--help"])).toBeUndefined();
	});

	it.each([
		["a layout there is not", ["--layout", "A,D"], "not D"],
		["no layout", ["--layout", ""], "not nothing"],
		["no time", ["--seconds", "none"], "not none"],
		["a service there is not", ["--scale", "pears=2"], "--scale takes"],
		["an option there is not", ["--fast"], "--fast"]
	])("are refused in words for %s", async (_, args, words) => {
		await expect(benchOptions(args)).rejects.toThrow(words);
	});
});
