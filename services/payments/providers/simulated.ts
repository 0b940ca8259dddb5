import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { sleep } from "../../../broker/backoff.ts";
import { isoNow } from "../../../broker/ids.ts";
import { PostgresDatabase } from "../../../broker/sql/postgres-database.ts";
import type { Database, Tx } from "../../../broker/sql/sql.ts";
import { SqliteDatabase } from "../../../broker/sql/sqlite-database.ts";
import { assertOutsideUnit } from "../../../broker/sql/unit-guard.ts";
import { Notices } from "./notices.ts";
import {
	type Answer,
	type AuthorizeRequest,
	type FollowUp,
	type Provider,
	type ProviderRecord,
	type ProviderSettings,
	type ProviderState,
	ProviderTimeout
} from "./provider.ts";
import { openBooks } from "./simulated.books.ts";
import { switchesOf } from "./tokens.ts";

const PAGE = 500;
/** How long an authorization that settles later stays pending. */
const SETTLES_AFTER_MS = 500;

interface Authorization {
	id: number;
	key: string;
	token: string;
	amount: number;
	state: ProviderState;
	captured: number;
	refunded: number;
	reason: string | null;
}

/** A request was sent under a key that was used for another one. */
export class ProviderKeyReused extends Error {
	override name = "ProviderKeyReused";

	constructor(key: string) {
		super(`The provider knows the key ${key} from another request`);
	}
}

/** What a request comes to: the answer that is kept under its key, and whose card it was about. */
interface Done {
	answer: Answer;
	token?: string;
}

/**
 * A payment provider for one machine: another company, with books of its own (`provider.db`) that share nothing with ours.
 * Each request is carried out in one durable unit together with the answer that its key will always get.
 */
export class SimulatedProvider implements Provider {
	readonly #database: Database;
	readonly #settings: ProviderSettings;
	readonly #notices: Notices;
	readonly #settling = new Set<NodeJS.Timeout>();

	private constructor(database: Database, settings: ProviderSettings) {
		this.#database = database;
		this.#settings = settings;
		this.#notices = new Notices(database, settings);
	}

	static async open(settings: ProviderSettings): Promise<SimulatedProvider> {
		const { dataDir, databaseUrl } = settings;
		mkdirSync(dataDir, { recursive: true });
		const database = databaseUrl
			? await PostgresDatabase.open("provider", databaseUrl)
			: await SqliteDatabase.open("provider", join(dataDir, "provider.db"));
		await openBooks(database);
		const provider = new SimulatedProvider(database, settings);
		const pending = await database.all<{ key: string }>("SELECT key FROM authorizations WHERE state = 'pending'");
		for (const { key } of pending) provider.#settleLater(key);
		await provider.#notices.resume();
		return provider;
	}

	async authorize({ key, amount, currency, token }: AuthorizeRequest): Promise<Answer> {
		const { answer, first } = await this.#request("authorize", key, { amount, currency, token }, async tx => {
			const { declined, settlesLater } = switchesOf(token);
			const state = declined ? "declined" : settlesLater ? "pending" : "authorized";
			const made = await this.#open(tx, { key, token, amount, currency, state, reason: declined });
			// What was voided before it came stays voided.
			if (!made) return { answer: answerOf((await load(tx, key))!), token };
			if (state === "pending") tx.afterCommit(() => this.#settleLater(key));
			return { answer: answerOf(made), token };
		});
		if (first && switchesOf(token).slow) await sleep(this.#settings.slowMs);
		return answer;
	}

