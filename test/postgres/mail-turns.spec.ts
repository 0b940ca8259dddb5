import { StoreUnavailable } from "../../broker/errors.ts";
import type { Logger } from "../../broker/service.ts";
import { migrate } from "../../broker/sql/migrate.ts";
import { Store } from "../../broker/sql/store.ts";
import { Lane } from "../../services/notifications/notifications.lane.ts";
import { insert } from "../../services/notifications/notifications.store.ts";
import type { Message } from "../../services/notifications/outlet.ts";
import { eventually } from "../support/eventually.ts";
import { PostgresDatabase } from "../../broker/sql/postgres-database.ts";
import { Databases } from "./support.ts";

const logger = { info: () => undefined, warn: () => undefined, error: () => undefined } as unknown as Logger;
const patience = { tries: 3, firstPauseMs: 2, longestPauseMs: 4, pollMs: 3_600_000 };
const origin = { unit: "spec", correlationId: "spec" };

let made = 0;
let url: string;
let stores: [Store, Store];
const databases: PostgresDatabase[] = [];
const names = new Databases();

beforeEach(async () => {
	url = names.fresh();
	// As the service calls itself: its migrations go by its name.
	const open = () => PostgresDatabase.open("notifications", url, 4);
	databases.push(await open(), await open());
	await migrate(databases[0]!, logger);
	stores = [new Store(databases[0]!), new Store(databases[1]!)];
	await stores[0].transact({ origin }, async unit => {
		await insert(unit, {
			kind: "message",
			about: `message/${++made}`,
			channel: "email",
			userId: 1,
			recipient: "alice@souk.test",
			recipientName: "Alice",
			language: "en",
			subject: "s",
			text: "t",
			html: "",
			messageId: `${made}@spec`,
			origin
		});
	});
});
afterEach(async () => {
	await Promise.all(databases.splice(0).map(database => database.close()));
	await names.remove();
});

const lane = (store: Store, send: (message: Message) => Promise<void>) =>
	new Lane({ store, channel: "email", outlet: { via: "spec", send }, logger, patience });
const message = () => stores[0].get("SELECT status, sends, tries FROM notifications");

it("who is called to the mail while another is still at it leaves alone what that one has on its way", async () => {
	const onItsWay = Promise.withResolvers<void>();
	const answered = Promise.withResolvers<void>();
	const first = lane(stores[0], () => {
		onItsWay.resolve();
		return answered.promise;
	});
	first.open();
	await onItsWay.promise;
	let doubled = 0;
	const second = lane(stores[1], () => {
		doubled++;
		return Promise.resolve();
	});
	second.open();
	await second.idle();
	answered.resolve();
	await first.idle();
	expect(doubled).toBe(0);
	expect(await message()).toEqual({ status: "SENT", sends: 1, tries: 1 });
});

it("who is long at it is left alone for as long", async () => {
	const answered = Promise.withResolvers<void>();
	const only = lane(stores[0], () => answered.promise);
	only.open();
	const until = async () => (await stores[0].get<{ at: string }>("SELECT next_try_at AS at FROM notifications"))!.at;
	const tries = async () => (await stores[0].get<{ tries: number }>("SELECT tries FROM notifications"))!.tries;
	await eventually(async () => expect(await tries()).toBe(1));
	const first = await until();
	await eventually(async () => expect((await until()) > first).toBe(true));
	answered.resolve();
	await only.idle();
	expect(await message()).toEqual({ status: "SENT", sends: 1, tries: 1 });
});

it("what went out while the store was away is marked when it is back, and not sent again", async () => {
	let sent = 0;
	const transact = stores[0].transact.bind(stores[0]);
	let away = 3;
	const at = lane(stores[0], () => {
		sent++;
		jest.spyOn(stores[0], "transact").mockImplementation((cause, work) => {
			if (away-- > 0) return Promise.reject(new StoreUnavailable("notifications", "away"));
			return transact(cause, work);
		});
		return Promise.resolve();
	});
	at.open();
	await eventually(async () => expect(await message()).toEqual({ status: "SENT", sends: 1, tries: 1 }));
	await at.idle();
	expect(sent).toBe(1);
});
