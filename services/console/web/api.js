// @ts-check
// The API as the page asks it: with a token that is renewed, and a stream that is taken up again.

const BASE = "/api/v2";
const KEPT = "souk.console";
const json = { "content-type": "application/json" };
/** @param {number} ms */
const pause = ms => new Promise(resolve => setTimeout(resolve, ms));

/** @typedef {{ status: number, body: any }} Answer `any`: what the API answers is its contract's */
/** @typedef {{ accessToken: string, refreshToken: string }} Tokens */

/** @returns {Tokens | undefined} */
const kept = () => JSON.parse(sessionStorage.getItem(KEPT) ?? "null") ?? undefined;
/** @param {Tokens} tokens */
const keep = ({ accessToken, refreshToken }) =>
	sessionStorage.setItem(KEPT, JSON.stringify({ accessToken, refreshToken }));

/** What becomes of the page when nobody is signed in any more. */
const session = { ended: () => {} };

/** @param {() => void} hear */
export const whenSignedOut = hear => {
	session.ended = hear;
};
export const isSignedIn = () => kept() !== undefined;
export function signOut() {
	sessionStorage.removeItem(KEPT);
	session.ended();
}

/** Signs an administrator in. Throws an Error that says why not. @param {string} email @param {string} password */
export async function signIn(email, password) {
	const { status, body } = await answerOf(await send("/auth/login", { method: "POST", body: { email, password } }));
	if (status !== 200) throw new Error(body?.detail ?? body?.title ?? `The server answers ${status}.`);
	if (!rolesIn(body.accessToken).includes("admin")) throw new Error("This account is no administrator's.");
	keep(body);
}

/** @param {string} token @returns {string[]} */
function rolesIn(token) {
	const claims = token.split(".")[1] ?? "";
	return JSON.parse(atob(claims.replaceAll("-", "+").replaceAll("_", "/"))).roles ?? [];
}

/** @param {string} path @param {{ method?: string, body?: unknown }} [options] @returns {Promise<Answer>} */
export const ask = async (path, options) => answerOf(await signed(path, options));

/** @param {Response} response @returns {Promise<Answer>} */
async function answerOf(response) {
	const text = await response.text();
	return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
}

/** @typedef {{ method?: string, body?: unknown, headers?: Record<string, string>, signal?: AbortSignal }} Options */

/** @param {string} path @param {Options} [options] */
const send = (path, { method = "GET", body, headers = {}, signal } = {}) =>
	fetch(BASE + path, {
		method,
		headers: { ...(body !== undefined && json), ...headers },
		body: body === undefined ? null : JSON.stringify(body),
		signal: signal ?? null
	});

/** With the token; with a new one where it has run out. @param {string} path @param {Options} [options] */
async function signed(path, options = {}) {
	const token = kept()?.accessToken;
	const first = await sendAs(path, options, token);
	if (first.status !== 401) return first;
	await renewed(token);
	const again = await sendAs(path, options, kept()?.accessToken);
	if (again.status === 401) signOut();
	return again;
}

/** @param {string} path @param {Options} options @param {string | undefined} token */
const sendAs = (path, options, token) =>
	send(path, { ...options, headers: { ...options.headers, ...(token && { authorization: `Bearer ${token}` }) } });

/** @type {Promise<void> | undefined} */
let renewing;

/** A refresh token is good once: those who need it together use it together. @param {string | undefined} old */
function renewed(old) {
	if (kept()?.accessToken !== old) return Promise.resolve();
	return (renewing ??= renew().finally(() => (renewing = undefined)));
}

async function renew() {
	const refreshToken = kept()?.refreshToken;
	if (!refreshToken) return;
	const { status, body } = await answerOf(await send("/auth/refresh", { method: "POST", body: { refreshToken } }));
	if (status === 200) keep(body);
}

const SOON_MS = 1_000;
const LATEST_MS = 15_000;

/**
 * Every event behind a place in the log, as it is written there, until `signal`. The server ends the stream now and then,
 * and a network may; it goes on behind the last event that came, after a moment, so that little of the limit is used up.
 * @param {number} after
 * @param {(event: import("./flow.js").Happened) => void} hear
 * @param {(state: "live" | "lost") => void} tell
 * @param {AbortSignal} signal
 */
export async function follow(after, hear, tell, signal) {
	let last = String(after);
	for (let wait = SOON_MS; !signal.aborted; await pause(wait)) {
		try {
			const response = await signed("/admin/events/stream", { headers: { "last-event-id": last }, signal });
			if (response.status === 401) return;
			if (!response.ok || !response.body) throw new Error(`The server answers ${response.status}`);
			tell("live");
			wait = SOON_MS;
			for await (const { id, data } of messagesIn(response.body)) {
				if (data !== undefined) hear(JSON.parse(data));
				last = id ?? last;
			}
		} catch {
			if (signal.aborted) return;
			tell("lost");
			wait = Math.min(wait * 2, LATEST_MS);
		}
	}
}

/**
 * @param {ReadableStream<Uint8Array<ArrayBuffer>>} body
 * @returns {AsyncGenerator<{ id?: string | undefined, data?: string | undefined }>}
 */
async function* messagesIn(body) {
	const reader = body.pipeThrough(new TextDecoderStream()).getReader();
	let rest = "";
	for (;;) {
		const { done, value } = await reader.read();
		if (done) return;
		const blocks = (rest + value).split("\n\n");
		rest = blocks.pop() ?? "";
		for (const block of blocks) yield { id: /^id: (.*)$/m.exec(block)?.[1], data: /^data: (.*)$/m.exec(block)?.[1] };
	}
}
