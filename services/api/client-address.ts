import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";

/**
 * Where a request comes from, as far as that can be trusted: the socket's other end, or, behind proxies of ours, what the
 * outermost of them saw. What the client itself wrote into X-Forwarded-For never counts.
 */
export function clientAddress({ socket, headers }: IncomingMessage, trustedProxies: number): string {
	const direct = normal(socket.remoteAddress ?? "");
	if (trustedProxies === 0) return direct;
	const hops = String(headers["x-forwarded-for"] ?? "").split(",");
	const seen = hops.at(-trustedProxies)?.trim() ?? "";
	return isIP(seen) ? normal(seen) : direct;
}

/** One client's IPv6 network counts as one address: it has all of its 2^64 at hand. */
function normal(address: string): string {
	if (!address.includes(":")) return address;
	const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
	if (mapped !== undefined) return mapped;
	const [head = "", tail] = address.split("%")[0]!.split("::");
	const groups = head.split(":").filter(Boolean);
	if (tail !== undefined) {
		const end = tail.split(":").filter(Boolean);
		while (groups.length + end.length < 8) groups.push("0");
		groups.push(...end);
	}
	return `${groups
		.slice(0, 4)
		.map(group => parseInt(group, 16).toString(16))
		.join(":")}::/64`;
}
