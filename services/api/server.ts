import { createServer, STATUS_CODES, type RequestListener, type Server } from "node:http";
import type { Duplex } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { PROBLEM_TYPE, problemType, titleOfCode } from "./problem.ts";

const LIMITS = {
	maxHeaderSize: 16 * 1024,
	headersTimeout: 10_000,
	requestTimeout: 30_000,
	keepAliveTimeout: 30_000,
	// How soon a time limit that has passed is noticed.
	connectionsCheckingInterval: 2_000
};

/** An HTTP server that a slow, greedy or broken client cannot hold on to. */
export function limitedServer(listener: RequestListener): Server {
	const server = createServer(LIMITS, listener);
	server.maxConnections = 1_000;
	server.maxRequestsPerSocket = 1_000;
	server.on("clientError", refuse);
	return server;
}

const REFUSED: Readonly<Record<string, readonly [status: number, code: string]>> = {
	ERR_HTTP_REQUEST_TIMEOUT: [408, "REQUEST_TOO_SLOW"],
	HPE_HEADER_OVERFLOW: [431, "HEADERS_TOO_LARGE"]
};

/** Answers what is no HTTP request, as far as the socket still takes an answer. */
function refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
	if (!socket.writable || error.code === "ECONNRESET") {
		socket.destroy();
		return;
	}
	const [status, code] = REFUSED[error.code ?? ""] ?? [400, "REQUEST_MALFORMED"];
	const body = JSON.stringify({ type: problemType(code), title: titleOfCode(code), status, code });
	const head = [
		`HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
		`Content-Type: ${PROBLEM_TYPE}`,
		`Content-Length: ${Buffer.byteLength(body)}`,
		"Connection: close"
	];
	socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}

/** How a server is emptied, in milliseconds. */
export interface Patience {
	/** How long those who are connected may learn, by an answer, that they should go elsewhere. */
	linger?: number;
	/** How long what is under way may take. */
	finish?: number;
}

/**
 * Empties a server: for a moment whoever is connected is still served, with answers that close their connection; then
 * nobody new comes in and what is under way ends; what then remains is cut. `underWay` counts requests.
 */
export async function drain(
	server: Server,
	underWay: () => number,
	{ linger = 300, finish = 15_000 }: Patience = {}
): Promise<void> {
	await until(async () => (await connections(server)) === 0, linger);
	const closed = new Promise<void>(resolve => void server.close(() => resolve()));
	await until(() => underWay() === 0, finish);
	server.closeAllConnections();
	await closed;
}

export const connections = (server: Server): Promise<number> =>
	new Promise((resolve, reject) => server.getConnections((error, count) => (error ? reject(error) : resolve(count))));

async function until(done: () => boolean | Promise<boolean>, ms: number): Promise<void> {
	const end = performance.now() + ms;
	while (!(await done()) && performance.now() < end) await pause(10);
}
