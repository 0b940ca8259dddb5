import { generateKeyPairSync } from "node:crypto";
import { exportJWK, SignJWT } from "jose";
import { z } from "zod";
import { contract } from "../../broker/contract.ts";
import { signAccessToken } from "../../broker/tokens.ts";
import { gateway, signingKey, type TestGateway } from "../support/gateway.ts";
import { stub } from "../support/node.ts";
import { thingService } from "../support/things.ts";

describe("who sends a request", () => {
	const { schema, asked } = thingService();
	let api: TestGateway;
	beforeAll(async () => {
		api = await gateway([schema]);
	});
	afterAll(() => api.close());
	beforeEach(() => {
		asked.length = 0;
	});
	const create = (headers: Record<string, string>) =>
		api.send("POST", "/api/v2/things", { headers: { "idempotency-key": "12345678", ...headers }, body: { name: "A" } });

	// checklist: 12, 44, 71
	it("must be said where that matters: no token", async () => {
		const reply = await create({});
		expect(reply.status).toBe(401);
		expect(reply.json).toMatchObject({ title: "No token", error: "No token", code: "NO_TOKEN" });
		expect(reply.headers["www-authenticate"]).toBe('Bearer realm="souk"');
		// Told before anything else is looked at.
		const worse = await api.send("POST", "/api/v2/things", {
			body: "broken",
			headers: { "content-type": "text/plain" }
		});
		expect(worse.status).toBe(401);
		expect(asked).toEqual([]);
	});

	// checklist: 72
	it("must be said well: an invalid token is refused, also where none is needed", async () => {
		const stranger = await signingKey();
		const forged = await signAccessToken({ userId: 1, roles: ["admin"] }, stranger.signing);
		const good = (await api.bearer(1)).authorization!;
		const bad = [
			"Bearer",
			"Bearer ",
			"Bearer not.a.token",
			"Basic YWxpY2U6c291aw==",
			`${good}x`,
			`${good} twice`,
			`Bearer ${forged}`,
			`Bearer ${await hs256()}`,
			`Bearer ${unsigned()}`,
			`Bearer ${"x".repeat(5_000)}`
		];
		for (const authorization of bad)
			for (const reply of [await create({ authorization }), await api.get("/api/v2/things/5", { authorization })]) {
				expect(reply.status).toBe(401);
				expect(reply.json).toMatchObject({ title: "Invalid token", error: "Invalid token", code: "INVALID_TOKEN" });
				expect(reply.headers["www-authenticate"]).toBe('Bearer realm="souk", error="invalid_token"');
			}
		expect(asked).toEqual([]);
	});

	it("is known to the service, and to nobody who only says so in a header or body", async () => {
		await create(await api.bearer(42, "customer", "staff"));
		await api.get("/api/v2/things/5", { "x-user-id": "1", "x-roles": "admin", cookie: "userId=1" });
		expect(asked.map(({ identity }) => identity)).toEqual([
			{ kind: "user", userId: 42, roles: ["customer", "staff"] },
			{ kind: "anonymous" }
		]);
		expect(Object.isFrozen(asked[0]!.identity)).toBe(true);
	});

	// checklist: 45, 74
	it("decides what may be done: by role, and by whose it is", async () => {
		const update = async (...roles: ("customer" | "staff")[]) =>
			api.send("PUT", "/api/v2/things/5", { headers: await api.bearer(1, ...roles), body: { name: "B" } });
		expect((await update("staff")).status).toBe(200);
		const refused = await update("customer");
		expect([refused.status, refused.json.code]).toEqual([403, "FORBIDDEN"]);
		const secretOf = async (id: number, ...roles: ("customer" | "staff")[]) =>
			(await api.get(`/api/v2/things/${id}/secret`, await api.bearer(5, ...roles))).status;
		expect([await secretOf(5), await secretOf(6), await secretOf(6, "staff")]).toEqual([200, 403, 200]);
		expect((await api.get("/api/v2/things/5/secret")).status).toBe(401);
	});
});

describe("the keys that tokens are verified with", () => {
	const issuing = contract("users", {
		jwks: { summary: "Keys", params: z.strictObject({}), result: z.unknown(), access: "public" }
	});

	it("are asked for when first needed and then kept: a users service that is away stops nobody", async () => {
		const { signing, published } = await signingKey();
		let asked = 0;
		const issuer = stub(issuing, {
			jwks: () => {
				asked++;
				return { keys: [published] };
			}
		});
		const api = await gateway([thingService().schema], {}, { keys: false });
		try {
			const bearer = async () => ({
				authorization: `Bearer ${await signAccessToken({ userId: 5, roles: ["customer"] }, signing)}`
			});
			const early = await api.get("/api/v2/things/5/secret", await bearer());
			expect([early.status, early.json.code]).toEqual([503, "SERVICE_UNAVAILABLE"]);
			const service = api.broker.createService(issuer);
			await api.broker.waitForServices("users");
			for (let request = 0; request < 3; request++)
				expect((await api.get("/api/v2/things/5/secret", await bearer())).status).toBe(200);
			expect(asked).toBe(1);
			await api.broker.destroyService(service as never);
			expect((await api.get("/api/v2/things/5/secret", await bearer())).status).toBe(200);
			const { signing: unknown } = await signingKey("another");
			const other = await signAccessToken({ userId: 5, roles: ["customer"] }, unknown);
			expect((await api.get("/api/v2/things/5/secret", { authorization: `Bearer ${other}` })).status).toBe(401);
		} finally {
			await api.close();
		}
	});
});

const claims = { roles: ["admin"] };
const times = (token: SignJWT) =>
	token.setSubject("1").setIssuer("souk").setAudience("souk").setJti("1").setIssuedAt().setExpirationTime("5m");

/** A token signed with what everybody may read: the public key, taken for a shared secret. */
async function hs256(): Promise<string> {
	const { publicKey } = generateKeyPairSync("ed25519");
	const secret = Buffer.from((await exportJWK(publicKey)).x!, "base64url");
	return times(new SignJWT(claims)).setProtectedHeader({ alg: "HS256", typ: "at+jwt", kid: "spec" }).sign(secret);
}

function unsigned(): string {
	const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
	const now = Math.floor(Date.now() / 1000);
	const payload = { ...claims, sub: "1", iss: "souk", aud: "souk", jti: "1", iat: now, exp: now + 300 };
	return `${part({ alg: "none", typ: "at+jwt", kid: "spec" })}.${part(payload)}.`;
}
