import { isDeepStrictEqual } from "node:util";
import { schemaIn, type JsonSchema, type Version } from "./versions.ts";

const PROBLEM: JsonSchema = {
	type: "object",
	properties: {
		type: { type: "string", format: "uri-reference" },
		title: { type: "string" },
		status: { type: "integer" },
		detail: { type: "string" },
		instance: { type: "string" },
		code: { type: "string", description: "Stable, for programs" },
		requestId: { type: "string" },
		errors: {
			type: "array",
			items: {
				type: "object",
				properties: { pointer: { type: "string" }, parameter: { type: "string" }, detail: { type: "string" } },
				required: ["detail"]
			}
		},
		error: { type: "string" }
	},
	required: ["type", "title", "status", "detail", "instance", "code", "requestId"]
};

/** The named schemas of a document. Each service names its own under `$defs`; here they are gathered under one roof. */
export class Components {
	readonly #version: Version;
	readonly #schemas = new Map<string, { original: JsonSchema; placed: JsonSchema }>();
	readonly securitySchemes = {
		bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT", description: "The access token of POST /auth/login" }
	};

	constructor(version: Version) {
		this.#version = version;
	}

	/** A schema whose names lead into the document; `root` holds what it names. */
	schema(schema: unknown, root: JsonSchema): unknown {
		if (Array.isArray(schema)) return schema.map(part => this.schema(part, root));
		if (typeof schema !== "object" || schema === null) return schema;
		return Object.fromEntries(
			Object.entries(schema)
				.filter(([key]) => key !== "$schema" && key !== "$defs")
				.map(([key, value]) => [key, key === "$ref" ? this.#place(value as string, root) : this.schema(value, root)])
		);
	}

	problem(description: string): JsonSchema {
		return {
			description,
			content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } }
		};
	}

	schemas(): Record<string, unknown> {
		const sorted = [...this.#schemas].sort(([a], [b]) => (a < b ? -1 : 1));
		return { Problem: PROBLEM, ...Object.fromEntries(sorted.map(([name, { placed }]) => [name, placed])) };
	}

	#place(reference: string, root: JsonSchema): string {
		const name = reference.slice("#/$defs/".length);
		const original = (root.$defs as Record<string, JsonSchema>)[name]!;
		const free = this.#nameFor(name, original);
		if (!this.#schemas.has(free)) {
			const entry = { original, placed: {} as JsonSchema };
			// Its name is taken before its parts are looked at: they may name it themselves.
			this.#schemas.set(free, entry);
			entry.placed = this.schema(schemaIn(this.#version, name, original), root) as JsonSchema;
		}
		return `#/components/schemas/${free}`;
	}

	// What two services call the same need not be the same, nor what comes in like what goes out.
	#nameFor(name: string, original: JsonSchema): string {
		for (let count = 1; ; count++) {
			const candidate = count === 1 ? name : `${name}${count}`;
			const known = this.#schemas.get(candidate);
			if (!known || isDeepStrictEqual(known.original, original)) return candidate;
		}
	}
}
