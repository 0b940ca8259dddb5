import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { Ctx } from "../../broker/context.ts";
import { contract, type ActionsOf } from "../../broker/contract.ts";
import { Refusal, Unavailable } from "../../broker/errors.ts";
import type { SagaEngine } from "../../broker/saga/engine.ts";
import { saga, type Saga } from "../../broker/saga/saga.ts";
import { serve, service } from "../../broker/service.ts";
import type { Unit } from "../../broker/sql/store.ts";
import { outbox } from "../../mixins/outbox.mixin.ts";
import { sagas, type SagaService } from "../../mixins/saga.mixin.ts";
import { store } from "../../mixins/store.mixin.ts";
import { node, type TestNode } from "./node.ts";
import { copyStores, dropStores } from "./stores.ts";

const step = {
	summary: "A step",
	params: z.strictObject({ trip: z.int() }),
	result: z.strictObject({ ticket: z.string() }),
	access: "internal"
} as const;

/** A neighbour of the specs that books the parts of a trip. */
const bookings = contract("bookings", {
	flight: step,
	cancelFlight: step,
	hotel: step,
	cancelHotel: step,
	insure: step,
	pay: step,
	send: step
});
declare module "../../broker/contract.ts" {
	interface Actions extends ActionsOf<typeof bookings> {}
}
export type Verb = keyof typeof bookings.actions;

export class SoldOut extends Refusal {
	constructor() {
		super("It is sold out", 409, "SOLD_OUT");
	}
}
export class Busy extends Unavailable {
	constructor() {
		super("Nobody answers the phone", "BUSY");
	}
}

interface Trip {
	trip: number;
	tickets: string[];
}
const about = ({ trip }: Trip) => ({ trip });
const keep = (trip: Trip, { ticket }: { ticket: string }): Trip => ({ ...trip, tickets: [...trip.tickets, ticket] });
const ended = async (unit: Unit, how: string, { trip, tickets }: Trip) => {
	// The name is a primary key: a second ending of the same kind would fail.
	await unit.run("INSERT INTO seeds (name, planted_at) VALUES (?, ?)", [`${how} ${trip}`, tickets.join()]);
};

/** Two steps that can be undone, one that cannot and need not, the pivot, and one that comes after it. */
export const bookTrip = (endings: { completed?: () => void; version?: number } = {}): Saga<Trip, SagaService> =>
	saga<Trip>("book-trip", endings.version)
		.step("bookings.flight", about, keep)
		.undoneBy("bookings.cancelFlight", about)
		.step("bookings.hotel", about, keep)
		.undoneBy("bookings.cancelHotel", about)
		.step("bookings.insure", about)
		.pivot("bookings.pay", about, keep)
		.step("bookings.send", about)
		.ends<SagaService>({
			completed: (_, unit, trip) => {
				endings.completed?.();
				return ended(unit, "booked", trip);
			},
			abandoned: (_, unit, trip, reason) => ended(unit, `abandoned for ${reason}:`, trip)
		});

export interface Call {
	verb: Verb;
	key: string;
	trip: number;
}

/** What the neighbour does: `answers` has for a verb what each of its calls throws or waits for, in turn. */
export class Script {
	readonly calls: Call[] = [];
	readonly answers = new Map<Verb, (() => unknown)[]>();

	on(verb: Verb, ...answers: (() => unknown)[]): this {
		this.answers.set(verb, answers);
		return this;
	}

	get verbs(): Verb[] {
		return this.calls.map(({ verb }) => verb);
	}

	keysOf(verb: Verb): string[] {
		return this.calls.filter(call => call.verb === verb).map(({ key }) => key);
	}

	service() {
		const answer = (verb: Verb) => async (ctx: Ctx<{ trip: number }>) => {
			this.calls.push({ verb, key: String(ctx.headers["idempotency-key"]), trip: ctx.params.trip });
			await this.answers.get(verb)?.shift()?.();
			return { ticket: `${verb} ${ctx.params.trip}` };
		};
		const verbs = Object.keys(bookings.actions) as Verb[];
		return service({
			name: "bookings",
			actions: serve(bookings, Object.fromEntries(verbs.map(verb => [verb, answer(verb)])) as never)
		});
	}
}

export const throwing = (error: Error) => (): never => {
	throw error;
};

/** A process in which an agency books trips, one saga each. */
export interface Agency extends TestNode {
	service: SagaService;
	engine: SagaEngine;
	/** Begins a saga in a unit of its own. */
	book(trip: number): Promise<void>;
	/** How the trips ended: `booked 1`, `abandoned for SOLD_OUT: 1`. */
	endings(): Promise<string[]>;
	sagas(): Promise<
		{ id: number; status: string; step: number; attempts: number; fence: number; error: string | null }[]
	>;
	steps(): Promise<string[]>;
	/** Changes the log behind the engine's back. */
	tamper(sql: string): Promise<void>;
}

export const definition = bookTrip();

export async function agency(
	script: Script,
	{ dataDir, saga: running = definition }: { dataDir?: string; saga?: Saga<Trip, SagaService> } = {}
): Promise<Agency> {
	const trips = service({ name: "trips", mixins: [store(), outbox(), sagas(running)] });
	const started = await node([trips, script.service()], dataDir ? { dataDir } : {});
	const self = started.broker.getLocalService("trips") as SagaService;
	const cause = { origin: { unit: "trips.book", correlationId: "request-1", traceparent: "00-a-b-01" } };
	return {
		...started,
		service: self,
		engine: self.sagas,
		book: trip =>
			self.store.transact(cause, unit => self.sagas.begin(unit, running, `trip/${trip}`, { trip, tickets: [] })),
		endings: async () =>
			(await self.store.all<{ name: string }>("SELECT name FROM seeds ORDER BY name")).map(({ name }) => name),
		sagas: () => self.store.all("SELECT id, status, step, attempts, fence, error FROM sagas ORDER BY id"),
		steps: async () =>
			(
				await self.store.all<{ line: string }>(
					"SELECT direction || ' ' || step || ' ' || status AS line FROM saga_steps ORDER BY id"
				)
			).map(({ line }) => line),
		tamper: sql => self.store.database.write("tamper", async tx => void (await tx.run(sql)))
	};
}

const copies: string[] = [];

/** The stores as they are on the disk at this moment: what a process that is killed now leaves behind. */
export function crashed(from: TestNode): string {
	const folder = mkdtempSync(join(tmpdir(), "souk-crash-"));
	copies.push(folder);
	for (const file of readdirSync(from.dataDir))
		if (!file.includes(".owner")) cpSync(join(from.dataDir, file), join(folder, file));
	copyStores(from.dataDir, folder);
	return folder;
}

export function removeCopies(): void {
	for (const folder of copies.splice(0)) {
		rmSync(folder, { recursive: true, force: true });
		dropStores(folder);
	}
}
