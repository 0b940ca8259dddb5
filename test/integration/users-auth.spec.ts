import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { hash } from "@node-rs/argon2";
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from "jose";
import { codeOf } from "../../broker/errors.ts";
import { publicKeysFrom, verifyAccessToken } from "../../broker/tokens.ts";
import type { Tokens, User } from "../../services/users/users.contract.ts";
import users, { type UsersService } from "../../services/users/users.service.ts";
import { as, node, type TestNode } from "../support/node.ts";

const password = "correct horse";
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

let n: TestNode;
const serviceOf = (on: TestNode) => on.broker.getLocalService("users") as unknown as UsersService;

const realNow = Date.now;
/** How far the clock of this process is ahead. */
let ahead = 0;

beforeAll(async () => {
	jest.spyOn(Date, "now").mockImplementation(() => realNow() + ahead);
	n = await node([users]);
});
afterAll(async () => {
	await n.close();
	jest.restoreAllMocks();
});

let sequence = 0;
const someone = (): Promise<User> =>
	as(n, "anonymous")("users.register", { name: "Some One", email: `someone-${++sequence}@souk.test`, password });
const login = (email: string, secret = password, on = n): Promise<Tokens> =>
	as(on, "anonymous")("users.login", { email, password: secret });
const refresh = ({ refreshToken }: { refreshToken: string }, on = n): Promise<Tokens> =>
	as(on, "anonymous")("users.refresh", { refreshToken });
/** The code of a refusal, or "ok". */
const outcome = (answer: Promise<unknown>): Promise<string | undefined> => answer.then(() => "ok", codeOf);
async function fail(email: string, times: number): Promise<void> {
	for (let time = 0; time < times; time++)
		expect(await outcome(login(email, "wrong horse"))).toBe("INVALID_CREDENTIALS");
}

