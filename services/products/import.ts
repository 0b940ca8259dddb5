import { ValidationFailed, type Flaw } from "../../broker/errors.ts";
import { validate } from "../../broker/middlewares/contract.middleware.ts";
import type { Details } from "./product.ts";
import { ImportLine, type RefusedLine } from "./products.contract.ts";

/** A product to be, with its stock. */
interface Ware {
	details: Details;
	onHand: number;
}

interface Read {
	at: number;
	line: ImportLine;
}

/** Tells the lines that are products from those that are not, with all that is wrong with these. */
export function readLines(lines: readonly unknown[]): { read: Read[]; refused: RefusedLine[] } {
	const read: Read[] = [];
	const refused: RefusedLine[] = [];
	for (const [at, line] of lines.entries())
		try {
			read.push({ at, line: validate(ImportLine, line) });
		} catch (error) {
			if (!(error instanceof ValidationFailed)) throw error;
			const { errors } = error.data as { errors: Flaw[] };
			refused.push({ at, errors: errors.map(({ pointer = "", detail }) => ({ pointer, detail })) });
		}
	return { read, refused };
}

/** Puts lines into the categories that they name; those that name none that there is are refused. */
export function categorized(
	read: readonly Read[],
	categories: ReadonlyMap<string, number>
): { wares: Ware[]; refused: RefusedLine[] } {
	const wares: Ware[] = [];
	const refused: RefusedLine[] = [];
	for (const { at, line } of read) {
		const { category, onHand, ...said } = line;
		const categoryId = category === undefined ? undefined : categories.get(category);
		if (category !== undefined && categoryId === undefined)
			refused.push({ at, errors: [{ pointer: "/category", detail: `there is no category ${category}` }] });
		else wares.push({ details: { ...said, categoryId }, onHand });
	}
	return { wares, refused };
}
