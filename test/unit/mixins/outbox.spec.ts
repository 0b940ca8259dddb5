import { isoNow, uuid7 } from "../../../broker/ids.ts";
import { service } from "../../../broker/service.ts";
import { inbox } from "../../../mixins/inbox.mixin.ts";
import { outbox, type OutboxService } from "../../../mixins/outbox.mixin.ts";
import { store } from "../../../mixins/store.mixin.ts";
import { node, type TestNode } from "../../support/node.ts";

const DAY = 24 * 60 * 60 * 1_000;
const keeper = service({ name: "keeper", mixins: [store(), outbox(), inbox({})] });

let spec: TestNode;
let kept: OutboxService;
beforeAll(async () => {
	spec = await node([keeper]);
	kept = spec.broker.getLocalService("keeper") as OutboxService;
});
afterAll(() => spec.close());

const count = async (table: string) => (await kept.store.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`))!.n;

/** As many rows of each kind as it says, of this age in days. */
const rows = (many: number, days: number, published: boolean) =>
	kept.store.database.write("rows", async tx => {
		const time = isoNow(-days * DAY);
		for (let n = 0; n < many; n++) {
			const id = uuid7(Date.now() - days * DAY);
			tx.append("outbox", {
				id,
				topic: "probe.events",
				type: "probe.moved",
				subject: "probe/1",
				payload: JSON.stringify({ id, type: "probe.moved", subject: "probe/1", data: {} }),
				created_at: time,
				published_at: published ? time : null
			});
			tx.append("inbox", { consumer: "keeper", event_id: id, received_at: time });
			tx.append("idempotency_keys", { scope: "s", key: id, fingerprint: "f", result: "{}", created_at: time });
		}
	});

it("forgets what nobody can ask for any more, however much there is, and keeps the rest", async () => {
	await rows(2_500, 15, true);
	await rows(3, 8, true);
	await rows(5, 6, true);
	await kept.forget();
	expect([await count("outbox"), await count("inbox"), await count("idempotency_keys")]).toEqual([5, 8, 5]);
});

it("never forgets an event that was not delivered yet", async () => {
	await kept.relay.stop();
	await rows(4, 30, false);
	await kept.forget();
	expect(await kept.relay.backlog()).toBe(4);
});

it("survives a store that cannot be used at the moment", async () => {
	const write = jest.spyOn(kept.store.database, "write").mockRejectedValue(new Error("the disk is full"));
	await kept.forget();
	write.mockRestore();
});
