import { available, town, type Town } from "./support.ts";

interface Bad {
	what: string;
	path?: string;
	method?: string;
	headers?: Record<string, string | undefined>;
	body?: string;
	status: number;
	code: string;
	pointer?: string;
}

const good = { items: [{ productId: 101, quantity: 1 }], payment: { token: "tok_ok" } };
const without = (change: object) => JSON.stringify({ ...good, ...change });

const bad: Bad[] = [
	{
		what: "an unknown key",
		body: without({ discount: 100 }),
		status: 400,
		code: "VALIDATION_FAILED",
		pointer: "/discount"
	},
	{
		what: "a quantity of text",
		body: without({ items: [{ productId: 101, quantity: "1" }] }),
		status: 400,
		code: "VALIDATION_FAILED",
		pointer: "/items/0/quantity"
	},
	{
		what: "a quantity out of range",
		body: without({ items: [{ productId: 101, quantity: 0 }] }),
		status: 400,
		code: "VALIDATION_FAILED",
		pointer: "/items/0/quantity"
	},
	{
		what: "a number beyond what is exact",
		body: without({ items: [{ productId: 2 ** 53, quantity: 1 }] }),
		status: 400,
		code: "VALIDATION_FAILED",
		pointer: "/items/0/productId"
	},
	{ what: "no items", body: without({ items: [] }), status: 400, code: "VALIDATION_FAILED", pointer: "/items" },
	{
		what: "a product that is not there",
		body: without({ items: [{ productId: 99_999, quantity: 1 }] }),
		status: 422,
		code: "PRODUCT_NOT_FOUND",
		pointer: "/items/0/productId"
	},
	{ what: "a prototype", body: '{"__proto__": {"role": "admin"}}', status: 400, code: "BODY_MALFORMED" },
	{ what: "broken JSON", body: '{"items": [', status: 400, code: "BODY_MALFORMED" },
	{ what: "an array for a body", body: "[]", status: 400, code: "BODY_MALFORMED" },
	{
		what: "another content type",
		headers: { "content-type": "text/plain" },
		status: 415,
		code: "MEDIA_TYPE_NOT_SUPPORTED"
	},
	{ what: "too large a body", body: JSON.stringify({ x: "x".repeat(200_000) }), status: 413, code: "BODY_TOO_LARGE" },
	{ what: "no key", headers: { "idempotency-key": undefined }, status: 400, code: "IDEMPOTENCY_KEY_MISSING" },
	{
		what: "a key that is too short",
		headers: { "idempotency-key": "short" },
		status: 400,
		code: "IDEMPOTENCY_KEY_MALFORMED"
	},
	{ what: "no token", headers: { authorization: undefined }, status: 401, code: "NO_TOKEN" },
	{ what: "a bad token", headers: { authorization: "Bearer nonsense" }, status: 401, code: "INVALID_TOKEN" },
	{ what: "an unknown route", path: "/api/v1/nothing", status: 404, code: "ROUTE_NOT_FOUND" },
	{ what: "a method that is not there", method: "DELETE", status: 405, code: "METHOD_NOT_ALLOWED" },
	{ what: "an internal action by its name", path: "/api/v1/orders.place/now", status: 404, code: "ROUTE_NOT_FOUND" }
];

describe("a request that is wrong", () => {
	let it_: Town;
	let before: unknown;
	const books = async () => ({
		stock: await available(it_, 101),
		orders: (await it_.client.ask<{ items: unknown[] }>("/orders", { token: it_.staff })).body.items.length
	});
	beforeAll(async () => {
		it_ = await town();
		before = await books();
	});
	afterAll(() => it_.souk.close());

	// checklist: 13, 43, 44, 46, 71, 72, 205
	it.each(bad)("with $what gets a problem document of $status, and changes nothing", async one => {
		const headers = {
			"content-type": "application/json",
			authorization: `Bearer ${it_.alice}`,
			"idempotency-key": `bad-input-${one.what}`.replaceAll(" ", "-"),
			...one.headers
		};
		const response = await fetch(it_.souk.url + (one.path ?? "/api/v1/orders"), {
			method: one.method ?? "POST",
			headers: Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)) as Record<
				string,
				string
			>,
			...(one.method !== "DELETE" && { body: one.body ?? JSON.stringify(good) })
		});
		const problem = (await response.json()) as { errors?: { pointer?: string }[] };
		expect(response.headers.get("content-type")).toContain("application/problem+json");
		expect({ status: response.status, problem }).toMatchObject({
			status: one.status,
			problem: {
				code: one.code,
				status: one.status,
				title: expect.any(String) as string,
				requestId: expect.any(String) as string
			}
		});
		if (one.pointer) expect(problem.errors?.map(({ pointer }) => pointer)).toContain(one.pointer);
		expect(await books()).toEqual(before);
	});
});
