import { findFlow, type Get } from "../../../services/console/web/flow-source.js";

const event = (correlationId: string) => ({ correlationId, subject: "order/7", type: "order.created" });
const taken = (step: string, requestId: string) => ({ step, requestId });

/** An API that knows one order: placed by one request, sent back by another. */
const get: Get = path => {
	const events = [event("sent-back"), event("placed")];
	const answers: Record<string, object> = {
		"/admin/events?limit=100&subject=order/7": { items: events },
		"/admin/events?limit=100&correlationId=placed": { items: [events[1]] },
		"/admin/events?limit=100&correlationId=sent-back": { items: [events[0]] },
		"/admin/traces/placed": { requestId: "placed", spans: [{ spanId: "a" }] },
		"/orders/7/history": { steps: [taken("inventory.reserve", "placed"), taken("inventory.takeBack", "sent-back")] }
	};
	const body = answers[path];
	return Promise.resolve({ status: body ? 200 : 404, body: body ?? (path.includes("events") ? { items: [] } : {}) });
};

describe("the flow of a request", () => {
	it("is found by the order that it placed, with its own saga and the requests that came later", async () => {
		expect(await findFlow(get, "7")).toMatchObject({
			requestId: "placed",
			order: 7,
			spans: [{ spanId: "a" }],
			steps: [{ step: "inventory.reserve" }],
			others: ["sent-back"]
		});
	});

	it("is found by its id, with or without spans", async () => {
		expect(await findFlow(get, "sent-back")).toMatchObject({
			spans: [],
			steps: [{ step: "inventory.takeBack" }],
			others: ["placed"]
		});
	});

	it("is not made up", async () => {
		expect(await findFlow(get, "nothing-like-it")).toBeUndefined();
		expect(await findFlow(get, "8")).toBeUndefined();
	});
});
