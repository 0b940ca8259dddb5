import { z } from "zod";
import { contract } from "../../broker/contract.ts";
import { StoreUnavailable } from "../../broker/errors.ts";
import { eventually } from "../support/eventually.ts";
import { gateway, type TestGateway } from "../support/gateway.ts";
import { stub } from "../support/node.ts";

const Thing = z.strictObject({ id: z.int(), price: z.int() });
const one = { params: z.strictObject({ id: z.coerce.number() }), result: Thing };
const things = contract("things", {
	get: { summary: "A thing", ...one, rest: "GET /things/:id", access: "public" },
	mine: { summary: "Somebody's thing", ...one, rest: "GET /mine/:id", access: { roles: ["customer"] } },
	make: { summary: "Makes a thing", ...one, rest: "POST /things/:id", access: "public", idempotencyKey: "optional" }
});
const orders = contract("orders", {
	get: { summary: "A slow one", ...one, rest: "GET /orders/:id", access: "public" }
});

let api: TestGateway;
let failing: Error | undefined;
let price: number;
let asked: string[];
let release: () => void;

beforeEach(async () => {
	failing = undefined;
	price = 1;
	asked = [];
	const slow = new Promise<void>(resolve => {
		release = resolve;
	});
	const answer =
		(name: string) =>
		({ id }: { id: number }) => {
			asked.push(name);
			if (failing) throw failing;
			return { id, price };
		};
	const schema = stub(things, { get: answer("get"), mine: answer("mine"), make: answer("make") });
	const slowOrders = stub(orders, {
		get: async ({ id }) => {
			await slow;
			return { id, price };
		}
	});
	api = await gateway([schema, slowOrders], { BULKHEADS: "orders:2" });
});
afterEach(async () => {
	release();
	await api.close();
});

// checklist: 126
it("answers for one service while another is slow, and turns away what that one cannot bear", async () => {
	const waiting = Array.from({ length: 60 }, () => api.get("/api/v2/orders/1"));
	const turnedAway = await Promise.race(waiting);
	expect(turnedAway.status).toBe(503);
	expect(turnedAway.json.code).toBe("SERVICE_UNAVAILABLE");
	expect(Number(turnedAway.headers["retry-after"])).toBeGreaterThan(0);
	for (let request = 0; request < 20; request++) expect((await api.get("/api/v2/things/5")).status).toBe(200);
	release();
	const statuses = (await Promise.all(waiting)).map(({ status }) => status);
	expect(statuses.filter(status => status === 200)).toHaveLength(22);
	expect(statuses.filter(status => status === 503)).toHaveLength(38);
});

// checklist: 124, 125
it.each([
	["users", 10],
	["orders", 20]
])("lets %s have %i calls under way at once, and the rest wait", async (name, most) => {
	let underWay = 0;
	let mostUnderWay = 0;
	let open!: () => void;
	const gate = new Promise<void>(resolve => {
		open = resolve;
	});
	const slow = stub(contract(name, { get: { ...orders.actions.get, rest: "GET /slow/:id" } }), {
		get: async ({ id }: { id: number }) => {
			mostUnderWay = Math.max(mostUnderWay, ++underWay);
			await gate;
			underWay--;
			return { id, price };
		}
	});
	const usual = await gateway([slow], {}, { keys: false });
	try {
		const answers = Promise.all(Array.from({ length: 4 * most }, () => usual.get("/api/v2/slow/1")));
		await eventually(() => {
			expect(usual.api.admission.underWay).toBe(4 * most);
			expect(underWay).toBe(most);
		});
		open();
		expect(new Set((await answers).map(({ status }) => status))).toEqual(new Set([200]));
		expect(mostUnderWay).toBe(most);
	} finally {
		await usual.close();
	}
});

// checklist: 82, 84
describe("when a service is away", () => {
	const fail = () => {
		failing = new StoreUnavailable("things", "SQLITE_BUSY");
	};

	// checklist: 153
	it("shows what anybody may read as it was last, and says how old that is", async () => {
		expect((await api.get("/api/v2/things/5")).headers.age).toBeUndefined();
		fail();
		const old = await api.get("/api/v2/things/5");
		expect(old.status).toBe(200);
		expect(old.json).toEqual({ id: 5, price: 1 });
		expect(Number(old.headers.age)).toBeGreaterThanOrEqual(0);
		expect(old.headers["cache-status"]).toBe("souk; hit; detail=stale-if-error");
		failing = undefined;
		price = 2;
		const fresh = await api.get("/api/v2/things/5");
		expect(fresh.json).toEqual({ id: 5, price: 2 });
		expect(fresh.headers.age).toBeUndefined();
	});

	it("shows nobody what somebody else was told, nor what is not for everybody", async () => {
		const [one, other] = [await api.bearer(1), await api.bearer(2)];
		await api.get("/api/v2/things/5", one);
		await api.get("/api/v2/mine/5", one);
		fail();
		expect((await api.get("/api/v2/things/5", one)).status).toBe(200);
		expect((await api.get("/api/v2/things/5", other)).status).toBe(503);
		expect((await api.get("/api/v2/things/5")).status).toBe(503);
		expect((await api.get("/api/v2/mine/5", one)).status).toBe(503);
	});

	it("answers 503 at once after five failures in a minute, without asking", async () => {
		fail();
		while (asked.length < 5) expect((await api.get("/api/v2/things/7")).status).toBe(503);
		const open = await api.get("/api/v2/things/7");
		expect(open.json).toMatchObject({ code: "SERVICE_UNAVAILABLE", error: "Thing service unavailable" });
		expect(Number(open.headers["retry-after"])).toBeGreaterThan(0);
		expect(asked).toHaveLength(5);
		// Another action of the service has a breaker of its own.
		failing = undefined;
		expect((await api.get("/api/v2/mine/7", await api.bearer(1))).status).toBe(200);
	});

	it("repeats a write under a key, and no other", async () => {
		fail();
		expect((await api.send("POST", "/api/v2/things/1", { body: {} })).status).toBe(503);
		expect(asked).toEqual(["make"]);
		const headers = { "idempotency-key": "a-key-of-mine" };
		expect((await api.send("POST", "/api/v2/things/1", { body: {}, headers })).status).toBe(503);
		expect(asked).toEqual(["make", "make", "make", "make"]);
	});
});
