// checklist: 1, 39, 245
import { text } from "node:stream/consumers";
import type { Readable } from "node:stream";
import { as } from "../support/node.ts";
import { eventually } from "../support/eventually.ts";
import {
	ALICE,
	anOrder,
	BOB,
	hanging,
	Neighbours,
	PRICES,
	refusing,
	shop,
	type Shop
} from "../support/orders.mother.ts";

let neighbours: Neighbours;
let here: Shop;

beforeEach(async () => {
	neighbours = new Neighbours();
	here = await shop(neighbours);
});
afterEach(() => here.close());

const key = (value: string) => ({ "idempotency-key": value });
const alice = (headers: Record<string, string> = {}) => as(here, { userId: ALICE }, headers);
const staff = () => as(here, { userId: 3, roles: ["staff"] });
const settled = (id: number) => eventually(async () => expect((await here.order(id)).status).not.toBe("PENDING"));
const nothingHappened = async () => {
	expect(await here.orders.store.all("SELECT id FROM orders")).toEqual([]);
	expect(await here.sagas()).toEqual([]);
	expect(neighbours.actions).toEqual([]);
};

describe("an order that is refused", () => {
	it("because a product is not sold says which line, and nothing has happened", async () => {
		const items = [101, 999, 998].map(productId => ({ productId, quantity: 1 }));
		await expect(here.place({ items })).rejects.toMatchObject({
			code: 422,
			type: "PRODUCT_NOT_FOUND",
			data: { errors: [{ pointer: "/items/1/productId" }] }
		});
		await nothingHappened();
	});

	it("because its user is gone says so, and nothing has happened", async () => {
		const gone = as(here, { userId: 77 }, key("key-of-nobody"))("orders.place", anOrder());
		await expect(gone).rejects.toMatchObject({ code: 404, type: "USER_NOT_FOUND" });
		await nothingHappened();
	});

	it("because a neighbour cannot be asked can be sent again", async () => {
		neighbours.on("users.contact", refusing("SOMETHING_ELSE"));
		await expect(here.place()).rejects.toMatchObject({ type: "SOMETHING_ELSE" });
		await nothingHappened();
	});

	it.each([
		["no lines", { items: [] }, "/items"],
		["a quantity of nothing", { items: [{ productId: 101, quantity: 0 }] }, "/items/0/quantity"],
		["a quantity beyond all stock", { items: [{ productId: 101, quantity: 1e9 }] }, "/items/0/quantity"],
		["half a product", { items: [{ productId: 101, quantity: 1.5 }] }, "/items/0/quantity"],
		["a price of its own", { items: [{ productId: 101, quantity: 1, unitPrice: 1 }] }, "/items/0/unitPrice"],
		["a card in the clear", { payment: { token: "4242 4242 4242 4242" } }, "/payment/token"],
		[
			"a country in words",
			{ shippingAddress: { name: "A", street: "S", city: "C", postalCode: "1", country: "Germany" } },
			"/shippingAddress/country"
		],
		["a flow that nobody knows", { flow: "chaotic" }, "/flow"],
		["a user of its own choice", { userId: BOB }, "/userId"]
	])("because it has %s says where", async (_, over, pointer) => {
		await expect(here.place(over)).rejects.toMatchObject({
			type: "VALIDATION_FAILED",
			data: { errors: [expect.objectContaining({ pointer })] }
		});
		await nothingHappened();
	});
});

describe("an order that is too large", () => {
	it("in one product, its lines added up, says where that product is named", async () => {
		const items = [102, 101, 101].map(productId => ({ productId, quantity: 9_000 }));
		await expect(here.place({ items })).rejects.toMatchObject({
			code: 400,
			type: "VALIDATION_FAILED",
			data: { errors: [{ pointer: "/items/1/quantity", detail: expect.stringContaining("10000") }] }
		});
		await nothingHappened();
	});

	it("in all says so", async () => {
		PRICES[103] = 1_000_000_000_000;
		const items = [101, 103].map(productId => ({ productId, quantity: 2 }));
		await expect(here.place({ items })).rejects.toMatchObject({
			code: 400,
			type: "VALIDATION_FAILED",
			data: { errors: [{ pointer: "/items", detail: expect.stringContaining("at most 1000000000000") }] }
		});
		delete PRICES[103];
		await nothingHappened();
	});
});

describe("an order's lines", () => {
	it("of one product are summed, and prices are the catalogue's", async () => {
		const order = await here.place({
			items: [
				{ productId: 102, quantity: 1 },
				{ productId: 101, quantity: 1 },
				{ productId: 102, quantity: 2 }
			]
		});
		expect(order.items).toEqual([
			{ productId: 102, name: "Product 102", quantity: 3, unitPrice: 399, total: 1_197 },
			{ productId: 101, name: "Product 101", quantity: 1, unitPrice: 1_250, total: 1_250 }
		]);
		expect(order.total).toBe(2_447);
		await settled(1);
		expect(neighbours.asked.find(({ action }) => action === "inventory.reserve")!.params.items).toEqual([
			{ productId: 102, quantity: 3 },
			{ productId: 101, quantity: 1 }
		]);
	});
});

