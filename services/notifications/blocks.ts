/** A paragraph, or things and what they come to. */
export type Block = string | { rows: readonly (readonly [thing: string, amount: string])[] };

/** Blocks as plain text. */
export const textOf = (blocks: readonly Block[]): string =>
	blocks
		.map(block => (typeof block === "string" ? block : block.rows.map(row => row.join(": ")).join("\n")))
		.join("\n\n")
		.trim();

/** Blocks as HTML; what people typed in them stays text. */
export const htmlOf = (blocks: readonly Block[]): string =>
	blocks
		.map(block =>
			typeof block === "string" ? `<p>${lines(block)}</p>` : `<table>${block.rows.map(row).join("")}</table>`
		)
		.join("\n");

const row = ([thing, amount]: readonly [string, string]): string =>
	`<tr><td>${escaped(thing)}</td><td style="text-align:right;padding-left:2em">${escaped(amount)}</td></tr>`;
const lines = (text: string): string => escaped(text).replaceAll("\n", "<br>");

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text that is nothing but text inside HTML, in an attribute too. */
export const escaped = (text: string): string => text.replace(/[&<>"']/g, character => ENTITIES[character]!);
