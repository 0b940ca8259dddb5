import { escaped, htmlOf, textOf } from "./blocks.ts";
import { money } from "./money.ts";
import { type Facts, type Told, wordsIn } from "./words.ts";

export interface Letter {
	subject: string;
	text: string;
	/** The same, for mail programs that show HTML. */
	html: string;
	/** The same in one line, for a telephone. */
	short: string;
}

/** What to write to somebody about an event, in their language. */
export function letterOf<Type extends Told>(
	type: Type,
	facts: Facts[Type],
	{ name, language }: { name: string; language: string }
): Letter {
	const words = wordsIn(language);
	const { subject, blocks, short } = words.letters[type](facts, (minor, currency) =>
		money(minor, currency, words.language)
	);
	const all = [words.greeting(name), ...blocks];
	return { subject, text: textOf(all), html: htmlOf(all), short };
}

/** What a person of the staff typed, as it is sent. */
export const letterFrom = (subject: string, text: string): Letter => ({
	subject,
	text,
	html: htmlOf(text.split(/\n{2,}/)),
	short: `${subject}: ${text}`
});

/** A letter in its envelope: what stands around every mail, and the link by which such mail is stopped. */
export function dressed(
	{ subject, text, html }: Pick<Letter, "subject" | "text" | "html">,
	language: string,
	link: string
): { text: string; html: string } {
	const { footer, language: written } = wordsIn(language);
	const small = "color:#666;font-size:12px";
	return {
		text: `${text}\n\n-- \n${footer.why}\n${footer.stop}: ${link}`,
		html: [
			`<!doctype html><html lang="${written}"><head><meta charset="utf-8"><title>${escaped(subject)}</title></head>`,
			'<body style="font-family:sans-serif;max-width:40em;margin:2em auto;padding:0 1em">',
			html,
			`<hr><p style="${small}">${escaped(footer.why)} <a href="${escaped(link)}">${escaped(footer.stop)}</a></p>`,
			"</body></html>"
		].join("\n")
	};
}

/** What makes two events the same news. An order is refunded part by part, and each part is news of its own. */
export const aboutOf = ({ type, subject, id }: { type: Told; subject: string; id: string }): string =>
	type === "payment.refunded" ? `${subject} ${id}` : subject;
