// @ts-check
// What happened for one request, as rows of a tree: pure functions, shared by the page and `npm run explain`.

/**
 * @typedef {object} Happened an event as the audit log has it
 * @property {number} seq
 * @property {string} eventId
 * @property {string} at
 * @property {string} type
 * @property {string} subject
 * @property {string} source
 * @property {string} correlationId
 * @property {string} [causationId]
 * @property {string} [traceparent]
 * @property {unknown} [data]
 *
 * @typedef {object} Span something that was done, and how long it took
 * @property {string} spanId
 * @property {string} [parentId]
 * @property {"http" | "call" | "unit" | "event" | "step"} kind
 * @property {string} name
 * @property {string} service
 * @property {string} at
 * @property {number} ms
 * @property {string} [error]
 *
 * @typedef {object} Step a step of an order's saga, when it was logged
 * @property {string} step
 * @property {"forward" | "back"} direction
 * @property {string} status
 * @property {string} [detail]
 * @property {string} at
 *
 * @typedef {object} Row
 * @property {string} key
 * @property {number} depth
 * @property {"request" | "saga" | "happened" | Span["kind"]} kind
 * @property {string} name
 * @property {string} service
 * @property {string} at
 * @property {number} offset milliseconds since the first row
 * @property {number} [ms] how long it took, where that was measured
 * @property {string} [detail]
 * @property {string} [error] why it failed
 * @property {boolean} [undoes] it takes back what was done before
 * @property {Happened} [event]
 *
 * @typedef {Omit<Row, "depth" | "offset"> & { parent?: string | undefined }} Node
 */

/** What is said when something is taken back. */
const UNDOING = new Set(["inventory.released", "payment.voided", "payment.refunded", "shipment.cancelled"]);
const FAILING = /[._](failed|refused|parked|needs_attention)$/;

/**
 * Every row in the order to be read: each beneath what led to it, and what it led to as it happened. Where there are
 * spans they are the tree, and events stand beneath the unit that they were committed with; where there are none, events
 * stand beneath those that caused them, and those of a saga beneath its steps.
 * @param {{ requestId: string, events: readonly Happened[], spans?: readonly Span[], steps?: readonly Step[] }} found
 * @returns {Row[]}
 */
export function rowsOf({ requestId, events, spans = [], steps = [] }) {
	const happened = inOrder(events.map(eventNode));
	const nodes = [
		...spans.map(span => spanNode(span, happened, steps)),
		...happened,
		...(spans.some(({ kind }) => kind === "step") ? [] : sagaNodes(steps, happened))
	];
	const tops = spans.filter(({ parentId, kind }) => kind === "http" && !spans.some(other => other.spanId === parentId));
	/** @type {Node} */
	const root =
		tops.length === 1
			? /** @type {Node} */ (nodes.find(({ key }) => key === `span ${tops[0]?.spanId}`))
			: { key: "request", kind: "request", name: `request ${requestId}`, service: "", at: earliest(nodes) };
	return laidOut(root, nodes);
}

/** What services do within themselves, and nobody else hears of. @type {ReadonlySet<Row["kind"]>} */
const INNER = new Set(/** @type {const} */ (["call", "unit", "event"]));

/**
 * The same rows without what goes on inside the services, unless it failed: steps and events, each beneath the nearest that
 * is left.
 * @param {readonly Row[]} rows @returns {Row[]}
 */
export function inBrief(rows) {
	/** @type {number[]} */
	const above = [];
	return rows.flatMap(row => {
		while (above.length > 0 && /** @type {number} */ (above.at(-1)) >= row.depth) above.pop();
		if (INNER.has(row.kind) && !row.error) return [];
		const depth = above.length;
		above.push(row.depth);
		return [{ ...row, depth }];
	});
}

/** The whole time that the rows show, in milliseconds. @param {readonly Row[]} rows */
export const lengthOf = rows => rows.reduce((end, { offset, ms = 0 }) => Math.max(end, offset + ms), 0);

/** @param {Happened} event @returns {Node} */
function eventNode(event) {
	const { reason, error } = /** @type {{ reason?: unknown, error?: unknown }} */ (event.data ?? {});
	const why = [error, reason].find(text => typeof text === "string");
	return {
		key: `event ${event.eventId}`,
		kind: "happened",
		name: event.type,
		service: event.source.slice(event.source.lastIndexOf("/") + 1),
		at: event.at,
		parent: event.causationId && `event ${event.causationId}`,
		event,
		...(FAILING.test(event.type) ? { error: String(why ?? "failed") } : why ? { detail: String(why) } : {}),
		...(UNDOING.has(event.type) && { undoes: true })
	};
}

