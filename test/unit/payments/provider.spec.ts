import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { postTo } from "../../../services/payments/providers/post-to.ts";
import { answerWithin, ProviderTimeout } from "../../../services/payments/providers/provider.ts";

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
