import type { Service } from "moleculer";
import { backoff } from "../backoff.ts";
import type { ActionName } from "../contract.ts";
import { serviceContext } from "../context.ts";
import { crash } from "../crash.ts";
import { codeOf, isAbsence, isRefusal, isTransient, reasonOf } from "../errors.ts";
import type { Caused, Store, Unit } from "../sql/store.ts";
import { change, Fenced, note, type Change, type Instance } from "./log.ts";
import type { Saga, Step } from "./saga.ts";

/** After this many failed tries of one step a person has to look. */
const ATTEMPTS = 20;
/** A neighbour that is not there makes the pauses longer, up to here, and uses up no more of the tries. */
const ABSENT_ATTEMPTS = 10;
const STEP_TIMEOUT_MS = 10_000;

type AnySaga = Saga<unknown, Service>;
type Direction = "forward" | "back";
/** The saga as it goes on, or the milliseconds that it pauses for; undefined once it has ended, or waits for a person. */
type Next = Instance | number | undefined;

/** Takes sagas from step to step, each change in their log before what depends on it. */
export class Walker {
	readonly #service: Service & { store: Store };
	readonly #sagas: ReadonlyMap<string, AnySaga>;
	/** The last unit of each saga that runs here. */
	readonly #last = new Map<number, Promise<unknown>>();

	constructor(service: Service & { store: Store }, sagas: readonly AnySaga[]) {
		this.#service = service;
		this.#sagas = new Map(sagas.map(saga => [keyOf(saga.name, saga.version), saga]));
	}

	/**
	 * Goes on with a saga until it ends, pauses, or `goesOn` says no. Resolves to the milliseconds after which it is due
	 * again, if it pauses. Throws Fenced when another has taken it over, and what a store throws that cannot write.
	 */
	async walk(instance: Instance, goesOn: () => boolean): Promise<number | undefined> {
		const saga = this.#sagas.get(keyOf(instance.type, instance.version));
		try {
			if (!saga)
				return await this.#park(instance, "start", `No definition of ${instance.type} version ${instance.version}`);
			let held: Next = instance;
			while (typeof held === "object" && goesOn()) held = await this.#advance(saga, held);
			return typeof held === "number" ? held : undefined;
		} finally {
			this.#last.delete(instance.id);
		}
	}

	/** One step in the direction of the saga. */
	async #advance(saga: AnySaga, held: Instance): Promise<Next> {
		if (held.status === "RUNNING")
			return held.step < saga.steps.length ? this.#forward(saga, held) : this.#end(saga, held, "DONE");
		return held.step >= 0 ? this.#back(saga, held) : this.#end(saga, held, "COMPENSATED");
	}

	async #forward(saga: AnySaga, held: Instance): Promise<Next> {
		const step = saga.steps[held.step]!;
		let state: unknown;
		try {
			state = step.keep(held.state, await this.#call(held, step.action, step.params(held.state), "forward"));
		} catch (error) {
			const pastPivot = saga.steps.slice(0, held.step).some(({ pivot }) => pivot);
			if (!isRefusal(error) || pastPivot) return this.#retryLater(held, step.action, error);
			const reason = reasonOf(error);
			const back = { status: "COMPENSATING", step: undoneFrom(saga, held), reason, attempts: 0 } as const;
			return this.#write(held, back, step, "forward", "REFUSED", reason);
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

	async #back(saga: AnySaga, held: Instance): Promise<Next> {
		const { undo } = saga.steps[held.step]!;
		if (!undo) return { ...held, step: held.step - 1 };
		try {
			await this.#call(held, undo.action, undo.params(held.state), "back");
		} catch (error) {
			return this.#retryLater(held, undo.action, error);
		}
		return this.#write(held, { step: held.step - 1, attempts: 0 }, undo, "back", "DONE");
	}

	async #end(saga: AnySaga, held: Instance, status: "DONE" | "COMPENSATED", last?: Step<unknown>): Promise<Next> {
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

	#call(held: Instance, action: ActionName, params: unknown, direction: Direction): Promise<unknown> {
		const { store, name: service } = this.#service;
		const deed = { kind: "step", name: action, service, requestId: held.correlationId } as const;
		return store.tracer.span(deed, held.traceparent ?? undefined, async traceparent => {
			const ctx = serviceContext(this.#service, held.correlationId, traceparent);
			crash(`saga:before-${action}`);
			const answer: unknown = await ctx.call(action, params as never, {
				timeout: STEP_TIMEOUT_MS,
				headers: { "idempotency-key": `${held.id}:${action}:${direction}` }
			});
			crash(`saga:after-${action}`);
			return answer;
		});
	}

	// A time-out or a fault says nothing about what happened: the same call is made again, under the same key.
	async #retryLater(held: Instance, step: string, error: unknown): Promise<Next> {
		const attempts = held.attempts + (isAbsence(error) && held.attempts >= ABSENT_ATTEMPTS ? 0 : 1);
		const detail = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
		const known = codeOf(error) ?? detail;
		if (attempts >= ATTEMPTS) return this.#park({ ...held, attempts }, step, known);
		const pauseMs = Math.ceil(backoff(attempts, 50, held.status === "COMPENSATING" ? 300_000 : 30_000));
		await this.#transact("retry", held, async unit => {
			await change(unit, held, { attempts, error: known, releaseFor: pauseMs });
			const direction = held.status === "COMPENSATING" ? "back" : "forward";
			note(unit, held.id, { step, direction, status: "UNKNOWN", attempt: attempts, detail: known });
		});
		return pauseMs;
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
		direction: Direction,
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
		const write = () => store.transact(causeOf(held, verb), work);
		if (!store.database.shared) return write();
		// Units run side by side there; those of one saga keep their order.
		const turn = (this.#last.get(held.id) ?? Promise.resolve()).then(write, write);
		this.#last.set(held.id, turn);
		return turn;
	}
}

const causeOf = ({ type, correlationId, traceparent }: Instance, verb: string): Caused => ({
	origin: { unit: `saga/${type}:${verb}`, correlationId, traceparent: traceparent ?? undefined }
});

// The refused step itself did nothing; it is undone all the same, which leaves a tombstone for a late repeat. A saga that was
// taken up again may be refused what it had before, its hold having expired: what an earlier worker did after that, or is
// about to do, must not outlive it. So everything is undone there, and where nothing was done that, too, is a tombstone.
const undoneFrom = ({ steps }: AnySaga, held: Instance): number => (held.resumed ? steps.length - 1 : held.step);

const keyOf = (name: string, version: number): string => `${name} ${version}`;
