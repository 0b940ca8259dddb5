import type { Agent } from "node:http";
import { request, type IncomingHttpHeaders, type Server } from "node:http";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import type { ServiceSchema } from "moleculer";
import { z } from "zod";
import { contract, type Role } from "../../broker/contract.ts";
import { signAccessToken, type SigningKey } from "../../broker/tokens.ts";
import api from "../../services/api/api.service.ts";
import type { ApiService } from "../../services/api/gateway.ts";
import { node, stub, type TestNode } from "./node.ts";

/** What came back over HTTP. */
export interface Reply {
	status: number;
	headers: IncomingHttpHeaders;
	/** A header that may come more than once, as often as it came. */
	all(name: string): string[];
	text: string;
	json: Record<string, unknown>;
}
export interface Sent {
	headers?: Record<string, string>;
	/** Sent as JSON, unless it is text: that is sent as it is. */
	body?: unknown;
	agent?: Agent;
}

/** A gateway that listens on a free port, in front of the given services. */
export interface TestGateway extends TestNode {
	api: ApiService;
	port: number;
	/** Sends a request exactly as told: nothing is tidied up on the way. */
	send(method: string, path: string, sent?: Sent): Promise<Reply>;
	get(path: string, headers?: Record<string, string>): Promise<Reply>;
	/** The header of a user who has signed in. */
	bearer(userId: number, ...roles: Role[]): Promise<Record<string, string>>;
}

/** Starts a gateway with the given services, and with one that publishes the key its tokens are signed with. */
export async function gateway(
	services: ServiceSchema[],
	env: Record<string, string> = {},
	{ keys = true }: { keys?: boolean } = {}
): Promise<TestGateway> {
	const { signing, published } = await signingKey();
	const issuer = stub(issuing, { jwks: () => ({ keys: [published] }) });
	const started = await node([api, ...(keys ? [issuer] : []), ...services], {
		env: { RATE_LIMIT_PER_MINUTE: "10000", RATE_LIMIT_ORDERS_PER_MINUTE: "10000", ...env }
	});
	const service = started.broker.getLocalService("api") as unknown as ApiService;
	const port = portOf(service.server);
	const send: TestGateway["send"] = (method, path, sent) => exchange(port, method, path, sent);
	return {
		...started,
		api: service,
		port,
		send,
		get: (path, headers = {}) => send("GET", path, { headers }),
		bearer: async (userId, ...roles) => ({
			authorization: `Bearer ${await signAccessToken({ userId, roles: roles.length > 0 ? roles : ["customer"] }, signing)}`
		})
	};
}

const issuing = contract("users", {
	jwks: {
		summary: "Public keys",
		params: z.strictObject({}),
		result: z.unknown(),
		rest: "GET //.well-known/jwks.json",
		access: "public"
	}
});

/** A fresh key to sign with, and its public half as it is published. */
export async function signingKey(kid = "spec"): Promise<{ signing: SigningKey; published: JWK }> {
	const { privateKey, publicKey } = await generateKeyPair("EdDSA", { crv: "Ed25519" });
	const published = { ...(await exportJWK(publicKey)), kid, alg: "EdDSA", use: "sig" };
	return { signing: { kid, key: privateKey }, published };
}

export function portOf(server: Server): number {
	const address = server.address();
	if (address === null || typeof address === "string") throw new Error("The server does not listen");
	return address.port;
}

function exchange(
	port: number,
	method: string,
	path: string,
	{ headers = {}, body, agent }: Sent = {}
): Promise<Reply> {
	return new Promise((resolve, reject) => {
		const payload = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
		const type = payload === undefined || typeof body === "string" ? {} : { "content-type": "application/json" };
		// Its length goes with every body, a DELETE's too.
		const length = payload === undefined ? {} : { "content-length": String(Buffer.byteLength(payload)) };
		const req = request({ port, method, path, headers: { ...length, ...type, ...headers }, agent: agent ?? false });
		req.once("error", reject);
		req.once("response", res => {
			const chunks: Buffer[] = [];
			res.on("data", (chunk: Buffer) => chunks.push(chunk));
			res.once("error", reject);
			res.once("end", () => {
				const text = Buffer.concat(chunks).toString();
				resolve({
					status: res.statusCode ?? 0,
					headers: res.headers,
					all: name =>
						res.rawHeaders.filter(
							(_, at) => at % 2 === 1 && res.rawHeaders[at - 1]!.toLowerCase() === name.toLowerCase()
						),
					text,
					json:
						/json/.test(res.headers["content-type"] ?? "") && text ? (JSON.parse(text) as Record<string, unknown>) : {}
				});
			});
		});
		req.end(payload);
	});
}
