import { backoff, sleep } from "../../../broker/backoff.ts";
import { crash } from "../../../broker/crash.ts";
import { isoNow } from "../../../broker/ids.ts";
import type { Database, Tx } from "../../../broker/sql/sql.ts";
import { sign } from "../signature.ts";
import type { ProviderSettings } from "./provider.ts";

/** How often a webhook is sent before the provider leaves it until its next start. */
const ATTEMPTS = 8;

interface Notice {
	id: number;
	key: string;
	type: string;
}

/** The webhooks of the simulated provider: written with the change they tell of, sent until they are taken. */
export class Notices {
	readonly #database: Database;
	readonly #settings: ProviderSettings;
	readonly #stopping = new AbortController();
	readonly #sending = new Set<Promise<void>>();

	constructor(database: Database, settings: ProviderSettings) {
		this.#database = database;
		this.#settings = settings;
	}

	/** Writes a webhook, to be sent once it is durable. */
	async write(tx: Tx, key: string, type: string): Promise<void> {
		const notice = await tx.get<Notice>(
			"INSERT INTO notices (key, type, created_at) VALUES (?, ?, ?) RETURNING id, key, type",
			[key, type, isoNow()]
		);
		tx.afterCommit(() => this.#send(notice!));
	}

	/** Sends what an earlier process left. */
	async resume(): Promise<void> {
		const left = await this.#database.all<Notice>(
			"SELECT id, key, type FROM notices WHERE taken_at IS NULL ORDER BY id"
		);
		for (const notice of left) this.#send(notice);
	}

	async stop(): Promise<void> {
		this.#stopping.abort();
		await Promise.all(this.#sending);
	}

	#send(notice: Notice): void {
		const sending = this.#deliver(notice)
			.catch((error: unknown) => {
				if (!this.#stopping.signal.aborted)
					this.#settings.logger.warn(`The provider could not deliver its webhook evt_${notice.id}`, error);
			})
			.finally(() => this.#sending.delete(sending));
		this.#sending.add(sending);
	}

	async #deliver({ id, key, type }: Notice): Promise<void> {
		const raw = JSON.stringify({ id: `evt_${id}`, type, key });
		for (let attempt = 1; ; attempt++) {
			try {
				crash("provider:before-webhook");
				await this.#settings.notify(raw, sign(this.#settings.secret, raw));
				break;
			} catch (error) {
				if (attempt === ATTEMPTS) throw error;
				await sleep(backoff(attempt, 200, 5_000), this.#stopping.signal);
			}
		}
		crash("provider:after-webhook-before-mark");
		await this.#database.write("provider.notice", tx =>
			tx.run("UPDATE notices SET taken_at = ? WHERE id = ?", [isoNow(), id])
		);
	}
}