describe("logging in", () => {
	// checklist: 73
	it("answers a token that anyone can verify with the published keys", async () => {
		const user = await someone();
		const tokens = await login(user.email.toUpperCase());
		expect(tokens).toEqual({
			accessToken: expect.any(String),
			refreshToken: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
			tokenType: "Bearer",
			expiresIn: 600
		});
		const jwks = await as(n, "anonymous")("users.jwks", {});
		const { payload, protectedHeader } = await jwtVerify(tokens.accessToken, createLocalJWKSet(jwks as JSONWebKeySet), {
			currentDate: new Date(Date.now())
		});
		expect(protectedHeader).toEqual({ alg: "EdDSA", typ: "at+jwt", kid: jwks.keys[0]!.kid });
		expect(payload).toMatchObject({ iss: "souk", aud: "souk", sub: String(user.id), roles: ["customer"] });
		expect(payload.exp! - payload.iat!).toBe(600);
		expect(payload.jti).toEqual(expect.any(String));
		const keys = publicKeysFrom(async () => (await n.call("users.jwks", {})) as JSONWebKeySet);
		expect(await verifyAccessToken(tokens.accessToken, keys)).toEqual({
			kind: "user",
			userId: user.id,
			roles: ["customer"]
		});
		expect(await as(n, "anonymous")("users.verify", { token: tokens.accessToken })).toEqual({
			valid: true,
			userId: user.id,
			roles: ["customer"]
		});
	});

	it("publishes no private half of a key", async () => {
		const kept = JSON.parse(readFileSync(join(n.dataDir, "keys", "jwt.json"), "utf8")) as { d: string };
		const jwks = await as(n, "anonymous")("users.jwks", {});
		expect(JSON.stringify(jwks)).not.toContain(kept.d);
		expect(jwks.keys).toHaveLength(1);
	});

	it("gives every token a name of its own", async () => {
		const { email } = await someone();
		const [one, other] = [await login(email), await login(email)];
		expect(decodeJwt(one.accessToken).jti).not.toBe(decodeJwt(other.accessToken).jti);
		expect(one.refreshToken).not.toBe(other.refreshToken);
		expect(decodeProtectedHeader(one.accessToken).kid).toBe(decodeProtectedHeader(other.accessToken).kid);
	});

	it("refuses a wrong password and an unknown address with the same words", async () => {
		const { email } = await someone();
		const errors = [];
		for (const [who, secret] of [
			[email, "wrong horse"],
			["nobody@souk.test", password],
			["not an address", "x"]
		])
			errors.push(await login(who!, secret).catch(({ code, type, message, data }) => ({ code, type, message, data })));
		expect(errors[0]).toEqual({
			code: 401,
			type: "INVALID_CREDENTIALS",
			message: "The e-mail address or the password is wrong",
			data: {}
		});
		expect(errors[1]).toEqual(errors[0]);
		expect(errors[2]).toEqual(errors[0]);
	});

	it("keeps the digest of a refresh token, and the token nowhere", async () => {
		const { email } = await someone();
		const { refreshToken } = await login(email);
		const rows = JSON.stringify(await serviceOf(n).store.all("SELECT * FROM refresh_tokens"));
		expect(rows).toContain(createHash("sha256").update(refreshToken).digest("base64url"));
		expect(rows).not.toContain(refreshToken);
	});

	it("takes twelve right passwords at a time for what they are", async () => {
		const { email } = await someone();
		const outcomes = await Promise.all(Array.from({ length: 12 }, () => outcome(login(email))));
		expect(new Set(outcomes)).toEqual(new Set(["ok"]));
	});

	it("is for the account whose password was checked, not for who has the address by then", async () => {
		const { email, id } = await someone();
		const { store } = serviceOf(n);
		const transact = store.transact.bind(store);
		const spy = jest.spyOn(store, "transact").mockImplementationOnce(async (cause, work) => {
			await as(n, { userId: id })("users.remove", { id });
			await as(n, "anonymous")("users.register", { name: "Next", email, password: "other horse" });
			return transact(cause, work);
		});
		expect(await outcome(login(email))).toBe("INVALID_CREDENTIALS");
		spy.mockRestore();
		expect(await outcome(login(email, "other horse"))).toBe("ok");
	});

	it("hashes a password anew that was hashed at another cost", async () => {
		const { id, email } = await someone();
		const { store } = serviceOf(n);
		const cheap = await hash(password, { memoryCost: 8_192, timeCost: 2, parallelism: 1 });
		await store.database.write("spec", tx => tx.run("UPDATE users SET password_hash = ? WHERE id = ?", [cheap, id]));
		const stored = async () =>
			(await store.get<{ password_hash: string }>("SELECT password_hash FROM users WHERE id = ?", [id]))!.password_hash;
		await fail(email, 1);
		expect(await stored()).toBe(cheap);
		expect(await Promise.all([outcome(login(email)), outcome(login(email))])).toEqual(["ok", "ok"]);
		const anew = await stored();
		expect(anew).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
		await login(email);
		expect(await stored()).toBe(anew);
	});
});

