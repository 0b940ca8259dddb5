import type { Service } from "moleculer";
import { uuid7 } from "../ids.ts";
import type { Duty } from "../sql/sql.ts";
import type { Caused, Store, Unit } from "../sql/store.ts";
import { begin, claim, Fenced, nextDue, push, type Instance } from "./log.ts";
import type { Saga } from "./saga.ts";
import { Walker } from "./walker.ts";
import { dutyOf, othersThan, takeOver } from "./workers.ts";

/** How many sagas that others left are taken up at a time: all at once, none would be far when this process dies as well. */
const TAKEN_UP = 32;

/** Runs the sagas of one service: each step persisted, resumed after a crash, undone in reverse after a refusal. */
export class SagaEngine {
	readonly #service: Service & { store: Store };
	readonly #walker: Walker;
	readonly #running = new Map<number, Promise<void>>();
	readonly #takenUp = new Set<number>();
	readonly #owner = uuid7();
	#timer: NodeJS.Timeout | undefined;
	#nextSweep = 0;
	#nextTakeOver = 0;
	#duty: Duty | undefined;
	#stopped = true;

	constructor(service: Service & { store: Store }, sagas: readonly Saga<unknown, Service>[]) {
		this.#service = service;
		this.#walker = new Walker(service, sagas);
	}

	/** Takes up what an earlier process left, and whatever falls due. */
	async start(): Promise<void> {
		const { store } = this.#service;
		await takeOver(store, this.#owner);
		await new Promise<void>(taken => {
			this.#duty = store.database.duty(dutyOf(this.#owner), {
				take: () => {
					this.#stopped = false;
					this.#sweepIn(0);
					taken();
				},
				lose: () => undefined // Its sagas may be others' now; their fences tell.
			});
		});
	}

	/** Lets the steps under way end; what remains is taken up by the next process. */
	async stop(): Promise<void> {
		this.#stopped = true;
		clearTimeout(this.#timer);
		this.#timer = undefined;
		await Promise.all(this.#running.values());
		await this.#duty?.end();
	}

	/** Starts a saga in the unit of what causes it, and runs it as soon as that is committed. */
	async begin<State>(unit: Unit, saga: Saga<State, never>, subject: string, state: State): Promise<void> {
		// Before the start, and after the stop, nobody here would run it: it is left to whoever sweeps first.
		const instance = await begin(unit, saga, subject, state, { lease: this.#stopped ? null : this.#owner });
		unit.afterCommit(() => this.#run(instance));
	}

	/** Watches over a process that events drive: if it has not ended by `until`, the saga does the rest. */
	async watch<State>(
		unit: Unit,
		saga: Saga<State, never>,
		subject: string,
		state: State,
		until: number
	): Promise<void> {
		await begin(unit, saga, subject, state, { watchUntil: until });
	}

	/** Sends a saga that needs attention on its way again. Resolves to false when there is none with this id. */
	async push(id: number): Promise<boolean> {
		const pushed = await this.#service.store.transact(causeOf("push"), unit => push(unit, id));
		if (pushed) this.#sweepIn(0);
		return pushed;
	}

	#sweep(): void {
		this.#timer = undefined;
		void this.#claimDue()
			.catch((error: unknown) => {
				if (!this.#stopped)
					this.#service.logger.error("Due sagas could not be claimed; the next sweep tries again", error);
			})
			.then(pauseMs => this.#sweepIn(pauseMs ?? 1_000));
	}

	/** Sweeps in a while, or sooner if a sweep is planned before that. */
	#sweepIn(pauseMs: number): void {
		const at = Date.now() + pauseMs;
		if (this.#stopped || (this.#timer && this.#nextSweep <= at)) return;
		clearTimeout(this.#timer);
		this.#nextSweep = at;
		this.#timer = setTimeout(() => this.#sweep(), pauseMs);
	}

	async #claimDue(): Promise<number> {
		const { store } = this.#service;
		if (store.database.shared && Date.now() >= this.#nextTakeOver) {
			this.#nextTakeOver = Date.now() + 1_000;
			if ((await othersThan(store, this.#owner)).length > 0) await takeOver(store, this.#owner);
		}
		while (!this.#stopped) {
			if (this.#takenUp.size >= TAKEN_UP) return 50;
			// What runs here is not taken from itself, however late it is: its own fence would stop it.
			const here = [...this.#running.keys()];
			const due = await nextDue(store, here);
			if (due === undefined) return 1_000;
			if (due > Date.now()) return Math.min(1_000, due - Date.now() + 1);
			const instance = await store.transact(causeOf("claim"), unit => claim(unit, this.#owner, here));
			if (!instance) return 50;
			this.#takenUp.add(instance.id);
			this.#run(instance);
		}
		return 1_000;
	}

	#run(instance: Instance): void {
		if (this.#stopped || this.#running.has(instance.id)) return;
		const run = this.#walker
			.walk(instance, () => !this.#stopped)
			.then(pauseMs => {
				if (pauseMs !== undefined) this.#sweepIn(pauseMs);
			})
			.catch((error: unknown) => {
				// The lease runs out and a sweep takes the saga up again: here, or in the process that fenced this one off.
				if (!(error instanceof Fenced)) this.#service.logger.error(`Saga ${instance.id} was interrupted`, error);
			})
			.finally(() => [this.#running, this.#takenUp].forEach(kept => kept.delete(instance.id)));
		this.#running.set(instance.id, run);
	}
}

const causeOf = (verb: string): Caused => ({ origin: { unit: `saga:${verb}`, correlationId: "sweep" } });
