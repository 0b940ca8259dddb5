import type { Store } from "../../../broker/sql/store.ts";
import { difference, type Difference } from "../books.ts";
import { type PaymentRow, paymentsAfter } from "../payments.store.ts";
import type { Provider, ProviderRecord } from "../providers/provider.ts";

const PAGE = 500;

/** Compares the provider's books with ours, payment by payment. None may differ once nothing is under way. */
export async function reconcile(store: Store, provider: Provider): Promise<Difference[]> {
	const theirs = await allOf(provider);
	const found: (Difference | undefined)[] = [];
	for (let page = await paymentsAfter(store, 0, PAGE); page.length > 0; page = await next(store, page)) {
		for (const ours of page) {
			found.push(difference(ours.provider_key, ours, theirs.get(ours.provider_key)));
			theirs.delete(ours.provider_key);
		}
	}
	for (const [key, record] of theirs) found.push(difference(key, undefined, record));
	return found.filter(entry => entry !== undefined);
}

const next = (store: Store, page: PaymentRow[]): Promise<PaymentRow[]> => paymentsAfter(store, page.at(-1)!.id, PAGE);

async function allOf(provider: Provider): Promise<Map<string, ProviderRecord>> {
	const all = new Map<string, ProviderRecord>();
	for (let after: number | undefined = 0; after !== undefined; ) {
		const { records, next }: { records: ProviderRecord[]; next?: number } = await provider.statement(after);
		for (const record of records) all.set(record.key, record);
		after = next;
	}
	return all;
}