describe("failing to log in", () => {
	it("ten times in a row locks the account for fifteen minutes, the right password included", async () => {
		const { email } = await someone();
		await fail(email, 10);
		await expect(login(email)).rejects.toMatchObject({ code: 429, type: "ACCOUNT_LOCKED" });
		const seconds = await login(email).catch((error: { data: { retryAfter: number } }) => error.data.retryAfter);
		expect(seconds).toBeGreaterThan(14 * 60);
		expect(seconds).toBeLessThanOrEqual(15 * 60);
		ahead += 14 * MINUTE;
		expect(await outcome(login(email))).toBe("ACCOUNT_LOCKED");
		ahead += MINUTE;
		expect(await outcome(login(email))).toBe("ok");
	});

	it("while it is locked costs nothing: no password is looked at", async () => {
		const { email } = await someone();
		await fail(email, 10);
		const { store } = serviceOf(n);
		const transact = jest.spyOn(store, "transact");
		expect(await outcome(login(email))).toBe("ACCOUNT_LOCKED");
		expect(transact).not.toHaveBeenCalled();
		transact.mockRestore();
	});

	it("nine times and then not starts the count over", async () => {
		const { email } = await someone();
		for (let round = 0; round < 2; round++) {
			await fail(email, 9);
			await login(email);
		}
	});

	it("is counted for an address that nobody has, too, so that a lock tells nothing", async () => {
		await fail("nobody-here@souk.test", 10);
		expect(await outcome(login("NOBODY-here@souk.test"))).toBe("ACCOUNT_LOCKED");
		expect(JSON.stringify(await serviceOf(n).store.all("SELECT * FROM login_failures"))).not.toContain("nobody");
	});

	it("locks nobody else", async () => {
		const [one, other] = [await someone(), await someone()];
		await fail(one.email, 10);
		expect(await outcome(login(other.email))).toBe("ok");
	});

	it("forty times at once tells ten of them, and not whether the last guess was right", async () => {
		const { email } = await someone();
		const guesses = Array.from({ length: 40 }, () => outcome(login(email, "wrong horse")));
		const right = outcome(login(email));
		const outcomes = await Promise.all(guesses);
		expect(outcomes.filter(code => code === "INVALID_CREDENTIALS")).toHaveLength(10);
		expect(outcomes.filter(code => code === "ACCOUNT_LOCKED")).toHaveLength(30);
		expect(await right).toBe("ACCOUNT_LOCKED");
	});

	it("is still counted after a restart, and so is the lock", async () => {
		const first = await node([users]);
		for (const name of ["a", "b"])
			await as(first, "anonymous")("users.register", { name, email: `${name}@souk.test`, password });
		for (let time = 0; time < 9; time++) await outcome(login("a@souk.test", "wrong", first));
		for (let time = 0; time < 10; time++) await outcome(login("b@souk.test", "wrong", first));
		await first.stop();
		const second = await node([users], { dataDir: first.dataDir });
		expect(await outcome(login("b@souk.test", password, second))).toBe("ACCOUNT_LOCKED");
		expect(await outcome(login("a@souk.test", "wrong", second))).toBe("INVALID_CREDENTIALS");
		expect(await outcome(login("a@souk.test", password, second))).toBe("ACCOUNT_LOCKED");
		await second.close();
	});
});

