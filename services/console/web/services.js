// @ts-check
import { ask } from "./api.js";
import { Columns, Heading, Trouble, useAnswer } from "./parts.js";
import { html } from "./preact.mjs";

/** @typedef {{ name: string, routes: string[], instances: { node: string, host: string }[] }} Registered */
/** @typedef {{ items: Registered[], states: Record<string, string>, status: string }} Register */

/** The register of services, and which of them work. */
async function register() {
	const [registered, health] = await Promise.all([ask("/admin/services"), fetch("/health")]);
	if (registered.status !== 200) return registered;
	const { services, status } = await health.json();
	return { status: 200, body: { ...registered.body, states: services, status } };
}

export function Services() {
	const { body, trouble, again } = useAnswer(/** @type {typeof register} */ (register), []);
	const { items = [], states = {}, status = "…" } = /** @type {Partial<Register>} */ (body ?? {});
	// Whoever is asked for the list is there.
	const stateOf = (/** @type {string} */ name) => states[name] ?? "up";
	return html`<main>
		<${Heading} title="Services">
			<span class=${`state ${status}`} role="status">${status}</span>
			<button type="button" onClick=${again}>Refresh</button>
		</${Heading}>
		<${Trouble} text=${trouble} />
		<table>
			<caption>What answers now, where it runs, and how much it answers to.</caption>
			<${Columns} names=${["Service", "State", "Processes", "Routes"]} />
			<tbody>
				${items.map(
					({ name, instances, routes }) => html`<tr key=${name}>
						<th scope="row">${name}</th>
						<td><span class=${`state ${stateOf(name)}`}>${stateOf(name)}</span></td>
						<td>
							${instances.length === 0 && "none"}
							${instances.map(({ node, host }) => html`<div key=${node}>${node} on ${host}</div>`)}
						</td>
						<td>
							<details>
								<summary>${routes.length}</summary>
								<ul class="routes">${routes.map(route => html`<li key=${route}>${route}</li>`)}</ul>
							</details>
						</td>
					</tr>`
				)}
			</tbody>
		</table>
	</main>`;
}