/** @param {Span} span @param {readonly Node[]} happened @param {readonly Step[]} steps @returns {Node} */
function spanNode({ spanId, parentId, kind, name, service, at, ms, error }, happened, steps) {
	const key = `span ${spanId}`;
	// What was committed with a unit stands beneath it: that is nearer than the event that led to the unit.
	for (const node of happened) if (spanOf(node.event?.traceparent) === spanId) node.parent = key;
	// A handler is the child of the unit that announced the event; between them stands the event.
	const heard =
		kind === "event" && happened.find(node => node.name === name && spanOf(node.event?.traceparent) === parentId);
	const step = kind === "step" ? steps.find(taken => taken.step === name) : undefined;
	return {
		key,
		kind,
		name,
		service,
		at,
		ms,
		parent: heard ? heard.key : parentId && `span ${parentId}`,
		...(error && { error }),
		...(step?.direction === "back" && { undoes: true })
	};
}

/** The span in a traceparent. @param {string | undefined} traceparent */
const spanOf = traceparent => traceparent?.split("-")[2];

/**
 * The sagas of an order, with their steps. A saga's steps are logged after they were taken, so an event that no event
 * caused belongs to the step of its service that was logged first after it.
 * @param {readonly Step[]} steps @param {readonly Node[]} happened @returns {Node[]}
 */
function sagaNodes(steps, happened) {
	const begun = happened.find(({ name }) => name.startsWith("order."));
	const free = new Set(happened.filter(node => !happened.some(({ key }) => key === node.parent) && node !== begun));
	return sagasIn(steps).flatMap(({ name, status, taken, at }, index) => {
		const key = `saga ${index}`;
		/** @type {Node[]} */
		const nodes = taken.map(({ step, direction, status, detail, at }, place) => {
			const own = { key: `${key} step ${place}`, at };
			for (const node of free)
				if (step.startsWith(node.service) && node.at <= at) {
					free.delete(node);
					node.parent = own.key;
					if (node.at < own.at) own.at = node.at;
				}
			const why =
				status === "DONE" ? {} : status === "REFUSED" || detail ? { error: detail ?? status } : { detail: status };
			return {
				...own,
				kind: "step",
				name: step,
				service: /** @type {string} */ (step.split(".")[0]),
				parent: key,
				...why,
				...(direction === "back" && { undoes: true })
			};
		});
		for (const node of free) if (node.event?.subject === begun?.event?.subject) node.parent = key;
		const first = nodes[0]?.at ?? at;
		return [{ key, kind: "saga", name, service: "orders", at: first, detail: status, parent: begun?.key }, ...nodes];
	});
}

/**
 * Steps by saga: each ends with a line that has the saga's own name. Chains of events have steps, but no saga.
 * @param {readonly Step[]} steps
 */
function sagasIn(steps) {
	/** @type {{ name: string, status: string, taken: Step[], at: string }[]} */
	const sagas = [];
	/** @type {Step[]} */
	let taken = [];
	for (const step of steps) {
		if (step.status === "HEARD") continue;
		if (step.step.includes(".")) taken.push(step);
		else {
			sagas.push({ name: step.step, status: step.status, taken, at: step.at });
			taken = [];
		}
	}
	const [first] = taken;
	return first ? [...sagas, { name: "saga", status: "under way", taken, at: first.at }] : sagas;
}

/** @param {readonly Node[]} nodes */
const earliest = nodes => nodes.reduce((first, { at }) => (first === "" || at < first ? at : first), "");

/** @template {{ at: string }} Timed @param {readonly Timed[]} timed @returns {Timed[]} */
const inOrder = timed => timed.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));

/** @param {Node} root @param {readonly Node[]} nodes @returns {Row[]} */
function laidOut(root, nodes) {
	const known = new Map(nodes.map(node => [node.key, node]));
	/** @type {Map<string, Node[]>} */
	const children = Map.groupBy(inOrder(nodes.filter(node => node !== root)), ({ parent }) =>
		parent && known.has(parent) ? parent : root.key
	);
	// A measured request began what is beneath it, whatever other clocks say.
	const start = Date.parse(root.ms === undefined ? earliest([root, ...nodes]) : root.at);
	/** @type {Row[]} */
	const rows = [];
	const seen = new Set();
	/** @param {Node} node @param {number} depth @param {number} from */
	const put = ({ parent: _above, ...node }, depth, from) => {
		if (seen.has(node.key)) return;
		seen.add(node.key);
		// Services have clocks of their own; what led to something was before it.
		const offset = Math.max(from, Date.parse(node.at) - start || 0);
		rows.push({ ...node, depth, offset });
		for (const child of children.get(node.key) ?? []) put(child, depth + 1, offset);
	};
	put(root, 0, 0);
	// What others sent may say that two things caused each other: then neither is beneath the request, and both are shown.
	for (const node of nodes) put(node, 1, 0);
	return rows;
}
