// @ts-check
import { ask } from "./api.js";
import { Columns, flowAddress, Heading, Time, Trouble, useAnswer } from "./parts.js";
import { html, useState } from "./preact.mjs";

/**
 * @typedef {object} Letter
 * @property {string} id
 * @property {string} consumer
 * @property {string} type
 * @property {string} subject
 * @property {string} status
 * @property {string | null} error
 * @property {number} attempts
 * @property {string} parkedAt
 * @property {{ correlationid?: string }} event
 */

const STATUSES = ["", "PARKED", "WAITING", "RETRIED", "DISCARDED"];

/** Events that a service could not handle, and what a person can do about them. @param {{ query: URLSearchParams }} props */
export function DeadLetters({ query }) {
	const status = query.get("status") ?? "";
	const { body, trouble, again } = useAnswer(
		() => ask(`/admin/dead-letters${status && `?status=${status}`}`),
		[status]
	);
	const { items = [], degraded } = /** @type {{ items?: Letter[], degraded?: string[] }} */ (body ?? {});
	const [failed, setFailed] = useState(/** @type {string | undefined} */ (undefined));
	const act = async (/** @type {Letter} */ { id, type, consumer }, /** @type {"retry" | "discard"} */ verb) => {
		const question =
			verb === "retry"
				? `Have ${consumer} handle ${type} again?`
				: `Give up ${type}? ${consumer} will never handle it.`;
		if (!confirm(question)) return;
		const answer = await ask(`/admin/dead-letters/${id}/${verb}`, { method: "POST", body: {} });
		setFailed(answer.status === 200 ? undefined : (answer.body?.detail ?? `The server answers ${answer.status}.`));
		await again();
	};
	const choose = (/** @type {{ currentTarget: HTMLSelectElement }} */ { currentTarget: { value } }) =>
		location.replace(`#/dead-letters${value && `?status=${value}`}`);
	return html`<main>
		<${Heading} title="Dead letters"><button type="button" onClick=${again}>Refresh</button></${Heading}>
		<form class="filters">
			<label>Status
				<select value=${status} onChange=${choose}>
					${STATUSES.map(
						name => html`<option key=${name} value=${name} selected=${name === status}>${name || "open"}</option>`
					)}
				</select>
			</label>
		</form>
		<${Trouble} text=${failed ?? trouble ?? (degraded && `Could not be asked: ${degraded.join(", ")}`)} />
		<table>
			<caption>Events that could not be handled, and those that wait behind them.</caption>
			<${Columns} names=${["Letter", "Event", "Subject", "Status", "Since", "Why", "What to do"]} />
			<tbody>
				${items.map(
					letter => html`<tr key=${letter.id}>
						<th scope="row">${letter.id}</th>
						<td><a href=${flowAddress(letter.event.correlationid ?? "")}>${letter.type}</a></td>
						<td>${letter.subject}</td>
						<td>${letter.status}</td>
						<td><${Time} at=${letter.parkedAt} /></td>
						<td>${letter.error ?? ""} ${letter.attempts > 0 && html`<span class="note">${letter.attempts} tries</span>`}</td>
						<td>${
							letter.status === "PARKED" &&
							html`<button type="button" aria-label=${`Retry ${letter.id}`} onClick=${() => act(letter, "retry")}>Retry</button>
							<button type="button" aria-label=${`Discard ${letter.id}`} onClick=${() => act(letter, "discard")}>Discard</button>`
						}</td>
					</tr>`
				)}
			</tbody>
		</table>
		${items.length === 0 && html`<p class="nothing">None.</p>`}
	</main>`;
}
