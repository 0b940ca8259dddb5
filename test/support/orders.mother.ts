import type { ServiceSchema } from "moleculer";
import type { Contract } from "../../broker/contract.ts";
import { Refusal, Unavailable } from "../../broker/errors.ts";
import { inventory } from "../../services/inventory/inventory.contract.ts";
import type { Order } from "../../services/orders/orders.contract.ts";
import ordersService, { type OrdersService } from "../../services/orders/orders.service.ts";
import { payments } from "../../services/payments/payments.contract.ts";
import { products } from "../../services/products/products.contract.ts";
import { shipping } from "../../services/shipping/shipping.contract.ts";
import { users } from "../../services/users/users.contract.ts";
import { as, node, stub, type TestNode } from "./node.ts";

const NOW = "2026-01-02T03:04:05.678Z";
export const ALICE = 1;
export const BOB = 2;
export const PRICES: Record<number, number> = { 101: 1_250, 102: 399 };

/** What Alice orders, unless a spec says otherwise: two of product 101. */
export const anOrder = (over: object = {}) => ({
	items: [{ productId: 101, quantity: 2 }],
	payment: { token: "tok_ok" },
	...over
});

/** A neighbour's refusal, as it arrives over the wire: by its code alone. */
class Refused extends Refusal {
	constructor(code: string, because?: string) {
		super(`Refused: ${code}`, 409, code, { because });
	}
}

/** A neighbour that is there and cannot answer now. */
class OutOfOrder extends Unavailable {
	constructor() {
		super("It cannot be asked now", "OUT_OF_ORDER");
	}
}

/** A call to a neighbour, by the full name of its action. */
export interface Asked {
	action: string;
	key: string | undefined;
	params: Record<string, unknown>;
}

const payment = ({ orderId, amount = 2_500 }: { orderId: number; amount?: number }, state: string) => ({
	id: 700 + orderId,
	orderId,
	userId: ALICE,
	state,
	amount,
	refunded: 0,
	currency: "EUR",
	createdAt: NOW,
	updatedAt: NOW,
	version: 1
});

/** What the services around orders answer when nothing is wrong. */
const answers: Record<string, (params: never) => unknown> = {
	"products.resolve": ({ ids }: { ids: number[] }) => ({
		items: ids
			.filter(id => PRICES[id])
			.map(id => ({
				id,
				name: `Product ${id}`,
				description: "",
				price: PRICES[id],
				currency: "EUR",
				images: [],
				createdAt: NOW,
				updatedAt: NOW,
				version: 1
			}))
	}),
	"users.contact": ({ id }: { id: number }) => {
		if (id > 2) throw new Refused("USER_NOT_FOUND");
		return { id, name: "Alice", email: "alice@souk.test", language: "en" };
	},
	"inventory.reserve": ({ orderId }: { orderId: number }) => ({ orderId, status: "HELD", expiresAt: NOW }),
	"inventory.commit": ({ orderId }: { orderId: number }) => ({ orderId, status: "COMMITTED" }),
	"inventory.takeBack": ({ returnId, orderId }: { returnId: number; orderId: number }) => ({ returnId, orderId }),
	"inventory.release": ({ orderId }: { orderId: number }) => ({ orderId, status: "RELEASED" }),
	"payments.authorize": (params: { orderId: number; amount: number }) => payment(params, "AUTHORIZED"),
	"payments.capture": (params: { orderId: number }) => payment(params, "CAPTURED"),
	"payments.refundPart": ({ orderId, amount }: { orderId: number; amount: number }) => ({ orderId, refunded: amount }),
	"payments.void": ({ orderId }: { orderId: number }) => ({ orderId, state: "VOIDED" }),
	"payments.refundOrder": ({ orderId }: { orderId: number }) => ({ orderId, refunded: 2_500 }),
	"shipping.check": ({ address }: { address: { country: string } }) => ({ ships: address.country !== "ZZ" }),
	"shipping.create": ({ orderId }: { orderId: number }) => ({
		id: 900 + orderId,
		orderId,
		userId: ALICE,
		status: "CREATED",
		createdAt: NOW,
		updatedAt: NOW,
		version: 1
	}),
	"shipping.cancel": ({ orderId }: { orderId: number }) => ({ orderId, status: "CANCELLED" })
};

