import type { ActionName, Actions } from "../contract.ts";
import type { Unit } from "../sql/store.ts";

/** A call that a step makes, with what it sends and what it keeps of the answer. */
interface StepCall<State> {
	action: ActionName;
	params(state: State): unknown;
	keep(state: State, answer: unknown): State;
}

export interface Step<State> extends StepCall<State> {
	undo?: Pick<StepCall<State>, "action" | "params">;
	/** Once this step is done nothing is undone any more: the saga only goes forward. */
	pivot?: true;
}

/** How a saga ends, in the unit that also ends its log. */
export interface Endings<State, Self> {
	completed(service: Self, unit: Unit, state: State): Promise<void>;
	/** All that was done is undone; `reason` is the code of the refusal that caused it. */
	abandoned(service: Self, unit: Unit, state: State, reason: string): Promise<void>;
}

/** A process that spans services: what is done, what undoes it, and how it ends. */
export interface Saga<State = never, Self = never> {
	readonly name: string;
	/** Raised when the list of steps changes; a running instance keeps the version it started with. */
	readonly version: number;
	readonly steps: readonly Step<State>[];
	readonly endings: Endings<State, Self>;
}

/** Builds a saga so that what is done and what undoes it stand on adjacent lines. */
class SagaBuilder<State> {
	readonly #name: string;
	readonly #version: number;
	readonly #steps: Step<State>[] = [];

	constructor(name: string, version: number) {
		this.#name = name;
		this.#version = version;
	}

	/** The next step: a call that may be repeated under the same key and then answers what it answered. */
	step<Name extends ActionName>(
		action: Name,
		params: (state: State) => Actions[Name]["input"],
		keep: (state: State, answer: Actions[Name]["result"]) => State = state => state
	): this {
		this.#steps.push({ action, params, keep: keep as Step<State>["keep"] });
		return this;
	}

	/** Undoes the step above, also when that step never arrived: it must leave a tombstone then. */
	undoneBy<Name extends ActionName>(action: Name, params: (state: State) => Actions[Name]["input"]): this {
		this.#steps.at(-1)!.undo = { action, params };
		return this;
	}

	/** The step after which there is no way back. */
	pivot<Name extends ActionName>(
		action: Name,
		params: (state: State) => Actions[Name]["input"],
		keep?: (state: State, answer: Actions[Name]["result"]) => State
	): this {
		this.step(action, params, keep);
		this.#steps.at(-1)!.pivot = true;
		return this;
	}

	ends<Self>(endings: Endings<State, Self>): Saga<State, Self> {
		return { name: this.#name, version: this.#version, steps: this.#steps, endings };
	}
}

/** Begins the definition of a saga. Its state is what the log keeps between steps. */
export const saga = <State>(name: string, version = 1): SagaBuilder<State> => new SagaBuilder<State>(name, version);
