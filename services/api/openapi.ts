import type { ActionDescription } from "../../broker/contract.ts";
import { Components } from "./openapi-components.ts";
import type { Endpoint } from "./routes.ts";
import { CURRENT, type JsonSchema, type Version } from "./versions.ts";

type Json = Record<string, unknown>;

/** Something the gateway answers by itself. */
export interface OwnPage {
	path: string;
	summary: string;
	type: string;
}

/** Describes a version of the API as OpenAPI 3.1, from what the services say of their actions. */
export function openApi(version: Version, endpoints: readonly Endpoint[], pages: readonly OwnPage[]): Json {
	const components = new Components(version);
	const paths: Record<string, Json> = {};
	for (const endpoint of endpoints.filter(endpoint => endpoint.version === version)) {
		const path = endpoint.path.replace(/:(\w+)/g, "{$1}");
		(paths[path] ??= {})[endpoint.method.toLowerCase()] = operation(endpoint, components);
	}
	if (version === CURRENT) for (const page of pages) paths[page.path] = { get: pageOperation(page) };
	return {
		openapi: "3.1.0",
		info: {
			title: "Souk",
			version: version.slice(1),
			description:
				"Orders, and what they need: accounts, a catalogue, stock, payments, shipments, tasks, notifications. " +
				"Every refusal is a problem document (RFC 9457) with a stable `code`. Times are UTC; money is in minor units."
		},
		servers: [{ url: "/" }],
		tags: [...new Set(endpoints.map(({ action }) => serviceOf(action)))].sort().map(name => ({ name })),
		paths,
		components: { schemas: components.schemas(), securitySchemes: components.securitySchemes }
	};
}

const serviceOf = ({ name }: ActionDescription): string => name.slice(0, name.lastIndexOf("."));

function operation(endpoint: Endpoint, components: Components): Json {
	const { method, action, parameters, version, old } = endpoint;
	const { properties = {}, required = [] } = action.params as { properties?: Json; required?: string[] };
	const names = Object.keys(properties).filter(name => !parameters.includes(name));
	const asks = method === "GET" || method === "DELETE";
	return {
		operationId: operationIdOf(endpoint),
		summary: action.summary,
		tags: [serviceOf(action)],
		...(old || version !== CURRENT ? { deprecated: true } : {}),
		...security(action),
		parameters: [
			...parameters.map(name => parameter("path", name, true, components.schema(properties[name], action.params))),
			...(asks ? names : []).map(name =>
				parameter("query", name, required.includes(name), components.schema(properties[name], action.params))
			),
			...headerParameters(action, method)
		],
		...(asks ? {} : requestBody(action, names, components)),
		responses: responses(endpoint, components)
	};
}

/** Client generators name their functions by it, so the version that is here to stay has the plain name. */
function operationIdOf({ action, version, old }: Endpoint): string {
	if (old) return `${old.service ? "wrapped" : "old"}.${action.name}`;
	return version === CURRENT ? action.name : `${version}.${action.name}`;
}

function security({ access }: ActionDescription): Json {
	if (typeof access === "string") return { security: [] };
	const who = [...access.roles, ...(access.owner ? ["the owner"] : [])].join(", ");
	return { security: [{ bearer: [] }], description: `For: ${who}.` };
}

const parameter = (place: string, name: string, required: boolean, schema: unknown, description?: string): Json => ({
	name,
	in: place,
	required,
	schema,
	...(description ? { description } : {})
});

function headerParameters({ idempotencyKey, waits, result }: ActionDescription, method: string): Json[] {
	const key = { type: "string", minLength: 8, maxLength: 255 };
	const says = "The same key with the same request is answered alike and done once";
	const changesVersioned = (method === "PUT" || method === "DELETE") && hasVersion(result);
	return [
		...(idempotencyKey ? [parameter("header", "Idempotency-Key", idempotencyKey === "required", key, says)] : []),
		...(changesVersioned
			? [parameter("header", "If-Match", false, { type: "string" }, "Only when the resource still has this ETag")]
			: []),
		...(waits
			? [
					parameter(
						"header",
						"Prefer",
						false,
						{ type: "string", examples: ["wait=5"] },
						"How long to wait for the outcome"
					)
				]
			: [])
	];
}

/** Whether a result is one resource with a version. */
function hasVersion(result: JsonSchema): boolean {
	const name = /^#\/\$defs\/(.+)$/.exec((result.$ref as string | undefined) ?? "")?.[1];
	const schema = name ? (result.$defs as Record<string, JsonSchema>)[name] : result;
	return Object.hasOwn((schema?.properties as Json | undefined) ?? {}, "version");
}

function requestBody({ params, rawBody }: ActionDescription, names: readonly string[], components: Components): Json {
	if (rawBody) return { requestBody: { required: true, content: { "application/json": { schema: {} } } } };
	if (names.length === 0) return {};
	const { properties = {}, required = [] } = params as { properties?: Json; required?: string[] };
	const needed = required.filter(name => names.includes(name));
	const schema = {
		type: "object",
		properties: Object.fromEntries(names.map(name => [name, components.schema(properties[name], params)])),
		...(needed.length > 0 ? { required: needed } : {}),
		additionalProperties: false
	};
	return { requestBody: { required: needed.length > 0, content: { "application/json": { schema } } } };
}

function responses({ action, method, old }: Endpoint, components: Components): Json {
	const { status = 200, result, stream, page, refuses, access } = action;
	const media = stream ? "text/event-stream" : page ? "text/html" : "application/json";
	const data = stream ? { type: "string" } : components.schema(result, result);
	const schema = old?.service
		? { type: "object", properties: { service: { const: old.service }, data }, required: ["service", "data"] }
		: data;
	const headers = {
		...(hasVersion(result) ? { ETag: { schema: { type: "string" } } } : {}),
		...(status === 201 ? { Location: { schema: { type: "string" } } } : {})
	};
	const success = {
		description: action.summary,
		...(Object.keys(headers).length > 0 ? { headers } : {}),
		...(status === 204 ? {} : { content: { [media]: { schema } } })
	};
	const refused = new Map<number, string[]>([[400, ["VALIDATION_FAILED"]]]);
	const add = (code: number, name: string) => refused.set(code, [...(refused.get(code) ?? []), name]);
	if (typeof access === "object") {
		add(401, "NO_TOKEN");
		add(401, "INVALID_TOKEN");
		add(403, "FORBIDDEN");
	}
	if ((method === "POST" || method === "PUT") && !page) {
		add(413, "BODY_TOO_LARGE");
		add(415, "MEDIA_TYPE_NOT_SUPPORTED");
	}
	if (action.idempotencyKey) add(422, "IDEMPOTENCY_KEY_REUSED");
	for (const refusal of refuses) add(refusal.status, refusal.code);
	add(429, "TOO_MANY_REQUESTS");
	add(503, "SERVICE_UNAVAILABLE");
	return {
		[status]: success,
		...Object.fromEntries(
			[...refused].map(([code, names]) => [code, components.problem([...new Set(names)].join(", "))])
		),
		default: components.problem("Anything else")
	};
}

const pageOperation = ({ summary, type }: OwnPage): Json => ({
	summary,
	tags: ["operations"],
	security: [],
	responses: {
		200: {
			description: summary,
			content: { [type]: { schema: type === "application/json" ? {} : { type: "string" } } }
		}
	}
});