describe("a refresh token", () => {
	it("is traded for new tokens, each of which goes on", async () => {
		const { email, id } = await someone();
		let tokens = await login(email);
		const seen = new Set([tokens.refreshToken]);
		for (let time = 0; time < 3; time++) {
			tokens = await refresh(tokens);
			seen.add(tokens.refreshToken);
			expect(await as(n, "anonymous")("users.verify", { token: tokens.accessToken })).toMatchObject({ userId: id });
		}
		expect(seen.size).toBe(4);
	});

	it("that is used again ends the login: somebody has a copy", async () => {
		const { email } = await someone();
		const [first, other] = [await login(email), await login(email)];
		const second = await refresh(first);
		const third = await refresh(second);
		await expect(refresh(first)).rejects.toMatchObject({ code: 401, type: "REFRESH_TOKEN_REUSED" });
		for (const token of [first, second, third]) expect(await outcome(refresh(token))).toBe("REFRESH_TOKEN_INVALID");
		expect(await outcome(refresh(other))).toBe("ok");
	});

	it("is good once more when the answer was lost in a crash, for ten seconds", async () => {
		const { email } = await someone();
		const first = await login(email);
		await refresh(first);
		ahead += 9_000;
		const again = await refresh(first);
		expect(await outcome(refresh(again))).toBe("ok");

		const late = await login(email);
		const lost = await refresh(late);
		ahead += 11_000;
		expect(await outcome(refresh(late))).toBe("REFRESH_TOKEN_REUSED");
		expect(await outcome(refresh(lost))).toBe("REFRESH_TOKEN_INVALID");
	});

	it("is not good once more when its successor was used, however soon", async () => {
		const { email } = await someone();
		const first = await login(email);
		const second = await refresh(first);
		const third = await refresh(second);
		expect(await outcome(refresh(first))).toBe("REFRESH_TOKEN_REUSED");
		expect(await outcome(refresh(third))).toBe("REFRESH_TOKEN_INVALID");
	});

	it("leaves one branch alive when it was used twice: the first successor that is used", async () => {
		const { email } = await someone();
		const first = await login(email);
		const [one, other] = [await refresh(first), await refresh(first)];
		expect(one.refreshToken).not.toBe(other.refreshToken);
		const next = await refresh(other);
		expect(await outcome(refresh(one))).toBe("REFRESH_TOKEN_REUSED");
		expect(await outcome(refresh(next))).toBe("REFRESH_TOKEN_INVALID");
	});

	it("that twenty use at once gives tokens of which one goes on", async () => {
		const { email } = await someone();
		const first = await login(email);
		const successors = await Promise.all(Array.from({ length: 20 }, () => refresh(first)));
		const outcomes = await Promise.all(successors.map(tokens => outcome(refresh(tokens))));
		expect(outcomes.filter(code => code === "ok")).toHaveLength(1);
		expect(outcomes.filter(code => code === "REFRESH_TOKEN_REUSED")).toHaveLength(1);
		expect(outcomes.filter(code => code === "REFRESH_TOKEN_INVALID")).toHaveLength(18);
	});

	it("is good for thirty days from when it was given", async () => {
		const { email } = await someone();
		const first = await login(email);
		ahead += 30 * DAY - 10_000;
		const second = await refresh(first);
		ahead += 30 * DAY - 10_000;
		expect(await outcome(refresh(second))).toBe("ok");

		const late = await login(email);
		ahead += 30 * DAY;
		expect(await outcome(refresh(late))).toBe("REFRESH_TOKEN_INVALID");
	});

	it("gives the roles that the user has now", async () => {
		const { email, id } = await someone();
		const tokens = await login(email);
		await as(n, { userId: 99, roles: ["staff", "admin"] })("users.update", { id, roles: ["staff"] });
		const { accessToken } = await refresh(tokens);
		expect(decodeJwt(accessToken).roles).toEqual(["staff"]);
	});

	it("that nobody ever gave is refused", async () => {
		expect(await outcome(refresh({ refreshToken: "x".repeat(43) }))).toBe("REFRESH_TOKEN_INVALID");
		expect(await outcome(refresh({ refreshToken: "" }))).toBe("VALIDATION_FAILED");
	});
});

describe("logging out", () => {
	it("ends the login of the token that is given, and leaves the others", async () => {
		const { email, id } = await someone();
		const [one, other] = [await login(email), await login(email)];
		const self = as(n, { userId: id });
		expect(await self("users.logout", { refreshToken: one.refreshToken })).toBeNull();
		expect(await outcome(refresh(one))).toBe("REFRESH_TOKEN_INVALID");
		expect(await outcome(refresh(other))).toBe("ok");
		expect(await self("users.logout", { refreshToken: one.refreshToken })).toBeNull();
	});

	it("without a token ends every login of the caller and nobody else's", async () => {
		const [user, stranger] = [await someone(), await someone()];
		const [one, other, theirs] = [await login(user.email), await login(user.email), await login(stranger.email)];
		await as(n, { userId: user.id })("users.logout", {});
		expect(await outcome(refresh(one))).toBe("REFRESH_TOKEN_INVALID");
		expect(await outcome(refresh(other))).toBe("REFRESH_TOKEN_INVALID");
		expect(await outcome(refresh(theirs))).toBe("ok");
		expect(await outcome(login(user.email))).toBe("ok");
	});

	it("with another's token, or one that is none, ends nothing and tells nothing", async () => {
		const [user, stranger] = [await someone(), await someone()];
		const theirs = await login(stranger.email);
		const self = as(n, { userId: user.id });
		expect(await self("users.logout", { refreshToken: theirs.refreshToken })).toBeNull();
		expect(await self("users.logout", { refreshToken: "made up" })).toBeNull();
		expect(await outcome(refresh(theirs))).toBe("ok");
	});
});

