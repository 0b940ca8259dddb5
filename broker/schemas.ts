import { z } from "zod";

/** The id of an entity: a positive integer from its service's store. */
export const Id = z.int().positive();
/** The same in a path or query, where everything arrives as text. */
export const TextId = z.coerce.number<number | string>().int().positive();
/** Parameters of an action on one entity. */
export const ById = z.strictObject({ id: TextId });
/** Minor units of a currency: cents. */
export const Money = z.int().min(0).max(1_000_000_000_000);
export const Currency = z.string().regex(/^[A-Z]{3}$/, "is three capital letters (ISO 4217)");
export const Quantity = z.int().min(1).max(10_000);
/** How many of something are on a shelf. */
export const Units = z.int().min(0).max(1_000_000_000);
/** UTC, ISO 8601 with milliseconds. */
export const Time = z.iso.datetime({ precision: 3 });
/** One line of text a person typed. */
export const Line = (max = 200) =>
	z
		.string()
		.trim()
		.min(1)
		.max(max)
		// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
		.regex(/^[^\p{Cc}\p{Cs}]*$/u, "has characters that are not text");

/** The parameters of a list: keyset pages. */
export const PageQuery = {
	limit: z.coerce.number<number | string>().int().min(1).max(100).default(20),
	after: TextId.optional()
};
/** A page of a list; `next` is what to send as `after`, absent on the last page. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
	z.strictObject({ items: z.array(item), next: Id.optional() });
