// @ts-check
import { signIn } from "./api.js";
import { Heading, Trouble } from "./parts.js";
import { html, useState } from "./preact.mjs";

/** @param {{ done: () => void }} props */
export function SignIn({ done }) {
	const [trouble, setTrouble] = useState(/** @type {string | undefined} */ (undefined));
	const submit = async (/** @type {SubmitEvent} */ event) => {
		event.preventDefault();
		const given = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget));
		setTrouble(undefined);
		try {
			await signIn(String(given.get("email")), String(given.get("password")));
			done();
		} catch (error) {
			setTrouble(/** @type {Error} */ (error).message);
		}
	};
	return html`<main class="sign-in">
		<${Heading} title="Sign in" />
		<p>The console is for administrators.</p>
		<form onSubmit=${submit}>
			<label>E-mail <input name="email" type="email" autocomplete="username" required autofocus /></label>
			<label>Password <input name="password" type="password" autocomplete="current-password" required /></label>
			<button class="main">Sign in</button>
		</form>
		<${Trouble} text=${trouble} />
	</main>`;
}
