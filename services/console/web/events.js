// @ts-check
import { Columns, flowAddress, Heading, Time } from "./parts.js";
import { html, useState } from "./preact.mjs";

/** @typedef {import("./flow.js").Happened} Happened */

/** @param {string} type */
const topicOf = type => `${type.split(".")[0]}.events`;

/**
 * The newest events, live. What is shown stands in the address, so that it can be sent to somebody.
 * @param {{ events: Happened[], state: string, query: URLSearchParams }} props
 */
export function Events({ events, state, query }) {
	const [held, setHeld] = useState(/** @type {Happened[] | undefined} */ (undefined));
	const [topic, type, subject] = ["topic", "type", "subject"].map(name => query.get(name) ?? "");
	const choose = (/** @type {string} */ name, /** @type {string} */ value) => {
		const next = new URLSearchParams(query);
		if (value) next.set(name, value);
		else next.delete(name);
		location.replace(`#/events${next.size > 0 ? `?${next}` : ""}`);
	};
	const field = (/** @type {string} */ name) => (/** @type {{ currentTarget: HTMLInputElement }} */ event) =>
		choose(name, event.currentTarget.value);
	const from = held ?? events;
	const waiting = held ? events.findIndex(({ seq }) => seq <= (held[0]?.seq ?? 0)) : 0;
	const shown = from.filter(
		event =>
			(!topic || topicOf(event.type) === topic) &&
			event.type.includes(type ?? "") &&
			event.subject.includes(subject ?? "")
	);
	const topics = [...new Set([...(topic ? [topic] : []), ...from.map(event => topicOf(event.type))])].sort();
	return html`<main>
		<${Heading} title="Events">
			<span class=${`state ${state}`} role="status">${held ? `paused, ${waiting < 0 ? events.length : waiting} new` : state}</span>
		</${Heading}>
		<form class="filters" onSubmit=${(/** @type {Event} */ event) => event.preventDefault()}>
			<label>Topic
				<select value=${topic} onChange=${field("topic")}>
					<option value="">all</option>
					${topics.map(name => html`<option key=${name} value=${name} selected=${name === topic}>${name}</option>`)}
				</select>
			</label>
			<label>Type <input value=${type} onInput=${field("type")} placeholder="order.created" /></label>
			<label>Subject <input value=${subject} onInput=${field("subject")} placeholder="order/12" /></label>
			<button type="button" aria-pressed=${held ? "true" : "false"} onClick=${() => setHeld(held ? undefined : events)}>
				Pause
			</button>
		</form>
		<table>
			<caption>The newest first; choose one to see what its request led to.</caption>
			<${Columns} names=${["Time", "Event", "Subject", "Service", "Request"]} />
			<tbody>
				${shown.map(
					event => html`<tr key=${event.seq} class="choice">
						<td><${Time} at=${event.at} /></td>
						<td><a href=${flowAddress(event.correlationId)}>${event.type}</a></td>
						<td>${event.subject}</td>
						<td>${event.source.slice(event.source.lastIndexOf("/") + 1)}</td>
						<td class="id">${event.correlationId}</td>
					</tr>`
				)}
			</tbody>
		</table>
		${shown.length === 0 && html`<p class="nothing">Nothing yet.</p>`}
	</main>`;
}
