import { eventually } from "../support/eventually.ts";
import { Books } from "./books.ts";
import { Driver } from "./driver.ts";
import { Souk, type SoukOptions } from "./harness.ts";
import { type Breach, told, unsettled, verify } from "./invariants/index.ts";
import { Ledger } from "./ledger.ts";

/** A process, the people who use it, and the ledger of what they were told. */
export class Trial {
	readonly souk: Souk;
	readonly ledger: Ledger;
	readonly driver: Driver;

	private constructor(run: string, options: SoukOptions) {
		this.souk = new Souk(options);
		this.ledger = new Ledger(this.souk.folder);
		this.driver = new Driver(this.souk, this.ledger, run);
	}

	/** Not started yet. */
	static make(run: string, options: SoukOptions = {}): Trial {
		return new Trial(run, options);
	}

	static async start(run: string, options: SoukOptions = {}): Promise<Trial> {
		const trial = new Trial(run, options);
		await trial.souk.start();
		return trial;
	}

	/** Looks into the stores. */
	look<T>(at: (books: Books) => T): T {
		const { dataDir, accidents } = this.souk;
		using books = new Books({ dataDir, ledger: this.ledger, placed: this.driver.placed, accidents });
		return at(books);
	}

	/** Waits until nothing moves any more, and resolves to what still does when time is up. */
	async quiet(within = this.souk.patience): Promise<Breach[]> {
		let moving: Breach[] = [];
		await eventually(
			() => {
				moving = this.look(unsettled);
				if (moving.length > 0) throw new Error("Something still moves");
			},
			{ within }
		).catch(() => undefined);
		return moving;
	}

	/** Waits for rest and holds everything to account. Resolves to what does not hold. */
	async breaches(within = this.souk.patience): Promise<Breach[]> {
		await this.quiet(within);
		return this.look(verify);
	}

	/** The same, for a run that must be sound. Throws what does not hold, and how the run can be repeated. */
	async assertSound(after: string, within = this.souk.patience): Promise<void> {
		this.assertNone(await this.breaches(within), after);
	}

	/** Throws what does not hold, if anything, and how the run can be looked into. */
	assertNone(breaches: readonly Breach[], after: string): void {
		if (breaches.length > 0)
			throw new Error(`After ${after}, in ${this.souk.folder}:\n${told(breaches)}\n${this.souk.log().slice(-3_000)}`);
	}

	async close(): Promise<void> {
		this.ledger.close();
		await this.souk.close();
	}
}
