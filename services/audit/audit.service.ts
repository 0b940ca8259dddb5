import { Readable } from "node:stream";
import { Batch } from "../../broker/batch.ts";
import type { EventType } from "../../broker/contract.ts";
import type { SoukEvent } from "../../broker/event.ts";
import { type EventHandler, type Handler, serve, service } from "../../broker/service.ts";
import { inbox, type InboxService } from "../../mixins/inbox.mixin.ts";
import { outbox } from "../../mixins/outbox.mixin.ts";
import { store } from "../../mixins/store.mixin.ts";
import { audit } from "./audit.contract.ts";
import { append, entriesAfter, entryOf, eventOf, headOf, linkBefore, model, type Row } from "./audit.store.ts";
import { verifyChain, verifyEnd } from "./chain.ts";
import { follow, type Following } from "./audit.stream.ts";

export type AuditService = InboxService & {
	settings: { verifying: { page: number; forMs: number }; following: Following };
	arriving: Batch<SoukEvent>;
};

/** Many services' events arrive at once: one unit takes them all. */
const onAnything: EventHandler<EventType, AuditService> = function (event) {
	return this.arriving.add(event);
};

const list: Handler<"audit.list", AuditService> = async function ({ params }) {
	const { limit, after, ...where } = params;
	const { items, ...more } = await this.page<Row>({ where, limit, after });
	return { items: items.map(entryOf), ...more };
};

const events: Handler<"audit.events", AuditService> = async function (ctx) {
	const { items, ...more } = await list.call(this, ctx);
	return { items: items.map(eventOf), ...more };
};

const stream: Handler<"audit.stream", AuditService> = function ({ params }) {
	return Promise.resolve(Readable.from(follow(this.store, params, this.settings.following)));
};

const verify: Handler<"audit.verify", AuditService> = async function (ctx) {
	const { page, forMs } = this.settings.verifying;
	const until = performance.now() + forMs;
	const first = await linkBefore(this.store, ctx.params.from);
	let last = first;
	const broken = (brokenAt: number) => ({ ok: false, entries: last.seq - first.seq, brokenAt });
	for (;;) {
		// The noted end before the entries: it never lies beyond what is read next, unless that was cut off.
		const noted = await headOf(this.store);
		const rows = await entriesAfter(this.store, last.seq, page);
		const walked = verifyChain(rows, last);
		last = walked.last;
		if (walked.brokenAt !== undefined) return broken(walked.brokenAt);
		if (rows.length === 0) {
			const brokenAt = verifyEnd(last, noted);
			return brokenAt === undefined ? { ok: true, entries: last.seq - first.seq } : broken(brokenAt);
		}
		if (performance.now() > until) return { ok: true, entries: last.seq - first.seq, next: last.seq + 1 };
	}
};

/** Nobody waits for the log: a few large units cost far less than many small ones. */
const GATHER_MS = 25;

export default service<AuditService>({
	name: "audit",
	settings: {
		verifying: { page: 1_000, forMs: 2_500 },
		following: { page: 100, most: 1_000, forMs: 30_000 }
	},
	mixins: [store<AuditService>({ model }), outbox(), inbox({ "*": onAnything })],
	actions: serve(audit, { events, stream, list, verify }),
	created() {
		const origin = { unit: `${this.name}<*`, correlationId: this.name };
		this.arriving = new Batch(arrived => this.store.transact({ origin }, unit => append(unit, this.name, arrived)), {
			gatherMs: GATHER_MS
		});
	}
});
