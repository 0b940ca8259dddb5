// @ts-check
import { ask } from "./api.js";
import { Columns, flowAddress, Time, Trouble, useAnswer } from "./parts.js";
import { html, useState } from "./preact.mjs";

/** @typedef {{ traceId: string, requestId: string, name: string, at: string, ms: number, error?: string }} Trace */

/** The requests that were recorded last: where to look when something is slow or fails. */
export function Requests() {
	const [query, setQuery] = useState("");
	const { body, trouble, again } = useAnswer(() => ask(`/admin/traces?limit=100${query}`), [query]);
	const { items = [] } = /** @type {{ items?: Trace[] }} */ (body ?? {});
	const search = (/** @type {SubmitEvent} */ event) => {
		event.preventDefault();
		const given = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget));
		const wanted = [...given].filter(([, value]) => value !== "").map(([name, value]) => [name, String(value)]);
		const next = wanted.length > 0 ? `&${new URLSearchParams(wanted)}` : "";
		if (next === query) void again();
		else setQuery(next);
	};
	return html`
		<h2>Recorded requests</h2>
		<form class="filters" onSubmit=${search}>
			<label>Name <input name="name" placeholder="orders" /></label>
			<label>Slower than (ms) <input name="slower" type="number" min="0" /></label>
			<label class="check"><input name="failed" type="checkbox" value="true" /> Failed only</label>
			<button>List</button>
		</form>
		<${Trouble} text=${trouble} />
		<table>
			<caption>The newest first. Not every request is recorded, and those of long ago are forgotten.</caption>
			<${Columns} names=${["Time", "Request", "Took", "Failed"]} />
			<tbody>
				${items.map(
					({ traceId, requestId, name, at, ms, error }) => html`<tr key=${traceId} class="choice">
						<td><${Time} at=${at} /></td>
						<td><a href=${flowAddress(requestId)}>${name}</a></td>
						<td class="number">${Math.round(ms)} ms</td>
						<td class="note bad">${error ?? ""}</td>
					</tr>`
				)}
			</tbody>
		</table>
		${items.length === 0 && html`<p class="nothing">None.</p>`}
	`;
}
