import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Validator } from "@seriousme/openapi-schema-validator";
import { z } from "zod";
import { contract, describe as descriptionsOf, type Contract } from "../../../broker/contract.ts";
import { ById } from "../../../broker/schemas.ts";
import { openApi } from "../../../services/api/openapi.ts";
import { endpointsOf, type Endpoint } from "../../../services/api/routes.ts";
import type { Version } from "../../../services/api/versions.ts";
import { things } from "../../support/things.ts";

type Json = Record<string, never>;
type Operation = Record<string, never> & { operationId: string };
type Document = { paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, Json> } };

const documentOf = (version: Version, endpoints: Endpoint[]): Document =>
	openApi(version, endpoints, [
		{ path: "/health", summary: "Health", type: "application/json" }
	]) as unknown as Document;
const endpointsFor = (...contracts: Contract[]): Endpoint[] => endpointsOf(contracts.flatMap(descriptionsOf));
const operations = ({ paths }: Document): Operation[] => Object.values(paths).flatMap(path => Object.values(path));

/** Every contract there is, found as its service finds it: by the name of its folder. */
async function everyContract(): Promise<Contract[]> {
	const services = join(import.meta.dirname, "../../../services");
	const modules = await Promise.all(
		readdirSync(services).map(
			name =>
				import(pathToFileURL(join(services, name, `${name}.contract.ts`)).href) as Promise<Record<string, unknown>>
		)
	);
	return modules.flatMap(module =>
		Object.values(module).filter((value): value is Contract => {
			const { name, actions } = (value ?? {}) as Partial<Contract>;
			return typeof name === "string" && typeof actions === "object";
		})
	);
}

