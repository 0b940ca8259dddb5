import { z } from "zod";
import { contract, describe as descriptionsOf } from "../../../broker/contract.ts";
import { ById, Id, pageOf } from "../../../broker/schemas.ts";
import { endpointsOf, type Endpoint } from "../../../services/api/routes.ts";
import { fadingHeaders, schemaIn, translator, type JsonSchema } from "../../../services/api/versions.ts";

const User = z
	.strictObject({ id: Id, name: z.string(), email: z.string(), phone: z.string().optional(), version: z.int() })
	.meta({ id: "User" });
const get = { summary: "One", params: ById, result: User, access: "public" } as const;

const specs = contract("specs", {
	user: { ...get, rest: "GET /users/:id" },
	users: { ...get, params: z.strictObject({}), result: pageOf(User), rest: "GET /users" },
	create: { ...get, params: z.strictObject({}), rest: "POST /users" },
	team: {
		...get,
		result: z.strictObject({ id: Id, lead: User.optional(), members: z.array(User) }),
		rest: "GET /teams/:id"
	},
	order: { ...get, result: z.strictObject({ id: Id }), rest: "GET /orders/:id" },
	keys: { ...get, params: z.strictObject({}), result: z.strictObject({}), rest: "GET //.well-known/keys" },
	verify: { ...get, params: z.strictObject({}), rest: "POST /auth/verify" },
	login: { ...get, params: z.strictObject({}), rest: "POST /auth/login" },
	part: { ...get, rest: "POST /orders/:id/parts" },
	join: { ...get, rest: "POST /users/:id/teams" },
	internal: { ...get, rest: "GET /internal", access: "internal" },
	unrouted: { ...get }
});
const descriptions = descriptionsOf(specs);
const endpoints = endpointsOf(descriptions);
const addresses = (name: string): string[] =>
	endpoints.filter(({ action }) => action.name === `specs.${name}`).map(({ method, path }) => `${method} ${path}`);
const at = (path: string): Endpoint => endpoints.find(endpoint => endpoint.path === path)!;

const alice = { id: 1, name: "Alice", email: "a@souk.test", version: 4 };
const oldAlice = { userId: 1, fullName: "Alice", emailAddress: "a@souk.test" };

describe("the addresses of an action", () => {
	it("are one for each version", () => {
		expect(addresses("team")).toEqual(["GET /api/v1/teams/:id", "GET /api/v2/teams/:id"]);
		expect(addresses("login")).toEqual(["POST /api/v1/auth/login", "POST /api/v2/auth/login"]);
	});

	it("are also those of earlier systems, for what they had", () => {
		expect(addresses("user").slice(2)).toEqual(["GET /users/:id", "GET /api/users/:id"]);
		expect(addresses("users").slice(2)).toEqual(["GET /users"]);
		expect(addresses("verify").slice(2)).toEqual(["POST /auth/verify"]);
		expect(addresses("order").slice(2)).toEqual(["GET /api/orders/:id"]);
		expect(at("/api/users/:id").old).toEqual({ service: "user-service" });
		expect(at("/api/orders/:id").old).toEqual({ service: "order-service" });
	});

	it("are below the root for what begins with two slashes", () => {
		expect(addresses("keys")).toEqual(["GET /.well-known/keys"]);
	});

	it("are none for what is internal, whatever it says, and for what has no route", () => {
		expect(addresses("internal")).toEqual([]);
		expect(addresses("unrouted")).toEqual([]);
	});

	it("know where what they create is found, if it is found anywhere", () => {
		expect(endpoints.find(({ method, path }) => method === "POST" && path === "/api/v2/users")?.collection).toBe(
			"/api/v2/users"
		);
		expect(at("/api/v1/users/:id/teams").collection).toBe("/api/v1/teams");
		expect(at("/api/v2/orders/:id/parts").collection).toBeUndefined();
		expect(at("/api/v2/auth/login").collection).toBeUndefined();
	});
});

describe("the first version", () => {
	it("has its own names for a user, alone, in a list and inside something else", () => {
		expect(at("/api/v1/users/:id").translate?.(alice)).toEqual(oldAlice);
		expect(at("/api/v1/users").translate?.({ items: [alice], next: 1 })).toEqual({ items: [oldAlice], next: 1 });
		expect(at("/api/v1/teams/:id").translate?.({ id: 1, members: [alice] })).toEqual({ id: 1, members: [oldAlice] });
		expect(at("/api/v1/teams/:id").translate?.({ id: 1, lead: alice, members: [] })).toEqual({
			id: 1,
			lead: oldAlice,
			members: []
		});
	});

	it("leaves everything else, and the second version, as the contract has it", () => {
		expect(at("/api/v1/orders/:id").translate).toBeUndefined();
		expect(at("/api/v2/users/:id").translate).toBeUndefined();
		expect(at("/users/:id").translate).toBeUndefined();
	});

	it("does not lose itself in a schema that holds itself", () => {
		const tree: JsonSchema = {
			$ref: "#/$defs/Tree",
			$defs: { Tree: { type: "object", properties: { twigs: { type: "array", items: { $ref: "#/$defs/Tree" } } } } }
		};
		expect(translator("v1", tree)).toBeUndefined();
	});

	it("describes its user from the contract's", () => {
		const { result } = descriptions.find(({ name }) => name === "specs.user")!;
		const schema = (result.$defs as Record<string, JsonSchema>).User!;
		expect(schemaIn("v1", "User", schema)).toMatchObject({
			properties: { userId: { type: "integer" }, fullName: { type: "string" }, emailAddress: { type: "string" } },
			required: ["userId", "fullName", "emailAddress"],
			additionalProperties: false
		});
		expect(schemaIn("v2", "User", schema)).toBe(schema);
		expect(schemaIn("v1", "Order", schema)).toBe(schema);
	});

	it("says that it is fading and until when it answers; the second does not", () => {
		expect(fadingHeaders("v1")).toEqual([
			["Deprecation", "@1796083200"],
			["Sunset", "Wed, 01 Dec 2027 00:00:00 GMT"]
		]);
		expect(fadingHeaders("v2")).toEqual([]);
	});
});
