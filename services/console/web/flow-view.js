// @ts-check
import { ask } from "./api.js";
import { findFlow } from "./flow-source.js";
import { inBrief, lengthOf, rowsOf } from "./flow.js";
import { Columns, flowAddress, Heading, Time, Trouble } from "./parts.js";
import { Requests } from "./requests.js";
import { html, useEffect, useRef, useState } from "./preact.mjs";

/** @typedef {import("./flow.js").Row} Row @typedef {import("./flow-source.js").Found} Found */

/** How long nothing must have happened before spans and steps are asked for again. */
const SETTLED_MS = 1_500;
const KINDS = {
	request: "request",
	saga: "saga",
	happened: "event",
	http: "HTTP",
	call: "call",
	unit: "commit",
	event: "handles",
	step: "step"
};

/** What one request led to. @param {{ reference: string, brief: boolean, events: import("./flow.js").Happened[] }} props */
export function Flow({ reference, brief, events }) {
	const [found, setFound] = useState(/** @type {Found | undefined} */ (undefined));
	const [trouble, setTrouble] = useState(/** @type {string | undefined} */ (undefined));
	const asked = useRef("");
	const lookedAgain = useRef(false);
	const look = async () => {
		asked.current = reference;
		const now = await findFlow(ask, reference).catch(() => null);
		if (asked.current !== reference) return;
		setTrouble(now ? undefined : now === null ? "The server cannot be reached." : `Nothing is known of ${reference}.`);
		setFound(now ?? undefined);
	};
	const fresh = events.filter(({ correlationId, subject }) =>
		found ? correlationId === found.requestId : correlationId === reference || subject === `order/${reference}`
	);
	const newest = fresh[0]?.seq ?? 0;
	useEffect(() => {
		setFound(undefined);
		setTrouble(undefined);
		lookedAgain.current = false;
		if (reference) void look();
	}, [reference]);
	// What is new is shown as it comes; what else is known of it is asked for once it is quiet, and so is what services had
	// not told yet of a request that has just been made.
	useEffect(() => {
		const known = found?.events ?? [];
		const unknown = newest > Math.max(0, ...known.map(({ seq }) => seq));
		if (!unknown && (lookedAgain.current || !isRecent(known))) return undefined;
		const timer = setTimeout(() => {
			lookedAgain.current = true;
			void look();
		}, SETTLED_MS);
		return () => clearTimeout(timer);
	}, [newest, found]);
	return html`<main>
		<${Heading} title=${reference ? `Flow of ${/^\d+$/.test(reference) ? `order ${reference}` : reference}` : "Flow"} />
		<${Search} reference=${reference} />
		<${Trouble} text=${trouble} />
		${!reference && html`<${Requests} />`}
		${found && html`<${Tree} found=${merged(found, fresh)} reference=${reference} brief=${brief} />`}
	</main>`;
}

const RECENT_MS = 10_000;
/** @param {Found["events"]} events */
const isRecent = events => events.some(({ at }) => Math.abs(Date.now() - Date.parse(at)) < RECENT_MS);

/** @param {Found} found @param {Found["events"]} fresh @returns {Found} */
const merged = (found, fresh) => ({
	...found,
	events: [...new Map([...found.events, ...fresh].map(event => [event.seq, event])).values()]
});

/** @param {{ reference: string }} props */
function Search({ reference }) {
	const submit = (/** @type {SubmitEvent} */ event) => {
		event.preventDefault();
		const wanted = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget)).get("reference");
		location.hash = flowAddress(String(wanted).trim());
	};
	// With `value`, what somebody types would be taken back whenever an event comes.
	return html`<form class="filters" role="search" onSubmit=${submit}>
		<label>Order number, request id or trace id
			<input key=${reference} name="reference" defaultValue=${reference} required size="40" />
		</label>
		<button class="main">Show</button>
	</form>`;
}

/** @param {{ found: Found, reference: string, brief: boolean }} props */
function Tree({ found, reference, brief }) {
	const all = rowsOf(found);
	const rows = brief ? inBrief(all) : all;
	const length = lengthOf(rows);
	const other = brief
		? { query: "", words: "Show what went on inside the services, too" }
		: { query: "?brief", words: "Leave out what went on inside the services" };
	const { order, requestId, others, spans } = found;
	return html`
		<dl class="facts">
			<div><dt>Request</dt><dd><a href=${flowAddress(requestId)}>${requestId}</a></dd></div>
			${order && html`<div><dt>Order</dt><dd><a href=${flowAddress(String(order))}>${order}</a></dd></div>`}
			<div><dt>Began</dt><dd><${Time} at=${rows[0]?.at ?? ""} /></dd></div>
			<div><dt>Took</dt><dd>${milliseconds(length)}</dd></div>
			<div><dt>Failed</dt><dd>${rows.filter(({ error }) => error).length}</dd></div>
			${
				others.length > 0 &&
				html`<div>
					<dt>Other requests</dt>
					<dd>${others.map(id => html`<a key=${id} href=${flowAddress(id)}>${id}</a> `)}</dd>
				</div>`
			}
		</dl>
		${spans.length > 0 && html`<p><a href=${flowAddress(reference) + other.query}>${other.words}</a></p>`}
		<table class="flow">
			<caption>
				Each beneath what led to it, with the milliseconds since the beginning.
				${spans.length === 0 && " No times were recorded for this request: it is told by its events."}
			</caption>
			<${Columns} names=${["What", "Kind", "Service", "At", "Took", "Timeline"]} />
			<tbody>${rows.map(row => html`<${Line} key=${row.key} row=${row} length=${length} />`)}</tbody>
		</table>
	`;
}

/** @param {{ row: Row, length: number }} props */
function Line({ row, length }) {
	const { depth, kind, name, service, offset, ms, error, detail, undoes, event } = row;
	const share = (/** @type {number} */ part) => `${length > 0 ? Math.min(100, (100 * part) / length) : 0}%`;
	return html`<tr class=${[kind, error && "failed", undoes && "undoes"].filter(Boolean).join(" ")} data-depth=${depth}>
		<td style=${{ paddingInlineStart: `${0.75 + depth * 1.25}rem` }}>
			<strong>${name}</strong>
			${event && html` <span class="subject">${event.subject}</span>`}
			${undoes && html` <span class="note">takes back</span>`}
			${error && html` <span class="note bad">${error}</span>`}
			${detail && html` <span class="note">${detail}</span>`}
			${
				event?.data !== undefined &&
				html`<details><summary>data</summary><pre>${JSON.stringify(event.data, null, 2)}</pre></details>`
			}
		</td>
		<td>${KINDS[kind]}</td>
		<td>${service}</td>
		<td class="number">+${milliseconds(offset)}</td>
		<td class="number">${ms === undefined ? "" : milliseconds(ms)}</td>
		<td class="line">
			${
				ms === undefined
					? html`<div class="moment" style=${{ left: share(offset) }}></div>`
					: html`<div class="bar" style=${{ left: share(offset), width: share(ms) }}></div>`
			}
		</td>
	</tr>`;
}

/** @param {number} ms */
const milliseconds = ms =>
	ms < 10 ? `${Math.round(ms * 10) / 10} ms` : ms < 10_000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 1000)} s`;