describe("a key", () => {
	it("sent a hundred times at once places one order, with a hundred equal answers", async () => {
		const answers = await Promise.all(
			Array.from({ length: 100 }, () => alice(key("the-same-key"))("orders.place", anOrder()))
		);
		expect(new Set(answers.map(answer => JSON.stringify(answer))).size).toBe(1);
		// Not always 1: over Postgres, units that are run again leave gaps in the ids.
		await settled(answers[0]!.id);
		expect(neighbours.actions).toHaveLength(5);
		expect(await here.sagas()).toHaveLength(1);
	});

	it("answers a repeat as it answered first, also when the order has moved on", async () => {
		const first = await alice(key("the-same-key"))("orders.place", anOrder());
		await settled(1);
		expect(await alice(key("the-same-key"))("orders.place", anOrder())).toEqual(first);
	});

	it("answers a repeat also when the order could not be placed any more", async () => {
		const first = await alice(key("the-same-key"))("orders.place", anOrder());
		await settled(1);
		const { 101: price } = PRICES;
		delete PRICES[101];
		const again = alice(key("the-same-key"))("orders.place", anOrder());
		const other = alice(key("another-key"))("orders.place", anOrder());
		const [repeated, refused] = await Promise.allSettled([again, other]);
		PRICES[101] = price!;
		expect(repeated).toEqual({ status: "fulfilled", value: first });
		expect(refused).toMatchObject({ status: "rejected", reason: { type: "PRODUCT_NOT_FOUND" } });
		neighbours.on("users.contact", refusing("USER_NOT_FOUND"));
		expect(await alice(key("the-same-key"))("orders.place", anOrder())).toEqual(first);
	});

	it("is refused for another order, and free for another customer", async () => {
		await alice(key("the-same-key"))("orders.place", anOrder());
		const other = alice(key("the-same-key"))("orders.place", anOrder({ payment: { token: "tok_other" } }));
		await expect(other).rejects.toMatchObject({ code: 422, type: "IDEMPOTENCY_KEY_REUSED" });
		const bobs = await as(here, { userId: BOB }, key("the-same-key"))("orders.place", anOrder());
		expect(bobs).toMatchObject({ id: 2, userId: BOB });
	});

	it("is needed to place an order", async () => {
		await expect(alice()("orders.place", anOrder())).rejects.toMatchObject({ type: "IDEMPOTENCY_KEY_MISSING" });
	});
});

it("an order whose time is over before it could be written is not placed", async () => {
	const hang = hanging();
	neighbours.on("users.contact", hang.answer);
	const late = alice(key("too-late-key"))("orders.place", anOrder(), { timeout: 40 });
	await expect(late).rejects.toMatchObject({ code: 504 });
	hang.go();
	// The handler goes on for itself; what it would write comes after its deadline.
	await here.place();
	await settled(1);
	expect(await here.orders.store.all("SELECT id FROM orders")).toHaveLength(1);
});

describe("who looks at an order", () => {
	it("is its customer, staff or a service, and nobody else", async () => {
		await here.place();
		for (const read of ["orders.get", "orders.history", "orders.stream"] as const) {
			await expect(as(here, { userId: BOB })(read, { id: 1 })).rejects.toMatchObject({ type: "FORBIDDEN" });
			await expect(as(here, "anonymous")(read, { id: 1 })).rejects.toMatchObject({ type: "NO_TOKEN" });
			await expect(alice()(read, { id: 2 })).rejects.toMatchObject({ type: "ORDER_NOT_FOUND" });
			for (const call of [alice(), staff(), here.call]) expect(await call(read, { id: 1 })).toBeDefined();
		}
	});

	it("sees lists of what is theirs; staff see all, by user and by status", async () => {
		for (let n = 0; n < 3; n++) await here.place();
		neighbours.on("inventory.reserve", refusing("OUT_OF_STOCK"));
		await as(here, { userId: BOB }, key("key-of-bob-1"))("orders.place", anOrder());
		await Promise.all([1, 2, 3, 4].map(settled));
		const ids = async (page: Promise<{ items: { id: number }[]; next?: number }>) => {
			const { items, next } = await page;
			return [items.map(({ id }) => id), next];
		};
		expect(await ids(alice()("orders.list", {}))).toEqual([[3, 2, 1], undefined]);
		expect(await ids(alice()("orders.list", { limit: 2 }))).toEqual([[3, 2], 2]);
		expect(await ids(alice()("orders.list", { limit: 2, after: 2 }))).toEqual([[1], undefined]);
		expect(await ids(alice()("orders.list", { status: "CANCELLED" }))).toEqual([[], undefined]);
		expect(await ids(staff()("orders.list", {}))).toEqual([[4, 3, 2, 1], undefined]);
		expect(await ids(staff()("orders.list", { status: "CANCELLED" }))).toEqual([[4], undefined]);
		expect(await ids(staff()("orders.listOfUser", { id: BOB }))).toEqual([[4], undefined]);
		expect(await ids(alice()("orders.listOfUser", { id: ALICE, limit: 1 }))).toEqual([[3], 3]);
		await expect(alice()("orders.listOfUser", { id: BOB })).rejects.toMatchObject({ type: "FORBIDDEN" });
	});
});

