import { setTimeout as pause } from "node:timers/promises";
import autocannon from "autocannon";

/** How fast a server answered, and how late. */
export interface Load {
	answers: number;
	perSecond: number;
	p50: number;
	p99: number;
	errors: number;
}

/** A connection closed by the gateway after its thousandth answer would make autocannon send two requests at a time. */
const RECONNECT_AFTER = 900;

/** Has so many clients ask one thing again and again. */
export async function load(url: string, clients: number, seconds: number, options: object = {}): Promise<Load> {
	const result = await autocannon({
		url,
		connections: clients,
		duration: seconds,
		reconnectRate: RECONNECT_AFTER,
		...options
	});
	return {
		answers: result["2xx"],
		perSecond: result["2xx"] / result.duration,
		p50: result.latency.p50,
		p99: result.latency.p99,
		errors: result.non2xx + result.errors + result.mismatches
	};
}

export const FLOWS = ["orchestrated", "choreographed"] as const;
export type Flow = (typeof FLOWS)[number];

export const productAt = (origin: string): string => `${origin}/api/v1/products/101`;

/** Orders a thing, and with `confirmed` waits until it is theirs. */
export const order = (flow: Flow, token: string, { confirmed }: { confirmed: boolean }): object => ({
	method: "POST",
	idReplacement: true,
	headers: {
		"content-type": "application/json",
		authorization: `Bearer ${token}`,
		"idempotency-key": "bench-[<id>]",
		...(confirmed ? { prefer: "wait=10" } : {})
	},
	body: JSON.stringify({ items: [{ productId: 101, quantity: 1 }], payment: { token: "tok_ok" }, flow }),
	...(confirmed ? { verifyBody: isConfirmed } : {})
});

const isConfirmed = (body: string): boolean => (JSON.parse(body) as { status: string }).status === "CONFIRMED";

export const ordersAt = (origin: string): string => `${origin}/api/v1/orders`;

/** Logs Alice in: after a load it may take a while until that is answered. */
export async function logIn(origin: string): Promise<string> {
	for (let tries = 1; ; tries++) {
		const response = await fetch(`${origin}/api/v1/auth/login`, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: JSON.stringify({ email: "alice@souk.test", password: "souk-demo" })
		});
		if (response.ok) return ((await response.json()) as { accessToken: string }).accessToken;
		if (tries === 60) throw new Error(`Alice cannot log in: ${response.status} ${await response.text()}`);
		await pause(1_000);
	}
}

const SETTLED_WITHIN_MS = 120_000;

/** Waits until no order is pending any more, so that one measurement does not pay for the one before. */
export async function settled(origin: string, token: string): Promise<void> {
	const end = performance.now() + SETTLED_WITHIN_MS;
	let last = "";
	while (performance.now() < end) {
		const response = await fetch(`${ordersAt(origin)}?status=PENDING&limit=1`, {
			headers: { authorization: `Bearer ${token}` }
		});
		last = `${response.status} ${await response.text()}`;
		if (response.ok && last.includes('"items":[]')) return;
		await pause(250);
	}
	throw new Error(`Orders are still pending two minutes after the load ended: ${last}`);
}
