import { METHODS } from "node:http";
import { gateway, type TestGateway } from "../support/gateway.ts";
import { thingService } from "../support/things.ts";

// CONNECT asks for a tunnel, and gets its socket closed.
const methods = METHODS.filter(method => method !== "CONNECT");

// checklist: 6, 13
describe("what the gateway does not route", () => {
	const { schema, asked } = thingService();
	let api: TestGateway;
	beforeAll(async () => {
		api = await gateway([schema], { RATE_LIMIT: "off" });
	});
	afterAll(() => api.close());
	beforeEach(() => {
		asked.length = 0;
	});

	const actions = [
		...["things/hidden", "things.hidden", "things/get", "things.get", "things.contract", "things/contract", "hidden"],
		...[
			"api/rest",
			"api.rest",
			"api/listAliases",
			"api.addRoute",
			"list-aliases",
			"api.deadLetters",
			"things.deadLetters"
		],
		...["$node/list", "$node.list", "~node/list", "~node/options", "%24node.list", "$node.options"]
	];

	it.each(actions)("%s answers to nobody, under no base and in no spelling", async action => {
		const spellings = [`/${action}`, `/api/${action}`, `/api/v1/${action}`, `/api/v2/${action}`, `//api/v2/${action}`];
		const twisted = spellings.flatMap(path => [
			path,
			`${path}/`,
			path.toUpperCase(),
			path.replaceAll("/", "%2f").replace("%2f", "/")
		]);
		const bearer = await api.bearer(1, "staff", "admin");
		for (const path of new Set(twisted)) {
			const { status, json } = await api.get(path, bearer);
			// Where the name takes the place of a thing's id, it is no id.
			const refused =
				status === 404 ? json.code === "ROUTE_NOT_FOUND" : /\/things\/\w+\/?$/.test(path) && status === 400;
			expect([path, refused]).toEqual([path, true]);
		}
		expect(asked).toEqual([]);
	});

	it.each([
		"/api/v2//things/5",
		"//api/v2/things/5",
		"/api/v2/THINGS/5",
		"/API/v2/things/5",
		"/api/v2/%74hings/5",
		"/api/v2/things%2f5",
		"/api/v2/./things/5",
		"/api/v2/x/../things/5",
		"/api/v2/things/5//",
		"/api/v3/things/5",
		"/api/things/5",
		"/",
		"*",
		"http://elsewhere.test/api/v2/things/5"
	])("%s is no other way to the same thing", async path => {
		expect((await api.get(path)).status).toBe(404);
		expect(asked).toEqual([]);
	});

	it("nor are parameters a way to another", async () => {
		for (const id of [
			"..%2f..%2fhealth",
			"5%2fsecret",
			"5;x=1",
			"5%00",
			"$node",
			"1e3x",
			"0x10x",
			"%20",
			"9007199254740993"
		])
			expect((await api.get(`/api/v2/things/${id}`)).status).toBe(400);
		expect(asked).toEqual([]);
	});

	it("no method of HTTP does what the contract does not say", async () => {
		const answered: Record<string, number> = {};
		for (const method of methods) answered[method] = (await api.send(method, "/api/v2/things")).status;
		const { GET, HEAD, OPTIONS, POST, ...others } = answered;
		expect({ GET, HEAD, OPTIONS, POST }).toEqual({ GET: 200, HEAD: 200, OPTIONS: 204, POST: 401 });
		expect(new Set(Object.values(others))).toEqual(new Set([405]));
		expect(asked.map(({ action }) => action)).toEqual(["things.list", "things.list"]);
	});

	it("moleculer-web's own actions are off, and so are Moleculer's", () => {
		const names = api.broker.registry.getActionList({}).map(({ name }) => name);
		expect(names.filter(name => /^api\.(rest|listAliases|addRoute|removeRoute)$|^\$node/.test(name))).toEqual([]);
	});

	it("every address that moleculer-web knows leads to an action with a route", () => {
		const { aliases, routes } = api.api as unknown as {
			aliases: { action: string; fullPath: string }[];
			routes: { mappingPolicy: string; opts: object }[];
		};
		expect(routes.map(({ mappingPolicy }) => mappingPolicy)).toEqual(["restrict"]);
		expect(aliases.length).toBeGreaterThan(20);
		expect(aliases.some(({ action, fullPath }) => /hidden|contract/.test(`${action} ${fullPath}`))).toBe(false);
	});
});
