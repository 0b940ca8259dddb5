import { Overloaded } from "./api.errors.ts";

/** How much may be under way at once. Reads are turned away before writes: they are cheap to ask again. */
export interface Capacity {
	requests: number;
	reads: number;
	streams: number;
	waiting: number;
}
const CAPACITY: Capacity = { requests: 512, reads: 448, streams: 256, waiting: 1_024 };

/** A place of something that was let in. */
export interface Pass {
	/** Takes a place among those who only wait, and gives up the one it had. False when there is none: then it does not wait. */
	wait(): boolean;
	/** Gives up its place, however often it is called. */
	leave(): void;
}

type Kind = "requests" | "streams" | "waiting";

/** Counts what is under way, and turns away what would be too much while it is still cheap to. */
export class Admission {
	readonly #capacity: Capacity;
	readonly #taken: Record<Kind, number> = { requests: 0, streams: 0, waiting: 0 };

	constructor(capacity: Partial<Capacity> = {}) {
		this.#capacity = { ...CAPACITY, ...capacity };
	}

	/** What is still to be answered, streams aside. */
	get underWay(): number {
		return this.#taken.requests + this.#taken.waiting;
	}

	/** Lets a request in. Throws Overloaded. */
	enter(writes: boolean): Pass {
		return this.#take("requests", this.#capacity[writes ? "requests" : "reads"]);
	}

	/** The same for a stream, which may stay for long and takes no place of a request. Throws Overloaded. */
	enterStream(): Pass {
		return this.#take("streams", this.#capacity.streams);
	}

	#take(kind: Kind, capacity: number): Pass {
		const taken = this.#taken;
		if (taken[kind] >= capacity) throw new Overloaded();
		taken[kind]++;
		let held: Kind | undefined = kind;
		const leave = () => {
			if (held) taken[held]--;
			held = undefined;
		};
		const wait = () => {
			if (taken.waiting >= this.#capacity.waiting) return false;
			leave();
			taken[(held = "waiting")]++;
			return true;
		};
		return { wait, leave };
	}
}
