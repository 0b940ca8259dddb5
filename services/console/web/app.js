// @ts-check
import { ask, follow, isSignedIn, signOut, whenSignedOut } from "./api.js";
import { DeadLetters } from "./dead-letters.js";
import { Events } from "./events.js";
import { Flow } from "./flow-view.js";
import { html, render, useEffect, useState } from "./preact.mjs";
import { Services } from "./services.js";
import { SignIn } from "./sign-in.js";

/** @typedef {import("./flow.js").Happened} Happened */

/** How many events a browser keeps, and how often it draws what came. */
const MOST = 500;
const DRAW_MS = 150;

const VIEWS = [
	["events", "Events"],
	["flow", "Flow"],
	["services", "Services"],
	["dead-letters", "Dead letters"]
];

/** `#/flow/12?x=y` as its parts. */
function address() {
	const [path = "", query = ""] = location.hash.slice(2).split("?", 2);
	const [view = "", reference = ""] = path.split("/");
	return { view: view || "events", reference: decoded(reference), query: new URLSearchParams(query) };
}

/** @param {string} text */
function decoded(text) {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}

/** The newest events, from the log and then from its stream; one stream for all views. @param {boolean} wanted */
function useEvents(wanted) {
	const [events, setEvents] = useState(/** @type {Happened[]} */ ([]));
	const [state, setState] = useState("connecting");
	useEffect(() => {
		if (!wanted) return undefined;
		const leaving = new AbortController();
		/** @type {Happened[]} */
		let came = [];
		const draw = setInterval(() => {
			if (came.length === 0) return;
			const fresh = came.reverse();
			came = [];
			setEvents(known => [...fresh, ...known].slice(0, MOST));
		}, DRAW_MS);
		void (async () => {
			const { status, body } = await ask("/admin/events?limit=100").catch(() => ({ status: 0, body: undefined }));
			if (status === 200) setEvents(body.items);
			const after = status === 200 ? (body.items[0]?.seq ?? 0) : 0;
			await follow(after, event => void came.push(event), setState, leaving.signal);
		})();
		return () => {
			leaving.abort();
			clearInterval(draw);
		};
	}, [wanted]);
	return { events, state };
}

function App() {
	const [signedIn, setSignedIn] = useState(isSignedIn);
	const [at, setAt] = useState(address);
	const { events, state } = useEvents(signedIn);
	useEffect(() => {
		whenSignedOut(() => setSignedIn(false));
		const moved = () => setAt(address());
		addEventListener("hashchange", moved);
		return () => removeEventListener("hashchange", moved);
	}, []);
	if (!signedIn) return html`<${SignIn} done=${() => setSignedIn(true)} />`;
	return html`
		<nav aria-label="Views">
			<span class="name">Souk</span>
			${VIEWS.map(
				([view, title]) =>
					html`<a key=${view} href=${`#/${view}`} aria-current=${at.view === view ? "page" : null}>${title}</a>`
			)}
			<button type="button" onClick=${signOut}>Sign out</button>
		</nav>
		${viewOf(at, events, state)}
	`;
}

/** @param {ReturnType<typeof address>} at @param {Happened[]} events @param {string} state */
function viewOf({ view, reference, query }, events, state) {
	switch (view) {
		case "flow":
			return html`<${Flow} reference=${reference} brief=${query.has("brief")} events=${events} />`;
		case "services":
			return html`<${Services} />`;
		case "dead-letters":
			return html`<${DeadLetters} query=${query} />`;
		default:
			return html`<${Events} events=${events} state=${state} query=${query} />`;
	}
}

render(html`<${App} />`, /** @type {Element} */ (document.getElementById("app")));
