// @ts-check
// Finds what the API knows of a request: shared by the page and `npm run explain`.

/**
 * @typedef {import("./flow.js").Happened} Happened
 * @typedef {import("./flow.js").Span} Span
 * @typedef {import("./flow.js").Step} Step
 */
/** @typedef {(path: string) => Promise<{ status: number, body: any }>} Get `any`: what the API answers is its contract's */

/**
 * @typedef {object} Found
 * @property {string} requestId
 * @property {number} [order] the order that it is about
 * @property {Happened[]} events
 * @property {Span[]} spans
 * @property {Step[]} steps of the order's sagas that the request set going
 * @property {string[]} others the requests that did something to the same order
 */

const PAGES = 5;
const TRACE = /^[\da-f]{32}$/;

/**
 * By the number of an order (the request that placed it), the id of a request or that of a trace. Undefined where nothing
 * is known of it.
 * @param {Get} get @param {string} reference @returns {Promise<Found | undefined>}
 */
export async function findFlow(get, reference) {
	if (/^\d{1,15}$/.test(reference)) {
		const about = await eventsBy(get, `subject=order/${reference}`);
		const first = about.at(-1);
		return first && found(get, first.correlationId, Number(reference));
	}
	return found(get, TRACE.test(reference) ? await requestOf(get, reference) : reference);
}

/** @param {Get} get @param {string} requestId @param {number} [number] @returns {Promise<Found | undefined>} */
async function found(get, requestId, number) {
	const id = encodeURIComponent(requestId);
	const [events, trace] = await Promise.all([eventsBy(get, `correlationId=${id}`), get(`/admin/traces/${id}`)]);
	const spans = trace.status === 200 ? trace.body.spans : [];
	if (events.length === 0 && spans.length === 0) return undefined;
	const order = number ?? orderOf(events);
	if (order === undefined) return { requestId, events, spans, steps: [], others: [] };
	const [history, about] = await Promise.all([
		get(`/orders/${order}/history`),
		eventsBy(get, `subject=order/${order}`)
	]);
	return {
		requestId,
		order,
		events,
		spans,
		steps: history.status === 200 ? history.body.steps.filter(takenFor(requestId)) : [],
		others: [...new Set(about.map(event => event.correlationId))].filter(other => other !== requestId).reverse()
	};
}

/** @param {string} id @returns {(step: { requestId: string }) => boolean} */
const takenFor = id => step => step.requestId === id;

/** Events, the newest first. @param {Get} get @param {string} query @returns {Promise<Happened[]>} */
async function eventsBy(get, query) {
	/** @type {Happened[]} */
	const events = [];
	let after = "";
	for (let page = 0; page < PAGES; page++) {
		const { status, body } = await get(`/admin/events?limit=100&${query}${after}`);
		if (status !== 200) break;
		events.push(...body.items);
		if (body.next === undefined) break;
		after = `&after=${body.next}`;
	}
	return events;
}

/** @param {readonly Happened[]} events */
function orderOf(events) {
	const subject = events.find(({ subject }) => subject.startsWith("order/"))?.subject;
	return subject ? Number(subject.slice("order/".length)) : undefined;
}

/**
 * The request of a trace. Where the client named none, the trace has the request's id.
 * @param {Get} get @param {string} trace
 */
async function requestOf(get, trace) {
	const { status, body } = await get(`/admin/traces/${trace}`);
	return status === 200 ? body.requestId : trace.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