	async capture({ key, of }: FollowUp): Promise<Answer> {
		const { answer } = await this.#request("capture", key, { of }, async tx => {
			const found = await load(tx, of);
			if (found?.state !== "authorized") return { answer: { state: "declined", reason: "NOT_AUTHORIZED" } };
			const { captureDeclined: reason } = switchesOf(found.token);
			const to = reason ? "voided" : "captured";
			const { id, token, amount } = await this.#move(tx, found, to, { captured: reason ? 0 : found.amount, reason });
			if (reason) return { answer: { state: "declined", reason }, token };
			return { answer: { state: "captured", ref: `sim_capture_${id}` }, token, amount };
		});
		return answer;
	}

	async void({ key, of }: FollowUp): Promise<Answer> {
		const { answer } = await this.#request("void", key, { of }, async tx => {
			const tombstone = { key: of, token: "", amount: 0, currency: "", state: "voided" } as const;
			const found = (await this.#open(tx, tombstone)) ?? (await load(tx, of))!;
			if (found.state !== "pending" && found.state !== "authorized")
				return { answer: answerOf(found), token: found.token };
			const voided = await this.#move(tx, found, "voided", {});
			return { answer: answerOf(voided), token: voided.token };
		});
		return answer;
	}

	async refund({ key, of, amount }: FollowUp & { amount: number }): Promise<Answer> {
		const { answer } = await this.#request("refund", key, { of, amount }, async tx => {
			const found = await load(tx, of);
			if (!found || found.captured - found.refunded < amount)
				return { answer: { state: "declined", reason: "MORE_THAN_CAPTURED" } };
			const { token } = await this.#move(tx, found, "captured", { refunded: amount });
			return { answer: { state: "refunded", ref: `sim_refund_${key}` }, token };
		});
		return answer;
	}

	async find(key: string): Promise<ProviderRecord | undefined> {
		assertOutsideUnit("A look into the provider's books");
		const found = await load(this.#database, key);
		return found && recordOf(found);
	}

	async statement(after = 0): Promise<{ records: ProviderRecord[]; next?: number }> {
		const found = await this.#database.all<Authorization>(
			`SELECT * FROM authorizations WHERE id > ? ORDER BY id LIMIT ${PAGE}`,
			[after]
		);
		const records = found.map(recordOf);
		return found.length === PAGE ? { records, next: found.at(-1)!.id } : { records };
	}

	async close(): Promise<void> {
		for (const timer of this.#settling) clearTimeout(timer);
		await this.#notices.stop();
		await this.#database.close();
	}

	async #request(
		verb: string,
		key: string,
		request: object,
		work: (tx: Tx) => Promise<Done>
	): Promise<{ answer: Answer; first: boolean }> {
		assertOutsideUnit("A request to the provider");
		const text = JSON.stringify({ verb, ...request });
		const { answer, token, first } = await this.#database.write(`provider.${verb}`, async tx => {
			const known = await tx.get<{ request: string; answer: string }>(
				"SELECT request, answer FROM requests WHERE key = ?",
				[key]
			);
			if (known) {
				if (known.request !== text) throw new ProviderKeyReused(key);
				return { answer: JSON.parse(known.answer) as Answer, token: undefined, first: false };
			}
			const { answer, token } = await work(tx);
			tx.append("requests", { key, request: text, answer: JSON.stringify(answer), at: isoNow() });
			return { answer, token, first: true };
		});
		if (first && token && switchesOf(token).losesAnswers) throw new ProviderTimeout(key);
		return { answer, first };
	}

	/** Opens an authorization; undefined when there is one with its key. */
	async #open(
		tx: Tx,
		made: { key: string; token: string; amount: number; currency: string; state: ProviderState; reason?: string }
	): Promise<Authorization | undefined> {
		const row = await tx.get<Authorization>(
			`INSERT INTO authorizations (key, token, amount, currency, state, reason, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (key) DO NOTHING RETURNING *`,
			[made.key, made.token, made.amount, made.currency, made.state, made.reason ?? null, isoNow()]
		);
		if (row) this.#note(tx, row, 0);
		return row;
	}

	async #move(
		tx: Tx,
		{ id }: Authorization,
		state: ProviderState,
		by: { captured?: number; refunded?: number; reason?: string | undefined }
	): Promise<Authorization> {
		const row = (await tx.get<Authorization>(
			`UPDATE authorizations SET state = ?, captured = captured + ?, refunded = refunded + ?, reason = COALESCE(?, reason)
			WHERE id = ? RETURNING *`,
			[state, by.captured ?? 0, by.refunded ?? 0, by.reason ?? null, id]
		))!;
		this.#note(tx, row, (by.captured ?? 0) - (by.refunded ?? 0));
		return row;
	}

	#note(tx: Tx, { id, state }: Authorization, moved: number): void {
		tx.append("movements", { authorization_id: id, state, moved, at: isoNow() });
	}

	#settleLater(key: string): void {
		const timer = setTimeout(() => {
			this.#settling.delete(timer);
			this.#settle(key).catch((error: unknown) =>
				this.#settings.logger.warn(`The provider could not settle ${key}; its next start tries again`, error)
			);
		}, SETTLES_AFTER_MS);
		timer.unref();
		this.#settling.add(timer);
	}

	#settle(key: string): Promise<void> {
		return this.#database.write("provider.settle", async tx => {
			const found = await load(tx, key);
			if (found?.state !== "pending") return;
			await this.#move(tx, found, "authorized", {});
			await this.#notices.write(tx, key, "authorization.settled");
		});
	}
}

const load = (sql: Pick<Tx | Database, "get">, key: string): Promise<Authorization | undefined> =>
	sql.get<Authorization>("SELECT * FROM authorizations WHERE key = ?", [key]);

const refOf = ({ id }: Authorization): string => `sim_${id}`;

const answerOf = (authorization: Authorization): Answer => ({
	state: authorization.state,
	ref: refOf(authorization),
	reason: authorization.reason ?? undefined
});

const recordOf = (authorization: Authorization): ProviderRecord => {
	const { key, state, amount, captured, refunded, reason } = authorization;
	return { key, ref: refOf(authorization), state, amount, captured, refunded, reason: reason ?? undefined };
};
