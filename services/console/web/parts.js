// @ts-check
import { html, useEffect, useState } from "./preact.mjs";

/** Words that a view begins with. @param {{ title: string, children?: unknown }} props */
export function Heading({ title, children }) {
	useEffect(() => {
		document.title = `${title} · Souk console`;
	}, [title]);
	return html`<header class="heading"><h1>${title}</h1>${children}</header>`;
}

/** What went wrong, said at once to those who listen. @param {{ text: string | undefined }} props */
export const Trouble = ({ text }) => html`<p class="trouble" role="alert">${text}</p>`;

/** The head of a table. @param {{ names: string[] }} props */
export const Columns = ({ names }) =>
	html`<thead><tr>${names.map(name => html`<th key=${name} scope="col">${name}</th>`)}</tr></thead>`;

/** @param {{ at: string }} props */
export const Time = ({ at }) => html`<time datetime=${at} title=${at}>${at.slice(11, 23)}</time>`;

/** @param {string} reference */
export const flowAddress = reference => `#/flow/${encodeURIComponent(reference)}`;

/**
 * What the API answers at an address: asked when the view opens, and again by `again`.
 * @template Body @param {() => Promise<import("./api.js").Answer>} ask @param {readonly unknown[]} inputs
 * @returns {{ body: Body | undefined, trouble: string | undefined, again: () => Promise<void> }}
 */
export function useAnswer(ask, inputs) {
	const [state, setState] = useState(/** @type {{ body?: Body, trouble?: string }} */ ({}));
	const again = async () => {
		const { status, body } = await ask().catch(() => ({ status: 0, body: undefined }));
		const trouble = status === 0 ? "The server cannot be reached." : (body?.detail ?? `The server answers ${status}.`);
		setState(status === 200 ? { body } : now => ({ ...now, trouble }));
	};
	useEffect(() => void again(), inputs);
	return { body: state.body, trouble: state.trouble, again };
}
