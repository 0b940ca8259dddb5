import type { Payment } from "../../../services/payments/payments.contract.ts";
import { paymentsOn, type PaymentsService } from "../../../services/payments/payments.service.ts";
import type { Provider } from "../../../services/payments/providers/provider.ts";
import { SimulatedProvider } from "../../../services/payments/providers/simulated.ts";
import { node, type TestNode } from "../../support/node.ts";

type Verb = "authorize" | "capture" | "void" | "refund" | "find";

/** What a spec does around a call to the provider: it may go before, after, instead, or throw once the effect is there. */
type Meddling = Partial<Record<Verb, (go: () => Promise<unknown>) => Promise<unknown>>>;

/** The payments service on the simulated provider, with a hand between the two and an ear for its webhooks. */
export interface Shop {
	node: TestNode;
	service: PaymentsService;
	provider: SimulatedProvider;
	meddle: Meddling;
	/** Every request that reached the provider, in order. */
	asked: string[];
	/** Every webhook the provider sent. */
	sent: { raw: string; signature: string }[];
	authorize(orderId: number, token?: string, amount?: number): Promise<Payment>;
	/** The payment of an order as its row has it. */
	row(orderId: number): Promise<Record<string, unknown> | undefined>;
	/** Where the money is, by account, and what each transaction sums to. */
	ledger(): Promise<{ balances: Record<string, number>; sums: number[] }>;
	/** Stops without removing the stores, and starts over on them. */
	restart(): Promise<Shop>;
}

export async function shop(options: { dataDir?: string; env?: Record<string, string> } = {}): Promise<Shop> {
	const meddle: Meddling = {};
	const asked: string[] = [];
	const sent: Shop["sent"] = [];
	let provider: SimulatedProvider | undefined;
	const between = (inner: SimulatedProvider): Provider => {
		const verb =
			<Request, Answer>(name: Verb, call: (request: Request) => Promise<Answer>) =>
			(request: Request): Promise<Answer> => {
				asked.push(`${name} ${typeof request === "string" ? request : (request as { key: string }).key}`);
				const go = () => call.call(inner, request);
				return (meddle[name]?.(go) as Promise<Answer> | undefined) ?? go();
			};
		return {
			authorize: verb("authorize", inner.authorize.bind(inner)),
			capture: verb("capture", inner.capture.bind(inner)),
			void: verb("void", inner.void.bind(inner)),
			refund: verb("refund", inner.refund.bind(inner)),
			find: verb("find", inner.find.bind(inner)),
			statement: after => inner.statement(after),
			close: () => inner.close()
		};
	};
	const schema = paymentsOn(async settings => {
		const notify = (raw: string, signature: string) => Promise.resolve(void sent.push({ raw, signature }));
		provider = await SimulatedProvider.open({ ...settings, notify });
		return between(provider);
	});
	const started = await node([schema], {
		...options,
		env: { PROVIDER_SLOW_MS: "30", ...options.env }
	});
	const service = started.broker.getLocalService("payments") as unknown as PaymentsService;
	return {
		node: started,
		service,
		provider: provider!,
		meddle,
		asked,
		sent,
		authorize: (orderId, token = "tok_ok", amount = 2500) =>
			started.call("payments.authorize", { orderId, userId: 1, amount, currency: "EUR", token }),
		row: orderId => service.store.get("SELECT * FROM payments WHERE order_id = ?", [orderId]),
		async ledger() {
			const balances = await service.store.all<{ account: string; balance: number }>(
				"SELECT account, sum(amount) AS balance FROM ledger_entries GROUP BY account"
			);
			const sums = await service.store.all<{ total: number }>(
				"SELECT sum(amount) AS total FROM ledger_entries GROUP BY transaction_key"
			);
			return {
				balances: Object.fromEntries(balances.map(({ account, balance }) => [account, balance])),
				sums: sums.map(({ total }) => total)
			};
		},
		async restart() {
			await started.stop();
			return shop({ ...options, dataDir: started.dataDir });
		}
	};
}

/** Makes every try of an asynchronous call an outcome: its result, or the code of its error. */
export const outcomeOf = (call: Promise<unknown>): Promise<unknown> =>
	call.catch((error: { type?: string; name: string }) => error.type ?? error.name);
