import { z } from "zod";
import { events, type EventsOf } from "../../broker/contract.ts";
import { Refusal, Unavailable } from "../../broker/errors.ts";
import { service } from "../../broker/service.ts";
import { inbox, type InboxService } from "../../mixins/inbox.mixin.ts";
import { outbox, type OutboxService } from "../../mixins/outbox.mixin.ts";
import { store } from "../../mixins/store.mixin.ts";
import { node, type TestNode } from "./node.ts";
import { onPostgres } from "./stores.ts";

/** What the specs of delivery send about: a letter to somebody. */
const letterEvents = events("letter", { written: z.strictObject({ n: z.int() }) });
declare module "../../broker/contract.ts" {
	interface Events extends EventsOf<typeof letterEvents> {}
}

export class Unreadable extends Refusal {
	constructor() {
		super("Nobody can read this", 422, "UNREADABLE");
	}
}
export class Asleep extends Unavailable {
	constructor() {
		super("The reader is asleep", "ASLEEP");
	}
}

/** One who writes letters, and readers who keep a diary of what they read, in their stores. */
export interface Post extends TestNode {
	/** Writes letters in one unit: `alice 1` is the first to Alice. */
	write(...letters: string[]): Promise<void>;
	diary(reader: string): Promise<string[]>;
	/** Letters that are committed and that not everybody has. */
	underWay(): Promise<number>;
	service(name: string): InboxService;
}

/** What a reader does with a letter before it stands in the diary: throw, wait, or nothing. */
export type Habit = (letter: string) => unknown;

export async function post(
	readers: Record<string, Habit>,
	dataDir?: string,
	env: Record<string, string> = {}
): Promise<Post> {
	const writer = service<OutboxService>({ name: "writer", mixins: [store(), outbox()] });
	const reading = Object.entries(readers).map(([name, habit]) =>
		service<InboxService>({
			name,
			mixins: [
				store(),
				outbox(),
				inbox({
					"letter.written": async function (this: InboxService, event, ctx) {
						const letter = `${event.subject.slice(7)} ${event.data.n}`;
						await habit(letter);
						await ctx.once(async unit => {
							await unit.run("INSERT INTO seeds (name, planted_at) VALUES (?, ?)", [letter, unit.now]);
						});
					}
				})
			]
		})
	);
	const started = await node([writer, ...reading], dataDir ? { dataDir, env } : { env });
	const local = (name: string) => started.broker.getLocalService(name) as InboxService;
	return {
		...started,
		write: (...letters) =>
			local("writer").store.transact({ origin: { unit: "writer.write", correlationId: "spec" } }, async unit => {
				for (const letter of letters) {
					const [to, n] = letter.split(" ");
					unit.emit("letter.written", `letter/${to}`, { n: Number(n) });
				}
			}),
		diary: async reader =>
			(
				await local(reader).store.all<{ name: string }>(
					`SELECT name FROM seeds ORDER BY ${onPostgres() ? "CAST(CAST(xmin AS TEXT) AS BIGINT)" : "rowid"}`
				)
			).map(({ name }) => name),
		underWay: () => local("writer").relay.backlog(),
		service: local
	};
}
