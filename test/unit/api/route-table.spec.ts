import { PathMalformed } from "../../../services/api/api.errors.ts";
import { RouteTable } from "../../../services/api/route-table.ts";

const table = new RouteTable<string>();
for (const route of [
	"GET /health",
	"GET /api/v2/orders",
	"POST /api/v2/orders",
	"GET /api/v2/orders/:id",
	"GET /api/v2/orders/:order/history",
	"GET /api/v2/orders/newest",
	"DELETE /api/v2/stock/:productId/movements/:id"
]) {
	const [method = "", path = ""] = route.split(" ");
	table.add(method, path, route);
}

describe("the table of routes", () => {
	it.each([
		["GET", "/health", "GET /health", {}],
		["GET", "/api/v2/orders", "GET /api/v2/orders", {}],
		["POST", "/api/v2/orders", "POST /api/v2/orders", {}],
		["GET", "/api/v2/orders/12", "GET /api/v2/orders/:id", { id: "12" }],
		["HEAD", "/api/v2/orders/12", "GET /api/v2/orders/:id", { id: "12" }],
		["GET", "/api/v2/orders/newest", "GET /api/v2/orders/newest", {}],
		["GET", "/api/v2/orders/newest/history", "GET /api/v2/orders/:order/history", { order: "newest" }],
		["GET", "/api/v2/orders/a%20b%2Fc", "GET /api/v2/orders/:id", { id: "a b/c" }],
		[
			"DELETE",
			"/api/v2/stock/5/movements/6",
			"DELETE /api/v2/stock/:productId/movements/:id",
			{ productId: "5", id: "6" }
		]
	])("finds %s %s", (method, path, target, params) => {
		expect(table.find(method, path)).toEqual({ target, params });
	});

	it.each([
		["GET", "/"],
		["GET", ""],
		["GET", "health"],
		["GET", "/Health"],
		["GET", "//health"],
		["GET", "/health/"],
		["GET", "/api/v2/orders/"],
		["GET", "/api/v2//orders"],
		["GET", "/api/v2/orders//history"],
		["GET", "/api/v2/%6Frders"],
		["GET", "/api%2Fv2%2Forders"],
		["GET", "/api/v2/orders/1/2/3"],
		["PUT", "/api/v2/orders"],
		["HEAD", "/api/v2/stock/5/movements/6"]
	])("finds nothing at %s %s", (method, path) => {
		expect(table.find(method, path)).toBeUndefined();
	});

	it("refuses a parameter that is badly encoded", () => {
		expect(() => table.find("GET", "/api/v2/orders/%E0%A4%A")).toThrow(PathMalformed);
	});

	it("tells which methods a path answers to", () => {
		expect(table.allowed("/api/v2/orders")).toEqual(["GET", "HEAD", "POST", "OPTIONS"]);
		expect(table.allowed("/api/v2/stock/5/movements/6")).toEqual(["DELETE", "OPTIONS"]);
		expect(table.allowed("/api/v2")).toEqual([]);
		expect(table.allowed("/nowhere")).toEqual([]);
	});

	it("gives a place to the first who asks", () => {
		const small = new RouteTable<string>();
		expect(small.add("GET", "/a/:id", "first")).toBe(true);
		expect(small.add("GET", "/a/:other", "second")).toBe(false);
		expect(small.find("GET", "/a/1")).toEqual({ target: "first", params: { id: "1" } });
	});
});
