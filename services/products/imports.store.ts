import type { Store, Unit } from "../../broker/sql/store.ts";
import type { ImportResult, ProductImport, RefusedLine } from "./products.contract.ts";
import { pageFrom } from "../../broker/page.ts";
import { ImportDiffers } from "./products.errors.ts";

/** What tells the batches of all files apart, and one batch from another that pretends to be it. */
export interface Batch {
	source: string;
	batch: number;
	fingerprint: string;
}

interface ImportRow {
	id: number;
	source: string;
	batch: number;
	fingerprint: string;
	accepted: number;
	refused: string;
	created_at: string;
	listed_at: string | null;
}

const ALL = "SELECT id, source, batch, fingerprint, accepted, refused, created_at, listed_at FROM product_imports";

const refusedIn = ({ refused }: ImportRow): RefusedLine[] => JSON.parse(refused) as RefusedLine[];

const importOf = (row: ImportRow): ProductImport => ({
	id: row.id,
	source: row.source,
	batch: row.batch,
	status: row.listed_at === null ? "PENDING" : "LISTED",
	accepted: row.accepted,
	refused: refusedIn(row).length,
	createdAt: row.created_at,
	listedAt: row.listed_at ?? undefined
});

/** What a subject of an import's events is called. */
export const subjectOf = (id: number): string => `product-import/${id}`;

/** What came of a batch before, kept for ever: a key is forgotten after a week. Throws ImportDiffers. */
export async function earlier(unit: Unit, { source, batch, fingerprint }: Batch): Promise<ImportResult | undefined> {
	const row = await unit.get<ImportRow>(`${ALL} WHERE source = ? AND batch = ?`, [source, batch]);
	if (!row) return undefined;
	if (row.fingerprint !== fingerprint) throw new ImportDiffers(source, batch);
	return { id: row.id, accepted: row.accepted, refused: refusedIn(row) };
}

/** Keeps what comes of a batch. Where nothing of it is accepted, there is nothing to wait for. */
export async function keep(
	unit: Unit,
	{ source, batch, fingerprint }: Batch,
	{ accepted, refused }: Omit<ImportResult, "id">,
	userId: number | undefined
): Promise<ImportResult> {
	const row = await unit.get<{ id: number }>(
		`INSERT INTO product_imports (source, batch, fingerprint, user_id, accepted, refused, created_at, listed_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
		[
			...[source, batch, fingerprint, userId ?? null, accepted, JSON.stringify(refused)],
			...[unit.now, accepted === 0 ? unit.now : null]
		]
	);
	return { id: row!.id, accepted, refused };
}

/** Notes that all of an import is in the catalogue. */
export async function markListed(unit: Unit, id: number): Promise<void> {
	await unit.run("UPDATE product_imports SET listed_at = ? WHERE id = ? AND listed_at IS NULL", [unit.now, id]);
}

export async function pageOfImports(
	store: Store,
	{ status, limit, after }: { status?: ProductImport["status"] | undefined; limit: number; after?: number | undefined }
): Promise<{ items: ProductImport[]; next?: number }> {
	const having = status === undefined ? "" : `AND listed_at IS ${status === "PENDING" ? "NULL" : "NOT NULL"}`;
	const rows = await store.all<ImportRow>(`${ALL} WHERE id < ? ${having} ORDER BY id DESC LIMIT ?`, [
		after ?? Number.MAX_SAFE_INTEGER,
		limit + 1
	]);
	return pageFrom(rows, limit, importOf);
}
