import type { Service } from "moleculer";
import { backoff } from "../backoff.ts";
import type { ActionName } from "../contract.ts";
import { serviceContext } from "../context.ts";
import { crash } from "../crash.ts";
import { codeOf, isRefusal, isTransient } from "../errors.ts";
import { uuid7 } from "../ids.ts";
import type { Duty } from "../sql/sql.ts";
import type { Store, Unit } from "../sql/store.ts";
import { begin, change, claim, Fenced, nextDue, note, push, type Change, type Instance } from "./log.ts";
import type { Saga, Step } from "./saga.ts";
import { dutyOf, othersThan, takeOver } from "./workers.ts";

/** After this many failed tries of one step a person has to look. */
const ATTEMPTS = 20;
const STEP_TIMEOUT_MS = 10_000;
/** How many sagas that others left are taken up at a time: all at once, none would be far when this process dies as well. */
const TAKEN_UP = 32;

type AnySaga = Saga<unknown, Service>;

/** Runs the sagas of one service: each step persisted, resumed after a crash, undone in reverse after a refusal. */
export class SagaEngine {
	readonly #service: Service & { store: Store };
	readonly #sagas: ReadonlyMap<string, AnySaga>;
	readonly #running = new Map<number, Promise<void>>();
	readonly #takenUp = new Set<number>();
	/** The last unit of each saga that runs here. */
	readonly #last = new Map<number, Promise<unknown>>();
	readonly #owner = uuid7();
	#timer: NodeJS.Timeout | undefined;
	#nextSweep = 0;
	#nextTakeOver = 0;
	#duty: Duty | undefined;
	#stopped = true;

