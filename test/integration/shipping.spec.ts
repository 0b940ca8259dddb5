import type { SoukEvent } from "../../broker/event.ts";
import type { InboxService } from "../../mixins/inbox.mixin.ts";
import { shipping, type Shipment } from "../../services/shipping/shipping.contract.ts";
import shippingService from "../../services/shipping/shipping.service.ts";
import { eventually } from "../support/eventually.ts";
import { as, event, node, type TestNode } from "../support/node.ts";

let here: TestNode;
beforeEach(async () => {
	here = await node([shippingService]);
});
afterEach(() => here.close());

const address = { name: "Alice", street: "Road 1", city: "Town", postalCode: "1", country: "DE" };
const nowhere = { ...address, country: "ZZ" };
const create = (orderId = 12, to: Shipment["address"] = address) =>
	here.call("shipping.create", { orderId, userId: 1, address: to });
const cancel = (orderId = 12) => here.call("shipping.cancel", { orderId, reason: "CUSTOMER" });
const staff = (headers: Record<string, string> = {}) => as(here, { userId: 3, roles: ["staff"] }, headers);
const dispatch = (id = 1, headers = {}) => staff(headers)("shipping.dispatch", { id });
const deliver = (id = 1, headers = {}) => staff(headers)("shipping.deliver", { id });
const get = (id = 1) => staff()("shipping.get", { id });

const money = { orderId: 12, userId: 1, total: 2500, currency: "EUR" };
const confirmed = (orderId = 12) => event("order.confirmed", `order/${orderId}`, { ...money, orderId, items: [] });

async function publish(...events: SoukEvent[]): Promise<void> {
	for (const one of events) await here.publish(one);
}
/** What shipping said, with the reason and whether it carries the order; all of it is delivered. */
async function said(): Promise<string[]> {
	const service = here.broker.getLocalService("shipping") as unknown as InboxService;
	await eventually(async () => expect(await service.relay.backlog()).toBe(0));
	expect(await service.store.all("SELECT * FROM dead_letters")).toEqual([]);
	return here.heard
		.filter(({ type }) => type.startsWith("shipment."))
		.map(({ type, subject, data }) => {
			expect(subject).toBe(`order/${(data as { orderId: number }).orderId}`);
			const { order, reason } = data as { order?: unknown; reason?: string };
			return [type, reason, order ? "in the chain" : "alone"].filter(Boolean).join(" ");
		});
}

it("an address can be asked about before anything is booked", async () => {
	expect(await here.call("shipping.check", { address })).toEqual({ ships: true });
	expect(await here.call("shipping.check", { address: nowhere })).toEqual({ ships: false });
	await expect(as(here, { userId: 3, roles: ["admin"] })("shipping.check", { address })).rejects.toMatchObject({
		code: 403
	});
});

// checklist: 97
describe("booking a shipment", () => {
	it("answers with it, and says so", async () => {
		expect(await create()).toMatchObject({ id: 1, orderId: 12, userId: 1, status: "CREATED", address, version: 1 });
		expect(await said()).toEqual(["shipment.created alone"]);
		expect(here.of("shipment.created")[0]!.data).toMatchObject({ shipmentId: 1, orderId: 12, userId: 1 });
	});

	it("answers the same when it is repeated, also twenty times at once and after a restart", async () => {
		const answers = await Promise.all(Array.from({ length: 20 }, () => create()));
		const before = here.heard;
		await here.stop();
		here = await node([shippingService], { dataDir: here.dataDir });
		answers.push(await create());
		expect(new Set(answers.map(answer => JSON.stringify(answer))).size).toBe(1);
		await said();
		const booked = [...before, ...here.heard].filter(({ type }) => type === "shipment.created");
		expect(new Set(booked.map(({ id }) => id)).size).toBe(1);
	});

	it("needs no address", async () => {
		const shipment = await here.call("shipping.create", { orderId: 12, userId: 1 });
		expect(shipment).toMatchObject({ status: "CREATED" });
		expect(shipment).not.toHaveProperty("address", expect.anything());
	});

	it("is refused where no carrier goes, also when it is repeated, and said once", async () => {
		for (let time = 0; time < 2; time++)
			await expect(create(12, nowhere)).rejects.toMatchObject({
				type: "SHIPPING_FAILED",
				code: 409,
				data: { orderId: 12, country: "ZZ" }
			});
		expect(await said()).toEqual(["shipment.failed SHIPPING_FAILED alone"]);
		expect(await get()).toMatchObject({ status: "REFUSED" });
		await expect(dispatch()).rejects.toMatchObject({ type: "SHIPMENT_NOT_READY" });
	});

	it("is too late once it was cancelled", async () => {
		await create();
		await cancel();
		await expect(create()).rejects.toMatchObject({ type: "SHIPMENT_CANCELLED", code: 409 });
	});
});

