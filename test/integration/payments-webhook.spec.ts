import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import paymentsService from "../../services/payments/payments.service.ts";
import { ProviderTimeout } from "../../services/payments/providers/provider.ts";
import { sign } from "../../services/payments/signature.ts";
import { eventually } from "../support/eventually.ts";
import { as, node } from "../support/node.ts";
import { outcomeOf, shop, type Shop } from "../unit/payments/support.ts";

let here: Shop;
beforeEach(async () => {
	here = await shop();
});
afterEach(() => here.node.close());

const hint = (id: string, orderId = 12) =>
	JSON.stringify({ id, type: "authorization.settled", key: `order-${orderId}:authorize` });
const post = (raw: string, signature = sign(here.service.webhookSecret, raw)) =>
	as(here.node, "anonymous")("payments.webhook", { raw, signature });
const kept = () =>
	here.service.store.all<{ id: string; followed: number }>(
		"SELECT provider_event_id AS id, followed_at IS NOT NULL AS followed FROM provider_events ORDER BY 1"
	);
const state = async (orderId = 12) => (await here.row(orderId))?.state;
const followed = () =>
	eventually(async () => expect((await kept()).every(({ followed }) => followed === 1)).toBe(true));

/** Has the provider authorize while its answer is lost. */
async function inDoubt(): Promise<void> {
	await outcomeOf(here.authorize(12, "tok_lost_answer"));
	expect(await state()).toBe("UNKNOWN");
}

describe("a webhook", () => {
	it("is a hint to look at the provider's books, which move the payment", async () => {
		await inDoubt();
		expect(await post(hint("evt_1"))).toEqual({ received: true });
		await eventually(async () => expect(await state()).toBe("AUTHORIZED"));
		await eventually(() => expect(here.node.of("payment.authorized")).toHaveLength(1));
		await followed();
		expect(await here.service.reconcile()).toEqual([]);
	});

	it("is no fact: what it says is not in the books does not happen", async () => {
		await here.authorize(12);
		const captured = JSON.stringify({ id: "evt_1", type: "authorization.captured", key: "order-12:authorize" });
		await post(captured);
		await followed();
		expect(await state()).toBe("AUTHORIZED");
	});

	it("may come twice, twenty times at once, and again later", async () => {
		await inDoubt();
		await Promise.all(Array.from({ length: 20 }, () => post(hint("evt_1"))));
		await eventually(async () => expect(await state()).toBe("AUTHORIZED"));
		await here.node.call("payments.capture", { orderId: 12 }).catch(() => undefined);
		await here.node.call("payments.capture", { orderId: 12 });
		await post(hint("evt_1"));
		await post(hint("evt_0"));
		await followed();
		expect(await state()).toBe("CAPTURED");
		expect(await kept()).toHaveLength(2);
		await eventually(async () => expect(await here.service.relay.backlog()).toBe(0));
		expect(here.node.of("payment.authorized")).toHaveLength(1);
		expect(here.node.of("payment.captured")).toHaveLength(1);
	});

	it("may come about what we do not know, or before the provider's own books have it", async () => {
		await post(hint("evt_901", 99));
		await outcomeOf(here.authorize(12, "tok_late_webhook"));
		await post(hint("evt_902"));
		await followed();
		expect(await state(99)).toBeUndefined();
		await eventually(() => expect(here.sent).toHaveLength(1));
		expect(await state()).toBe("UNKNOWN");
		await post(here.sent[0]!.raw, here.sent[0]!.signature);
		await eventually(async () => expect(await state()).toBe("AUTHORIZED"));
	});

	it("that comes after the payment was voided changes nothing", async () => {
		await outcomeOf(here.authorize(12, "tok_late_webhook"));
		await here.node.call("payments.void", { orderId: 12, reason: "ORDER_CANCELLED" });
		await post(hint("evt_1"));
		await followed();
		expect(await state()).toBe("VOIDED");
		expect(await here.service.reconcile()).toEqual([]);
	});

	it("is followed after a restart when the provider was silent, or the process died before it looked", async () => {
		await inDoubt();
		here.meddle.find = () => Promise.reject(new ProviderTimeout("spec"));
		await post(hint("evt_1"));
		await eventually(() => expect(here.asked).toContain("find order-12:authorize"));
		here = await here.restart();
		await eventually(async () => expect(await state()).toBe("AUTHORIZED"));
		expect(await kept()).toEqual([{ id: "evt_1", followed: 1 }]);
	});
});

describe("a webhook is refused", () => {
	it.each([
		["without a signature", () => ""],
		["with another secret's signature", (raw: string) => sign("another secret", raw)],
		["with the signature of other bytes", (raw: string) => sign(here.service.webhookSecret, `${raw} `)],
		["with an old signature", (raw: string) => sign(here.service.webhookSecret, raw, Date.now() - 301_000)],
		["with a signature from the future", (raw: string) => sign(here.service.webhookSecret, raw, Date.now() + 302_000)]
	])("%s", async (_, signature) => {
		const raw = hint("evt_1");
		await expect(post(raw, signature(raw))).rejects.toMatchObject({ type: "SIGNATURE_INVALID", code: 401 });
		expect(await kept()).toEqual([]);
	});

	it.each(["not json", "[]", "{}", '{"id":"evt_1","type":"x"}', '{"id":1,"type":"x","key":"y"}'])(
		"when it is signed but says %s",
		async raw => {
			await expect(post(raw)).rejects.toMatchObject({ type: "VALIDATION_FAILED", code: 400 });
			expect(await kept()).toEqual([]);
		}
	);
});

// checklist: 239
it("is signed with the configured secret, or with one that lasts over restarts", async () => {
	const made = here.service.webhookSecret;
	here = await here.restart();
	expect(here.service.webhookSecret).toBe(made);
	const configured = await shop({ env: { WEBHOOK_SECRET: "sixteen characters and more" } });
	expect(configured.service.webhookSecret).toBe("sixteen characters and more");
	await configured.node.close();
});

it("the provider sends to the gateway of this machine, again when it is not taken, and the payment moves", async () => {
	let busy = 1;
	const gateway = createServer((request, response) => {
		let raw = "";
		request.on("data", (chunk: Buffer) => (raw += chunk.toString()));
		request.on("end", () => {
			if (busy-- > 0) {
				response.writeHead(503).end();
				return;
			}
			const signature = String(request.headers["souk-signature"]);
			const taken = request.url === "/api/v1/webhooks/payments" && request.method === "POST";
			void as(whole, "anonymous")("payments.webhook", { raw, signature })
				.then(() => response.writeHead(taken ? 202 : 404).end())
				.catch(() => response.writeHead(500).end());
		});
	});
	await new Promise<void>(listening => gateway.listen(0, "127.0.0.1", listening));
	const { port } = gateway.address() as AddressInfo;
	const whole = await node([paymentsService], { env: { PORT: String(port) } });
	const order = { orderId: 12, userId: 1, amount: 2500, currency: "EUR", token: "tok_late_webhook" };
	expect(await outcomeOf(whole.call("payments.authorize", order))).toBe("PROVIDER_UNANSWERED");
	await eventually(() => expect(whole.of("payment.authorized")).toHaveLength(1));
	expect(busy).toBeLessThan(0);
	await whole.close();
	gateway.closeAllConnections();
	await new Promise(closed => gateway.close(closed));
});
