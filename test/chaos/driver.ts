import { setTimeout as pause } from "node:timers/promises";
import { Client } from "./client.ts";
import type { Souk } from "./harness.ts";
import type { Ledger } from "./ledger.ts";

export const FLOWS = ["orchestrated", "choreographed"] as const;
export type Flow = (typeof FLOWS)[number];

/** How an order may end. */
export interface Ending {
	status: "CONFIRMED" | "SHIPPED" | "DELIVERED" | "CANCELLED";
	reason?: string;
}

export interface Order extends Record<string, unknown> {
	id: number;
	status: string;
	reason?: string;
	cancelRequested?: true;
	shipmentId?: number;
	paymentId?: number;
	total: number;
}

/** An order that was answered, and how it must end. */
export interface Placed {
	id: number;
	branch: string;
	flow: Flow;
	ends: Ending[];
	/** What the staff gave back of its price beside. */
	refunded?: number;
}

/** One way an order can go. */
export interface Branch {
	name: string;
	token?: string;
	country?: string;
	/** More than there are. */
	tooMany?: true;
	/** So many units of what there is without end. */
	quantity?: number;
	/** One unit of this product, and nothing else. */
	product?: number;
	ends: Ending[];
	/** What the staff gives back of its price. */
	refunded?: number;
	/** What people do after it was placed. */
	then?(driver: Driver, order: Order): Promise<void>;
}

/** The products that a driver orders: one without end, one of which there is only a single unit. */
interface Catalogue {
	plenty: number;
	scarce: number;
}

export const STAFF = "staff@souk.test";
export const ADMIN = "admin@souk.test";
const BUYERS = ["alice@souk.test", "bob@souk.test"];

/** Customers and staff, over HTTP. */
export class Driver {
	readonly client: Client;
	readonly placed: Placed[] = [];
	readonly #run: string;
	#catalogue: Promise<Catalogue> | undefined;
	#keys = 0;

	constructor(souk: Souk, ledger: Ledger, run: string) {
		this.client = new Client(souk, ledger);
		this.#run = run;
	}

	/** A key of its own for a request: visible characters, no spaces. */
	key(what: string): string {
		return `${this.#run}-${what}-${++this.#keys}`.replace(/[^\w.-]+/g, "_");
	}

	buyer(): string {
		return BUYERS[this.#keys % BUYERS.length]!;
	}

	/** Logs everybody in and makes the products, once. */
	prepared(): Promise<Catalogue> {
		this.#catalogue ??= (async () => {
			await Promise.all([STAFF, ADMIN, ...BUYERS].map(email => this.client.logIn(email)));
			return { plenty: await this.product("Plenty", 1_000_000), scarce: await this.product("The last one", 1) };
		})();
		return this.#catalogue;
	}

	/** Adds a product with its stock. */
	async product(name: string, onHand: number): Promise<number> {
		const made = await this.staff<{ id: number }>("products.create", "POST", "/products", { name, price: 1_250 });
		await this.staff("inventory.set", "PUT", `/stock/${made.id}`, { onHand });
		return made.id;
	}

	/** What the staff asks for, until it is answered. Throws when it is refused. */
	staff<Body>(
		operation: string,
		method: "GET" | "POST" | "PUT" | "DELETE",
		path: string,
		body?: unknown,
		as = STAFF
	): Promise<Body> {
		return this.client.done<Body>({ operation, method, path, as, key: this.key(operation), body });
	}

	/** Places an order, sees it to its end, and sends it once more under its key. */
	async order(branch: Branch, flow: Flow): Promise<Order> {
		const request = await this.request(branch, flow);
		const body = await this.client.done<Order>(request);
		const { name, ends, refunded } = branch;
		this.placed.push({ id: body.id, branch: name, flow, ends, refunded });
		await branch.then?.(this, body);
		const ended = await this.settled(body.id, ends);
		await this.client.insist<Order>(request);
		return ended;
	}

	/** Many want one unit each of what there are only a few, at the same time. Resolves to how the orders ended. */
	async scramble(flow: Flow, buyers: number, units: number): Promise<Order[]> {
		const product = await this.product("Wanted by many", units);
		const ends: Ending[] = [{ status: "CONFIRMED" }, { status: "CANCELLED", reason: "OUT_OF_STOCK" }];
		return Promise.all(Array.from({ length: buyers }, () => this.order({ name: "scramble", product, ends }, flow)));
	}

	/** The request that places an order of a branch. */
	async request(branch: Branch, flow: Flow) {
		const { plenty, scarce } = await this.prepared();
		const { token = "tok_ok", country = "FR", tooMany, quantity, product, name } = branch;
		const one = (productId: number, quantity: number) => ({ productId, quantity });
		// Two lines of one product: they are one thing to whoever counts.
		const items = product
			? [one(product, 1)]
			: quantity
				? [one(plenty, quantity)]
				: tooMany
					? [one(scarce, 2)]
					: [one(plenty, 1), one(plenty, 2)];
		const shippingAddress = { name: "A. Buyer", street: "1 Market Street", city: "Lyon", postalCode: "69001", country };
		return {
			operation: "orders.place",
			method: "POST",
			path: "/orders",
			as: this.buyer(),
			key: this.key(`${name}-${flow}`),
			body: { items, payment: { token }, shippingAddress, flow }
		} as const;
	}

	/** Waits until nothing more happens to an order by itself. */
	settled(id: number, ends: Ending[]): Promise<Order> {
		return this.client.until<Order>(
			{ operation: "orders.get", path: `/orders/${id}`, as: STAFF },
			({ status, cancelRequested }) => ends.some(end => end.status === status) && !cancelRequested
		);
	}

	/** Waits until an order has one of the states. */
	reached(id: number, ...states: string[]): Promise<Order> {
		return this.client.until<Order>({ operation: "orders.get", path: `/orders/${id}`, as: STAFF }, ({ status }) =>
			states.includes(status)
		);
	}

	/** Asks for an order to be cancelled, until that is answered. */
	async cancel(id: number): Promise<void> {
		const path = `/orders/${id}/cancel`;
		await this.client.insist({ operation: "orders.cancel", method: "POST", path, as: STAFF, key: this.key("cancel") });
	}

	/** Does a step that has no key until it shows: what was not answered may have been done. */
	async ship(order: Order, verb: "dispatch" | "deliver", state: string): Promise<void> {
		const { shipmentId: id } = order;
		const path = `/shipments/${id}`;
		for (;;) {
			const { status, text } = await this.client.insist({
				operation: `shipping.${verb}`,
				method: "POST",
				path: `${path}/${verb}`,
				as: STAFF
			});
			if (status < 300) return;
			const { body } = await this.client.insist<{ status: string }>({
				operation: "shipping.get",
				method: "GET",
				path,
				as: STAFF
			});
			if (body.status === state) return;
			// The shipment hears of its order's confirmation a moment after the customer does.
			if (status !== 409 || body.status === "CANCELLED") throw new Error(`${path}/${verb} answers ${status} ${text}`);
			await pause(20);
		}
	}
}
