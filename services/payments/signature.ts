import { createHmac, timingSafeEqual } from "node:crypto";

/** How far the time of a signature may lie from ours. */
const TOLERANCE_SECONDS = 300;

const hmac = (secret: string, timestamp: string, raw: string): Buffer =>
	createHmac("sha256", secret).update(`${timestamp}.${raw}`).digest();

/** The header that vouches for the bytes of a webhook and for when they were sent: `t=<seconds>,v1=<hex>`. */
export function sign(secret: string, raw: string, nowMs = Date.now()): string {
	const timestamp = String(Math.floor(nowMs / 1000));
	return `t=${timestamp},v1=${hmac(secret, timestamp, raw).toString("hex")}`;
}

/**
 * Whether a header vouches for these bytes, now. Several `v1` may stand in it, as while a provider changes its secret;
 * one that fits is enough.
 */
export function isSigned(secret: string, raw: string, header: string, nowMs = Date.now()): boolean {
	const parts = header.split(",").map(part => part.trim().split("=") as [string, string | undefined]);
	const timestamp = parts.find(([name]) => name === "t")?.[1];
	if (!timestamp || !/^\d{1,12}$/.test(timestamp)) return false;
	if (Math.abs(nowMs / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) return false;
	const expected = hmac(secret, timestamp, raw);
	return parts.some(([name, value]) => name === "v1" && value !== undefined && fits(expected, value));
}

function fits(expected: Buffer, hex: string): boolean {
	const given = Buffer.from(hex, "hex");
	return given.length === expected.length && timingSafeEqual(given, expected);
}
