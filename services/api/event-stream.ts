import type { Readable } from "node:stream";
import type { Exchange } from "./exchange.ts";

const HEARTBEAT_MS = 15_000;

/**
 * Sends a stream of server-sent events as it comes, with a comment now and then that keeps the connection open. When the
 * client goes away the source is closed. Resolves when the stream is over.
 */
export function sendEvents(exchange: Exchange, source: Readable, heartbeatMs = HEARTBEAT_MS): Promise<void> {
	const { req, res } = exchange;
	exchange.set("Cache-Control", "no-store");
	exchange.set("X-Accel-Buffering", "no");
	exchange.open(200, "text/event-stream; charset=utf-8");
	if (req.method === "HEAD") {
		source.destroy();
		res.end();
		return Promise.resolve();
	}
	res.flushHeaders();
	const heartbeat = setInterval(() => {
		if (!res.writableEnded) res.write(": still here\n\n");
	}, heartbeatMs);
	return new Promise(resolve => {
		res.once("close", () => {
			clearInterval(heartbeat);
			source.destroy();
			resolve();
		});
		// The head is sent, so a source that fails can only be cut off: clients connect again by themselves.
		source.on("error", () => res.destroy());
		source.pipe(res);
	});
}