describe("the OpenAPI document", () => {
	it.each(["v1", "v2"] as const)("of every contract there is, is valid: %s", async version => {
		const contracts = await everyContract();
		expect(contracts.length).toBeGreaterThanOrEqual(readdirSync(join(import.meta.dirname, "../../../services")).length);
		const document = documentOf(version, endpointsFor(...contracts));
		const { valid, errors } = await new Validator().validate(document as unknown as Record<string, unknown>);
		expect(errors ?? []).toEqual([]);
		expect(valid).toBe(true);
		const ids = operations(document).flatMap(({ operationId }) => operationId ?? []);
		expect(new Set(ids).size).toBe(ids.length);
		const routed = contracts.flatMap(({ actions }) =>
			Object.values(actions).filter(({ rest }) => rest?.includes(" /") && !rest.includes("//"))
		);
		expect(ids.length).toBeGreaterThanOrEqual(routed.length);
	});

	it("has every route once a version, and operations are called like their actions", () => {
		const endpoints = endpointsFor(things);
		const { paths } = documentOf("v2", endpoints);
		expect(Object.keys(paths).sort()).toEqual([
			"/api/v2/faults/{kind}",
			"/api/v2/hooks/things",
			"/api/v2/things",
			"/api/v2/things/{id}",
			"/api/v2/things/{id}/parts",
			"/api/v2/things/{id}/secret",
			"/api/v2/things/{id}/stream",
			"/health"
		]);
		expect(paths["/api/v2/things/{id}"]!.get!.operationId).toBe("things.get");
		expect(documentOf("v1", endpoints).paths["/api/v1/things/{id}"]!.get).toMatchObject({
			operationId: "v1.things.get",
			deprecated: true
		});
	});

	it("says what a request may carry, and who may send it", () => {
		const { paths } = documentOf("v2", endpointsFor(things));
		const { get: list, post: create } = paths["/api/v2/things"]!;
		expect(list!.parameters).toMatchObject([
			{ in: "query", name: "limit", required: false, schema: { type: "integer", maximum: 100 } },
			{ in: "query", name: "after", required: false },
			{ in: "query", name: "name", required: false }
		]);
		expect(list!.security).toEqual([]);
		expect(create!.parameters).toMatchObject([
			{ in: "header", name: "Idempotency-Key", required: true },
			{ in: "header", name: "Prefer", required: false }
		]);
		expect(create!.security).toEqual([{ bearer: [] }]);
		expect(create!.description).toBe("For: customer, staff.");
		expect(create!.requestBody).toMatchObject({
			required: true,
			content: { "application/json": { schema: { required: ["name"], additionalProperties: false } } }
		});
		expect(paths["/api/v2/things/{id}"]!.put).toMatchObject({
			parameters: [{ in: "path", name: "id", required: true }, { name: "Idempotency-Key" }, { name: "If-Match" }],
			requestBody: { content: { "application/json": { schema: { properties: { name: {} }, required: ["name"] } } } }
		});
		expect(paths["/api/v2/things/{id}"]!.delete!.requestBody).toBeUndefined();
		expect(paths["/api/v2/things/{id}/secret"]!.get!.description).toBe("For: staff, the owner.");
	});

	it("says what comes back", () => {
		const { paths, components } = documentOf("v2", endpointsFor(things));
		const { responses } = paths["/api/v2/things/{id}"]!.get as unknown as { responses: Record<number, Json> };
		expect(responses[200]).toMatchObject({
			headers: { ETag: {} },
			content: { "application/json": { schema: { $ref: "#/components/schemas/Thing" } } }
		});
		expect(responses[404]).toEqual({
			description: "THING_NOT_FOUND",
			content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } }
		});
		expect(paths["/api/v2/things/{id}"]!.delete).toMatchObject({ responses: { 204: {}, 401: {}, 403: {} } });
		expect(paths["/api/v2/things"]!.post).toMatchObject({ responses: { 201: { headers: { Location: {} } }, 422: {} } });
		expect(paths["/api/v2/things/{id}/stream"]!.get).toMatchObject({
			responses: { 200: { content: { "text/event-stream": {} } } }
		});
		expect(Object.keys(components.schemas)).toEqual(["Problem", "Thing"]);
	});

	it("tells two schemas of one name apart, and takes what is alike for one", () => {
		const thing = (schema: z.ZodType, rest: "GET /a/:id" | "GET /b/:id" | "GET /c/:id") => ({
			get: { summary: "One", params: ById, result: schema, rest, access: "public" as const }
		});
		const described = endpointsOf([
			...descriptionsOf(contract("a", thing(z.strictObject({ size: z.int() }), "GET /a/:id"))),
			...descriptionsOf(contract("b", thing(z.strictObject({ size: z.int() }), "GET /b/:id"))),
			...descriptionsOf(contract("c", thing(z.strictObject({ size: z.int() }), "GET /c/:id")))
		]);
		const sized = (type: string) => ({
			$ref: "#/$defs/Size",
			$defs: { Size: { type: "object", properties: { size: { type } } } }
		});
		for (const endpoint of described)
			(endpoint.action as { result: unknown }).result = sized(endpoint.path.includes("/c/") ? "string" : "integer");
		const { paths, components } = documentOf("v2", described);
		const schemaAt = (path: string) =>
			(paths[path]!.get as unknown as { responses: Record<number, { content: Record<string, { schema: unknown }> }> })
				.responses[200]!.content["application/json"]!.schema;
		expect(schemaAt("/api/v2/a/{id}")).toEqual({ $ref: "#/components/schemas/Size" });
		expect(schemaAt("/api/v2/b/{id}")).toEqual({ $ref: "#/components/schemas/Size" });
		expect(schemaAt("/api/v2/c/{id}")).toEqual({ $ref: "#/components/schemas/Size2" });
		expect(components.schemas.Size2).toEqual({ type: "object", properties: { size: { type: "string" } } });
	});

	it("places a schema that holds itself", () => {
		const [first] = endpointsFor(things);
		const tree = {
			$ref: "#/$defs/Tree",
			$defs: { Tree: { type: "object", properties: { twigs: { type: "array", items: { $ref: "#/$defs/Tree" } } } } }
		};
		const { components } = documentOf("v2", [{ ...first!, version: "v2", action: { ...first!.action, result: tree } }]);
		expect(components.schemas.Tree).toEqual({
			type: "object",
			properties: { twigs: { type: "array", items: { $ref: "#/components/schemas/Tree" } } }
		});
	});
});
