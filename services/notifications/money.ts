const formats = new Map<string, Intl.NumberFormat>();

/** An amount of minor units as people who speak a language read it. */
export function money(minor: number, currency: string, language: string): string {
	const key = `${language} ${currency}`;
	let format = formats.get(key);
	// Making one costs more than writing the rest of the letter.
	if (!format)
		formats.set(
			key,
			(format = new Intl.NumberFormat(language, { style: "currency", currency, currencyDisplay: "code" }))
		);
	const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
	return format.format(minor / 10 ** digits).replace(/[\u00a0\u202f]/g, " ");
}