const contracts: readonly Contract[] = [products, users, inventory, payments, shipping];

/** All services around orders, played from their contracts: they answer well unless a spec has them do otherwise. */
export class Neighbours {
	readonly asked: Asked[] = [];
	readonly #instead = new Map<string, (() => unknown)[]>();

	/** What the next calls of an action throw or wait for, in turn; after that it answers well. */
	on(action: string, ...instead: (() => unknown)[]): this {
		this.#instead.set(action, instead);
		return this;
	}

	/** The actions that were asked, those that only read left out. */
	get actions(): string[] {
		return this.asked.map(({ action }) => action).filter(action => !/resolve|contact|check/.test(action));
	}

	keysOf(action: string): (string | undefined)[] {
		return this.asked.filter(call => call.action === action).map(({ key }) => key);
	}

	services(): ServiceSchema[] {
		return contracts.map(contract => {
			const own = Object.keys(answers).filter(action => action.startsWith(`${contract.name}.`));
			return stub(
				contract,
				Object.fromEntries(own.map(action => [action.slice(contract.name.length + 1), this.#play(action)]))
			);
		});
	}

	#play(action: string) {
		return async (params: never, ctx: { headers: Record<string, string> }) => {
			this.asked.push({ action, key: ctx.headers["idempotency-key"], params });
			await this.#instead.get(action)?.shift()?.();
			return answers[action]!(params);
		};
	}
}

/** Has a neighbour throw. */
export const refusing = (code: string, because?: string) => (): never => {
	throw new Refused(code, because);
};
export const failing = (): never => {
	throw new OutOfOrder();
};

/** A step that hangs until it is told to go on. */
export function hanging(): { answer: () => Promise<void>; go: () => void } {
	const { promise, resolve } = Promise.withResolvers<void>();
	return { answer: () => promise, go: resolve };
}

let keys = 0;

/** The orders service among its neighbours, and a customer. */
export interface Shop extends TestNode {
	orders: OrdersService;
	place(over?: object, headers?: Record<string, string>): Promise<Order>;
	order(id: number): Promise<Order>;
	cancel(id: number): Promise<Order>;
	/** The steps of an order as its history tells them: `forward inventory.reserve DONE`. */
	steps(id: number): Promise<string[]>;
	sagas(): Promise<{ type: string; status: string; attempts: number; error: string | null }[]>;
	/** Changes the store behind the service's back. */
	tamper(sql: string): Promise<void>;
}

export async function shop(
	neighbours: Neighbours,
	{ beside = [], ...options }: { dataDir?: string; env?: Record<string, string>; beside?: ServiceSchema[] } = {}
): Promise<Shop> {
	const started = await node([ordersService, ...neighbours.services(), ...beside], options);
	const orders = started.broker.getLocalService("orders") as OrdersService;
	return {
		...started,
		orders,
		place: (over, headers = {}) =>
			as(
				started,
				{ userId: ALICE },
				{ "idempotency-key": `key-of-spec-${++keys}`, ...headers }
			)("orders.place", anOrder(over)),
		order: id => started.call("orders.get", { id }),
		cancel: id => as(started, { userId: ALICE })("orders.cancel", { id }),
		steps: async id =>
			(await started.call("orders.history", { id })).steps.map(
				({ direction, step, status }) => `${direction} ${step} ${status}`
			),
		sagas: () => orders.store.all("SELECT type, status, attempts, error FROM sagas ORDER BY id"),
		tamper: sql => orders.store.database.write("tamper", async tx => void (await tx.run(sql)))
	};
}
