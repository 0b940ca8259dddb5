import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { postTo } from "../../../services/payments/providers/post-to.ts";
import { answerWithin, ProviderTimeout } from "../../../services/payments/providers/provider.ts";
import { webhookSecret } from "../../../services/payments/providers/webhook-secret.ts";

describe("waiting for the provider", () => {
	it("ends with its answer", async () => {
		await expect(answerWithin(1_000, "find", Promise.resolve("here"))).resolves.toBe("here");
		await expect(answerWithin(1_000, "find", Promise.reject(new Error("no")))).rejects.toThrow("no");
	});

	it("ends without one when none comes in time", async () => {
		const never = new Promise(() => undefined);
		await expect(answerWithin(20, "capture of order 1", never)).rejects.toThrow(ProviderTimeout);
	});
});

describe("the secret that webhooks are signed with", () => {
	let dataDir: string;
	const file = () => join(dataDir, "keys/webhook.key");
	beforeEach(() => {
		dataDir = mkdtempSync(join(tmpdir(), "souk-secret-"));
	});
	afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

	it("is the one that was configured", () => {
		expect(webhookSecret("configured-secret", dataDir)).toBe("configured-secret");
		expect(existsSync(file())).toBe(false);
	});

	it("is otherwise made once, for its owner's eyes only", () => {
		const made = webhookSecret(undefined, dataDir);
		expect(made).toMatch(/^[\w-]{43}$/);
		expect(webhookSecret(undefined, dataDir)).toBe(made);
		expect(readFileSync(file(), "utf8")).toBe(made);
		expect(statSync(file()).mode & 0o777).toBe(0o600);
		expect(statSync(join(dataDir, "keys")).mode & 0o077).toBe(0);
	});
});

describe("posting a webhook", () => {
	let server: Server;
	let url: string;
	let status: number;
	const got: { method?: string; signature?: unknown; type?: string; body: string }[] = [];

	beforeEach(async () => {
		got.length = 0;
		server = createServer((request, response) => {
			let body = "";
			request.on("data", (chunk: Buffer) => (body += chunk.toString()));
			request.on("end", () => {
				const { method, headers } = request;
				got.push({ method, signature: headers["souk-signature"], type: headers["content-type"], body });
				response.writeHead(status).end("{}");
			});
		});
		await new Promise<void>(listening => server.listen(0, "127.0.0.1", listening));
		url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
	});
	afterEach(async () => {
		server.closeAllConnections();
		await new Promise(closed => server.close(closed));
	});

	it("sends the bytes as they were signed", async () => {
		status = 202;
		await postTo(url)('{"id": 1 }', "t=1,v1=ab");
		expect(got).toEqual([{ method: "POST", signature: "t=1,v1=ab", type: "application/json", body: '{"id": 1 }' }]);
	});

	it("fails unless it is taken", async () => {
		status = 503;
		await expect(postTo(url)("{}", "")).rejects.toThrow("503");
		await expect(postTo("http://127.0.0.1:1/hook")("{}", "")).rejects.toThrow();
	});
});
