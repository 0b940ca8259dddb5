import { createHash } from "node:crypto";
import type { Handler } from "../../../broker/service.ts";
import { categoriesNamed } from "../categories.store.ts";
import { categorized, readLines } from "../import.ts";
import { earlier, keep, subjectOf } from "../imports.store.ts";
import type { ProductsService } from "../products.service.ts";
import { insert } from "../products.store.ts";
import { whoIs } from "../who-is.ts";

/**
 * Takes in the good lines of a batch. Their products are shown to nobody until inventory has answered `product.imported`:
 * a product and its stock are both there, or neither is.
 */
export const importLines: Handler<"products.import", ProductsService> = function (ctx) {
	const { source, batch, lines } = ctx.params;
	const fingerprint = createHash("sha256").update(JSON.stringify(lines)).digest("base64url");
	const { read, refused: unreadable } = readLines(lines);
	const names = new Set(read.flatMap(({ line: { category } }) => category ?? []));
	return this.store.transact(ctx, async unit => {
		const before = await earlier(unit, { source, batch, fingerprint });
		if (before) return before;
		const { wares, refused: misplaced } = categorized(read, await categoriesNamed(unit, names));
		const refused = [...unreadable, ...misplaced].sort((one, other) => one.at - other.at);
		const kept = await keep(unit, { source, batch, fingerprint }, { accepted: wares.length, refused }, whoIs(ctx));
		const items = [];
		for (const { details, onHand } of wares)
			items.push({ productId: (await insert(unit, details, whoIs(ctx), kept.id)).id, onHand });
		if (items.length > 0) unit.emit("product.imported", subjectOf(kept.id), { importId: kept.id, items });
		return kept;
	});
};
