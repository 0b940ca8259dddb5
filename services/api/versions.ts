/** A JSON schema, as a contract describes itself. */
export type JsonSchema = Readonly<Record<string, unknown>>;

export const VERSIONS = ["v1", "v2"] as const;
export type Version = (typeof VERSIONS)[number];
/** The version in which answers are what the contracts say. */
export const CURRENT: Version = "v2";

/** What the first version calls the fields of a resource that has another shape now; it has no others. */
const RENAMED: Record<Version, Readonly<Record<string, Readonly<Record<string, string>>>>> = {
	v1: { User: { userId: "id", fullName: "name", emailAddress: "email" } },
	v2: {}
};

/** Since when a version is no longer the one to use, and until when it answers. */
const FADING: Partial<Record<Version, { deprecated: Date; sunset: Date }>> = {
	v1: { deprecated: new Date("2026-12-01T00:00:00Z"), sunset: new Date("2027-12-01T00:00:00Z") }
};

/** The headers that tell a client its version is fading (RFC 9745, RFC 8594). */
export function fadingHeaders(version: Version): readonly (readonly [name: string, value: string])[] {
	const fading = FADING[version];
	if (!fading) return [];
	return [
		["Deprecation", `@${fading.deprecated.getTime() / 1000}`],
		["Sunset", fading.sunset.toUTCString()]
	];
}

type Translate = (value: unknown) => unknown;

/** How an answer is put into a version's shape; undefined where the shapes are alike. Derived from the answer's schema. */
export function translator(version: Version, result: JsonSchema): Translate | undefined {
	const renamed = RENAMED[version];
	return Object.keys(renamed).length === 0 ? undefined : walk(result, result, renamed, new Set());
}

function walk(
	schema: JsonSchema,
	root: JsonSchema,
	renamed: (typeof RENAMED)[Version],
	seen: ReadonlySet<string>
): Translate | undefined {
	const name = /^#\/\$defs\/(.+)$/.exec((schema.$ref as string | undefined) ?? "")?.[1];
	if (name !== undefined) {
		const names = renamed[name];
		if (names) return value => rename(value, names);
		const target = (root.$defs as Record<string, JsonSchema>)[name];
		return seen.has(name) || !target ? undefined : walk(target, root, renamed, new Set([...seen, name]));
	}
	if (schema.items) {
		const item = walk(schema.items as JsonSchema, root, renamed, seen);
		return item && (value => (value as unknown[]).map(item));
	}
	const inner = Object.entries((schema.properties as Record<string, JsonSchema> | undefined) ?? {}).flatMap(
		([key, property]) => {
			const translate = walk(property, root, renamed, seen);
			return translate ? [[key, translate] as const] : [];
		}
	);
	if (inner.length === 0) return undefined;
	return value => {
		const copy = { ...(value as Record<string, unknown>) };
		for (const [key, translate] of inner) if (copy[key] !== undefined) copy[key] = translate(copy[key]);
		return copy;
	};
}

const rename = (value: unknown, names: Readonly<Record<string, string>>): unknown =>
	Object.fromEntries(
		Object.entries(names).map(([name, original]) => [name, (value as Record<string, unknown>)[original]])
	);

/** A named schema as a version has it. */
export function schemaIn(version: Version, name: string, schema: JsonSchema): JsonSchema {
	const names = RENAMED[version][name];
	if (!names) return schema;
	const properties = schema.properties as Record<string, JsonSchema>;
	const required = new Set(schema.required as string[]);
	return {
		...schema,
		properties: Object.fromEntries(Object.entries(names).map(([key, original]) => [key, properties[original]!])),
		required: Object.entries(names).flatMap(([key, original]) => (required.has(original) ? [key] : []))
	};
}