	constructor(service: Service & { store: Store }, sagas: readonly AnySaga[]) {
		this.#service = service;
		this.#sagas = new Map(sagas.map(saga => [keyOf(saga.name, saga.version), saga]));
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
		const pushed = await this.#service.store.transact(this.#cause("push"), unit => push(unit, id));
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
		if (store.database.dialect === "postgres" && Date.now() >= this.#nextTakeOver) {
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
			const instance = await store.transact(this.#cause("claim"), unit => claim(unit, this.#owner, here));
			if (!instance) return 50;
			this.#takenUp.add(instance.id);
			this.#run(instance);
		}
		return 1_000;
	}

	#run(instance: Instance): void {
		if (this.#stopped || this.#running.has(instance.id)) return;
		const run = this.#walk(instance)
			.catch((error: unknown) => {
				// The lease runs out and a sweep takes the saga up again: here, or in the process that fenced this one off.
				if (!(error instanceof Fenced)) this.#service.logger.error(`Saga ${instance.id} was interrupted`, error);
			})
			.finally(() => [this.#running, this.#last, this.#takenUp].forEach(kept => kept.delete(instance.id)));
		this.#running.set(instance.id, run);
	}

	async #walk(instance: Instance): Promise<void> {
		const saga = this.#sagas.get(keyOf(instance.type, instance.version));
		if (!saga)
			return void (await this.#park(
				instance,
				"start",
				`No definition of ${instance.type} version ${instance.version}`
			));
		let held: Instance | undefined = instance;
		while (held && !this.#stopped) held = await this.#advance(saga, held);
	}

	/** One step in the direction of the saga; undefined once it has ended, waits, or is another's. */
	async #advance(saga: AnySaga, held: Instance): Promise<Instance | undefined> {
		if (held.status === "RUNNING")
			return held.step < saga.steps.length ? this.#forward(saga, held) : this.#end(saga, held, "DONE");
		return held.step >= 0 ? this.#back(saga, held) : this.#end(saga, held, "COMPENSATED");
	}

	async #forward(saga: AnySaga, held: Instance): Promise<Instance | undefined> {
		const step = saga.steps[held.step]!;
		let state: unknown;
		try {
			state = step.keep(held.state, await this.#call(held, step.action, step.params(held.state), "forward"));
		} catch (error) {
			const pastPivot = saga.steps.slice(0, held.step).some(({ pivot }) => pivot);
			if (!isRefusal(error) || pastPivot) return this.#retryLater(held, step.action, error);
			const reason = codeOf(error) ?? "REFUSED";
			// The refused step itself did nothing; it is undone all the same, which leaves a tombstone for a late repeat.
			return this.#write(held, { status: "COMPENSATING", reason, attempts: 0 }, step, "forward", "REFUSED", reason);
		}
		const to = { step: held.step + 1, state, attempts: 0 };
		// The last step is logged with the ending: it is repeated if the process dies before that is committed.
		if (to.step === saga.steps.length) return this.#end(saga, { ...held, ...to }, "DONE", step);
		if (step.pivot || held.leasedUntil - Date.now() < STEP_TIMEOUT_MS)
			return this.#write(held, to, step, "forward", "DONE");
		this.#logBehind(held, step);
		return { ...held, ...to };
	}

	// Going forward does not wait for the log: after a crash the saga starts from the last step that was waited for, and
	// participants answer again what they answered. Only the pivot, a change of direction, a pause and the ending come first.
	#logBehind(held: Instance, step: { action: string }): void {
		const line = { step: step.action, direction: "forward", status: "DONE", attempt: held.attempts + 1 } as const;
		this.#transact("step", held, unit => {
			note(unit, held.id, line);
			return Promise.resolve();
		}).catch((error: unknown) => this.#service.logger.warn(`A step of saga ${held.id} was not logged`, error));
	}

	async #back(saga: AnySaga, held: Instance): Promise<Instance | undefined> {
		const { undo } = saga.steps[held.step]!;
		if (!undo) return { ...held, step: held.step - 1 };
		try {
			await this.#call(held, undo.action, undo.params(held.state), "back");
		} catch (error) {
			return this.#retryLater(held, undo.action, error);
		}
		return this.#write(held, { step: held.step - 1, attempts: 0 }, undo, "back", "DONE");
	}

	async #end(
		saga: AnySaga,
		held: Instance,
		status: "DONE" | "COMPENSATED",
		last?: Step<unknown>
	): Promise<Instance | undefined> {
		const ending = this.#transact("end", held, async unit => {
			if (last) note(unit, held.id, { step: last.action, direction: "forward", status: "DONE", attempt: 1 });
			note(unit, held.id, { step: saga.name, direction: status === "DONE" ? "forward" : "back", status, attempt: 1 });
			await change(unit, held, { status, releaseFor: 0 });
			const { completed, abandoned } = saga.endings;
			if (status === "DONE") await completed(this.#service, unit, held.state);
			else await abandoned(this.#service, unit, held.state, held.reason ?? "REFUSED");
		});
		try {
			await ending;
		} catch (error) {
			if (error instanceof Fenced || isTransient(error)) throw error;
			return this.#retryLater(held, saga.name, error);
		}
		return undefined;
	}

	async #call(held: Instance, action: ActionName, params: unknown, direction: "forward" | "back"): Promise<unknown> {
		const ctx = serviceContext(this.#service, held.correlationId, held.traceparent ?? undefined);
		crash(`saga:before-${action}`);
		const answer: unknown = await ctx.call(action, params as never, {
			timeout: STEP_TIMEOUT_MS,
			headers: { "idempotency-key": `${held.id}:${action}:${direction}`, traceparent: held.traceparent ?? undefined }
		});
		crash(`saga:after-${action}`);
		return answer;
	}

	// A time-out or a fault says nothing about what happened: the same call is made again, under the same key.
	async #retryLater(held: Instance, step: string, error: unknown): Promise<Instance | undefined> {
		const attempts = held.attempts + 1;
		const detail = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
		const known = codeOf(error) ?? detail;
		if (attempts >= ATTEMPTS) return this.#park({ ...held, attempts }, step, known);
		const pauseMs = Math.ceil(backoff(attempts, 50, held.status === "COMPENSATING" ? 300_000 : 30_000));
		await this.#transact("retry", held, async unit => {
			await change(unit, held, { attempts, error: known, releaseFor: pauseMs });
			const direction = held.status === "COMPENSATING" ? "back" : "forward";
			note(unit, held.id, { step, direction, status: "UNKNOWN", attempt: attempts, detail: known });
		});
		this.#sweepIn(pauseMs);
		return undefined;
	}

	async #park(held: Instance, step: string, error: string): Promise<undefined> {
		this.#service.logger.error(`Saga ${held.id} needs attention at ${step}`, { error });
		await this.#transact("park", held, async unit => {
			await change(unit, held, { status: "NEEDS_ATTENTION", attempts: held.attempts, error, releaseFor: 0 });
			unit.emit("system.saga_needs_attention", `saga/${this.#service.name}-${held.id}`, {
				saga: String(held.id),
				type: held.type,
				step,
				error
			});
		});
	}

	async #write(
		held: Instance,
		to: Change,
		step: { action: string },
		direction: "forward" | "back",
		status: string,
		detail?: string
	): Promise<Instance> {
		return this.#transact("step", held, async unit => {
			note(unit, held.id, { step: step.action, direction, status, attempt: held.attempts + 1, detail });
			return change(unit, held, to);
		});
	}

	#transact<T>(verb: string, held: Instance, work: (unit: Unit) => Promise<T>): Promise<T> {
		const { store } = this.#service;
		const write = () => store.transact(this.#cause(verb, held), work);
		if (store.database.dialect === "sqlite") return write();
		// Units run side by side there; those of one saga keep their order.
		const turn = (this.#last.get(held.id) ?? Promise.resolve()).then(write, write);
		this.#last.set(held.id, turn);
		return turn;
	}

	#cause(verb: string, held?: Instance) {
		const unit = held ? `saga/${held.type}:${verb}` : `saga:${verb}`;
		return {
			origin: { unit, correlationId: held?.correlationId ?? "sweep", traceparent: held?.traceparent ?? undefined }
		};
	}
}

const keyOf = (name: string, version: number): string => `${name} ${version}`;