describe("cancelling a shipment", () => {
	it("is answered the same when it is repeated, and said once", async () => {
		await create();
		for (let time = 0; time < 3; time++) expect(await cancel()).toEqual({ orderId: 12, status: "CANCELLED" });
		expect(await said()).toEqual(["shipment.created alone", "shipment.cancelled CUSTOMER alone"]);
		expect(await get()).toMatchObject({ status: "CANCELLED", version: 2 });
		await publish(confirmed());
		await expect(dispatch()).rejects.toMatchObject({ type: "SHIPMENT_NOT_READY" });
	});

	it("leaves a tombstone when there is none, which a late booking finds and nobody is shown", async () => {
		for (let time = 0; time < 2; time++) expect(await cancel()).toEqual({ orderId: 12, status: "CANCELLED" });
		await expect(create()).rejects.toMatchObject({ type: "SHIPMENT_CANCELLED" });
		for (const attempt of [get(), dispatch(), deliver()])
			await expect(attempt).rejects.toMatchObject({ type: "SHIPMENT_NOT_FOUND" });
		expect(await said()).toEqual([]);
	});

	it("leaves one that was refused as it is", async () => {
		await expect(create(12, nowhere)).rejects.toThrow();
		expect(await cancel()).toEqual({ orderId: 12, status: "REFUSED" });
		expect(await said()).toEqual(["shipment.failed SHIPPING_FAILED alone"]);
	});

	it("is refused once the parcel has left", async () => {
		await create();
		await publish(confirmed());
		await dispatch();
		await expect(cancel()).rejects.toMatchObject({ type: "SHIPMENT_DISPATCHED", code: 409 });
		await deliver();
		await expect(cancel()).rejects.toMatchObject({ type: "SHIPMENT_DISPATCHED" });
		expect(await get()).toMatchObject({ status: "DELIVERED" });
	});

	it("and dispatching at once leave one winner", async () => {
		for (const orderId of [1, 2, 3, 4, 5]) {
			const { id } = await create(orderId);
			await publish(confirmed(orderId));
			const failed = (error: { type: string }) => error.type;
			const [left, called] = await Promise.all([dispatch(id).catch(failed), cancel(orderId).catch(failed)]);
			const { status } = await get(id);
			if (status === "DISPATCHED") expect(called).toBe("SHIPMENT_DISPATCHED");
			else expect([left, called]).toEqual(["SHIPMENT_NOT_READY", { orderId, status: "CANCELLED" }]);
		}
	});
});

describe("dispatching", () => {
	it("waits for the order to be confirmed", async () => {
		await create();
		await expect(dispatch()).rejects.toMatchObject({ type: "SHIPMENT_NOT_READY", data: { status: "CREATED" } });
		const before = await get();
		await publish(confirmed(), confirmed());
		expect(await get()).toEqual(before);
		expect(await dispatch()).toMatchObject({ status: "DISPATCHED", tracking: "SK000000014XZ", version: 2 });
		expect(await said()).toEqual(["shipment.created alone", "shipment.dispatched alone"]);
		expect(here.of("shipment.dispatched")[0]!.data).toMatchObject({ orderId: 12, tracking: "SK000000014XZ" });
	});

	it("happens once, however often it is asked for", async () => {
		await create();
		await publish(confirmed());
		const answers = await Promise.all(Array.from({ length: 20 }, () => dispatch()));
		expect(new Set(answers.map(answer => JSON.stringify(answer))).size).toBe(1);
		await deliver();
		expect(await dispatch()).toMatchObject({ status: "DELIVERED" });
		expect(here.of("shipment.dispatched")).toHaveLength(1);
	});

	it("is refused when somebody else changed the shipment since it was read", async () => {
		await create();
		await publish(confirmed());
		await expect(dispatch(1, { "if-match": "7" })).rejects.toMatchObject({ type: "VERSION_CONFLICT", code: 412 });
		expect(await dispatch(1, { "if-match": "1" })).toMatchObject({ status: "DISPATCHED", version: 2 });
		// The same request again, because its answer was lost: nothing is changed by it.
		expect(await dispatch(1, { "if-match": "1" })).toMatchObject({ status: "DISPATCHED", version: 2 });
		await expect(deliver(1, { "if-match": "1" })).rejects.toMatchObject({ type: "VERSION_CONFLICT" });
	});

	it("is refused for a shipment that does not exist", async () => {
		await expect(dispatch(9)).rejects.toMatchObject({ type: "SHIPMENT_NOT_FOUND", code: 404 });
		await expect(deliver(9)).rejects.toMatchObject({ type: "SHIPMENT_NOT_FOUND" });
	});
});

describe("delivering", () => {
	it("is for a parcel that has left, and happens once", async () => {
		await create();
		await publish(confirmed());
		await expect(deliver()).rejects.toMatchObject({ type: "SHIPMENT_NOT_READY" });
		await dispatch();
		const answers = await Promise.all(Array.from({ length: 10 }, () => deliver()));
		expect(answers).toEqual(answers.map(() => expect.objectContaining({ status: "DELIVERED", version: 3 })));
		expect(await said()).toEqual(["shipment.created alone", "shipment.dispatched alone", "shipment.delivered alone"]);
	});
});

describe("who may do what", () => {
	it("a shipment is read by its owner and by staff", async () => {
		await create();
		expect(await as(here, { userId: 1 })("shipping.get", { id: 1 })).toMatchObject({ id: 1 });
		await expect(as(here, { userId: 2 })("shipping.get", { id: 1 })).rejects.toMatchObject({ type: "FORBIDDEN" });
		await expect(as(here, "anonymous")("shipping.get", { id: 1 })).rejects.toMatchObject({ type: "NO_TOKEN" });
	});

	it("only staff send parcels, and only services book and cancel", async () => {
		await create();
		for (const verb of ["shipping.dispatch", "shipping.deliver"] as const)
			await expect(as(here, { userId: 1 })(verb, { id: 1 })).rejects.toMatchObject({ type: "FORBIDDEN" });
		const call = as(here, { userId: 3, roles: ["staff", "admin"] }) as (
			name: string,
			params: object
		) => Promise<unknown>;
		for (const [verb, spec] of Object.entries(shipping.actions))
			if (spec.access === "internal")
				await expect(call(`shipping.${verb}`, {})).rejects.toMatchObject({ type: "FORBIDDEN" });
	});
});

it("a confirmation that comes for no shipment is heard and forgotten", async () => {
	await publish(confirmed());
	expect(await said()).toEqual([]);
});
