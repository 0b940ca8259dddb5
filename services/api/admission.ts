import { Overloaded } from "./api.errors.ts";

/** How much may be under way at once. Reads are turned away before writes: they are cheap to ask again. */
export interface Capacity {
	requests: number;
	reads: number;
	streams: number;
}
const CAPACITY: Capacity = { requests: 512, reads: 448, streams: 256 };

/** Counts what is under way, and turns away what would be too much while it is still cheap to. */
export class Admission {
	readonly #capacity: Capacity;
	#requests = 0;
	#streams = 0;

	constructor(capacity: Capacity = CAPACITY) {
		this.#capacity = capacity;
	}

	get underWay(): number {
		return this.#requests;
	}

	/** Lets a request in; what it returns is called once it is answered. Throws Overloaded. */
	enter(writes: boolean): () => void {
		if (this.#requests >= (writes ? this.#capacity.requests : this.#capacity.reads)) throw new Overloaded();
		this.#requests++;
		return once(() => this.#requests--);
	}

	/** The same for a stream, which may stay for long and takes no place of a request. Throws Overloaded. */
	enterStream(): () => void {
		if (this.#streams >= this.#capacity.streams) throw new Overloaded();
		this.#streams++;
		return once(() => this.#streams--);
	}
}

function once(leave: () => void): () => void {
	let left = false;
	return () => {
		if (!left) leave();
		left = true;
	};
}