describe("verifying a token", () => {
	it("says no to what is not good, and yes no longer than ten minutes", async () => {
		const verify = (token: string) => as(n, "anonymous")("users.verify", { token });
		const { email } = await someone();
		const { accessToken, refreshToken } = await login(email);
		for (const token of ["x", refreshToken, `${accessToken}x`, "x".repeat(8_000)])
			expect(await verify(token)).toEqual({ valid: false });
		ahead += 10 * MINUTE;
		expect(await verify(accessToken)).toMatchObject({ valid: true });
		ahead += 31_000;
		expect(await verify(accessToken)).toEqual({ valid: false });
	});

	it("says so when it cannot tell", async () => {
		const service = serviceOf(n);
		const { keys } = service;
		const { email } = await someone();
		const { accessToken } = await login(email);
		service.keys = { ...keys, find: () => Promise.reject(new Error("the keys are gone")) };
		try {
			await expect(as(n, "anonymous")("users.verify", { token: accessToken })).rejects.toThrow("the keys are gone");
		} finally {
			service.keys = keys;
		}
	});
});

describe("a restart", () => {
	it("keeps the key, the logins and what was revoked", async () => {
		const first = await node([users]);
		const params = { name: "A", email: "a@souk.test", password };
		const { id } = await as(first, "anonymous")("users.register", params);
		const [alive, ended, stolen] = [
			await login(params.email, password, first),
			await login(params.email, password, first),
			await login(params.email, password, first)
		];
		await as(first, { userId: id })("users.logout", { refreshToken: ended.refreshToken });
		const successor = await refresh(stolen, first);
		await first.stop();

		const second = await node([users], { dataDir: first.dataDir });
		expect(await as(second, "anonymous")("users.verify", { token: alive.accessToken })).toMatchObject({ userId: id });
		expect(await outcome(refresh(alive, second))).toBe("ok");
		expect(await outcome(refresh(ended, second))).toBe("REFRESH_TOKEN_INVALID");
		// The answer to the rotation may have been lost with the process.
		expect(await outcome(refresh(stolen, second))).toBe("ok");
		expect(await outcome(refresh(successor, second))).toBe("ok");
		expect(await outcome(refresh(stolen, second))).toBe("REFRESH_TOKEN_REUSED");
		await second.close();
	});
});

describe("tidying up", () => {
	it("deletes what has run out, and nothing that still means something", async () => {
		const fresh = await node([users]);
		const service = serviceOf(fresh);
		const count = async () => {
			const row = await service.store.get(`SELECT (SELECT count(*) FROM refresh_tokens) AS tokens,
				(SELECT count(*) FROM sessions) AS sessions, (SELECT count(*) FROM login_failures) AS failures`);
			return row;
		};
		const email = "a@souk.test";
		await as(fresh, "anonymous")("users.register", { name: "A", email, password });
		const abandoned = await login(email, password, fresh);
		await outcome(login("nobody@souk.test", password, fresh));
		ahead += 29 * DAY;
		const kept = await refresh(await login(email, password, fresh), fresh);
		await outcome(login("somebody@souk.test", password, fresh));
		await service.tidy();
		expect(await count()).toEqual({ tokens: 3, sessions: 2, failures: 1 });
		ahead += DAY + 1_000;
		await service.tidy();
		expect(await count()).toEqual({ tokens: 2, sessions: 1, failures: 0 });
		expect(await outcome(refresh(kept, fresh))).toBe("ok");
		expect(await outcome(refresh(abandoned, fresh))).toBe("REFRESH_TOKEN_INVALID");
		await fresh.close();
	});

	it("waits for the next hour when the store cannot take it", async () => {
		const broken = await node([users]);
		const service = serviceOf(broken);
		const warn = jest.spyOn(service.logger, "warn");
		await service.store.database.close();
		await service.tidy();
		expect(warn).toHaveBeenCalledWith(expect.stringContaining("next hour"), expect.anything());
		await broken.close().catch(() => undefined);
	});
});