describe("an order's past", () => {
	it("is kept as facts, and the order as it was at a time is what they amount to", async () => {
		await here.place();
		await settled(1);
		await here.cancel(1);
		await eventually(async () => expect((await here.order(1)).status).toBe("CANCELLED"));
		const { events } = await here.call("orders.history", { id: 1 });
		expect(events.map(({ version, type }) => [version, type])).toEqual([
			[1, "created"],
			[2, "confirmed"],
			[3, "cancel_requested"],
			[4, "cancelled"]
		]);
		expect(await here.call("orders.get", { id: 1, at: events[3]!.at })).toEqual(await here.order(1));
		// A day apart, so that every moment between two of them can be asked for.
		await here.tamper("UPDATE order_events SET at = '2026-01-0' || version || 'T00:00:00.000Z'");
		const at = (day: string) => here.call("orders.get", { id: 1, at: `2026-01-${day}T00:00:00.000Z` });
		expect(await at("01")).toMatchObject({ status: "PENDING", version: 1, total: 2_500 });
		expect(await at("02")).toMatchObject({ status: "CONFIRMED", version: 2, paymentId: 701 });
		expect(await at("03")).toMatchObject({ status: "CONFIRMED", version: 3, cancelRequested: true });
		expect(await at("31")).toMatchObject({ status: "CANCELLED", version: 4, reason: "CUSTOMER" });
		await expect(here.call("orders.get", { id: 1, at: "2025-12-31T23:59:59.999Z" })).rejects.toMatchObject({
			type: "ORDER_NOT_FOUND"
		});
	});

	it("can be followed as it happens, until the order is settled", async () => {
		const hang = hanging();
		neighbours.on("payments.authorize", hang.answer);
		await here.place();
		const stream = (await here.call("orders.stream", { id: 1 })) as Readable;
		const following = text(stream);
		await eventually(() => expect(neighbours.keysOf("payments.authorize")).toHaveLength(1));
		hang.go();
		const told = [...(await following).matchAll(/^event: (.*)\ndata: (.*)$/gm)].map(([, type, data]) => ({
			type,
			data: JSON.parse(data!) as { step?: string; type?: string }
		}));
		expect(told[0]).toMatchObject({ type: "order.created" });
		expect(told.some(({ type }) => type === "order.confirmed")).toBe(true);
		expect(told.filter(({ type }) => type === "step").map(({ data }) => data.step)).toContain("inventory.reserve");
	});
});

describe("the sagas behind orders", () => {
	it("are listed, the newest first, by status, and shown with state and timeline", async () => {
		await here.place();
		await settled(1);
		neighbours.on("inventory.reserve", refusing("OUT_OF_STOCK"));
		await here.place();
		await settled(2);
		const ids = async (query: object) => {
			const { items, next } = await here.call("orders.sagas", query);
			return [items.map(({ id, status }) => [id, status]), next];
		};
		expect(await ids({})).toEqual([
			[
				[2, "COMPENSATED"],
				[1, "DONE"]
			],
			undefined
		]);
		expect(await ids({ limit: 1 })).toEqual([[[2, "COMPENSATED"]], 2]);
		expect(await ids({ limit: 1, after: 2 })).toEqual([[[1, "DONE"]], undefined]);
		expect(await ids({ status: "DONE" })).toEqual([[[1, "DONE"]], undefined]);
		const detail = await here.call("orders.saga", { id: 2 });
		expect(detail).toMatchObject({
			type: "place-order",
			subject: "order/2",
			reason: "OUT_OF_STOCK",
			state: { orderId: 2 }
		});
		expect(detail.steps.map(({ step, status }) => `${step} ${status}`)).toEqual([
			"inventory.reserve REFUSED",
			"inventory.release DONE",
			"place-order COMPENSATED"
		]);
		await expect(here.call("orders.saga", { id: 9 })).rejects.toMatchObject({ type: "SAGA_NOT_FOUND" });
	});
});
