/**
 * The words of a text as searches see them: case, accents and the many ways to write a letter make no difference. Both stores
 * get words and no signs, so that they agree on where one ends, and a sign that people type is no operator to either.
 */
export const wordsIn = (text: string): string[] =>
	text
		.normalize("NFKD")
		.replace(/[\u0300-\u036f]/g, "")
		.toLowerCase()
		.normalize("NFKC")
		.match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];

/** What a searched column holds: the words of a heading, which count more, and on the next line those of the text below it. */
export const searchText = (heading: string, text: string): string =>
	`${wordsIn(heading).join(" ")}\n${wordsIn(text).join(" ")}`;
