import { randomFillSync } from "node:crypto";

const pool = Buffer.alloc(16 * 256);
let used = pool.length;

/** Random bytes, of which the system is asked for many at once. */
function random(count: number): Buffer {
	if (used + count > pool.length) {
		randomFillSync(pool);
		used = 0;
	}
	return pool.subarray(used, (used += count));
}

/** The id of a span (W3C trace context): 16 hexadecimal digits. */
export const spanId = (): string => random(8).toString("hex");

/** A UUIDv7 (RFC 9562, 5.7): sortable by the millisecond it was made in. */
export function uuid7(now = Date.now()): string {
	const bytes = random(16);
	bytes.writeUIntBE(now, 0, 6);
	bytes[6] = 0x70 | (bytes[6]! & 0x0f);
	bytes[8] = 0x80 | (bytes[8]! & 0x3f);
	const hex = bytes.toString("hex");
	return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Now, as it is stored and sent everywhere: UTC, ISO 8601 with milliseconds. */
export const isoNow = (offsetMs = 0): string => new Date(Date.now() + offsetMs).toISOString();
