import fc from "fast-check";
import { eml } from "../../../services/notifications/eml.ts";
import type { Mail } from "../../../services/notifications/mailer.ts";

const mail: Mail = {
	key: "12-order.confirmed",
	sending: 1,
	to: { name: "Alice", address: "alice@souk.test" },
	subject: "Order Confirmation",
	text: "Hello Alice,\n\nYour order 12 is confirmed.",
	at: "2026-01-02T03:04:05.678Z"
};

/** Reads a mail as a mail program does: headers unfolded and decoded, the text out of quoted-printable. */
function read(file: string): { headers: Record<string, string>; text: string } {
	const [head, body] = file.split(/\r\n\r\n(.*)/s) as [string, string];
	const headers = Object.fromEntries(
		head
			.replaceAll("\r\n ", " ")
			.split("\r\n")
			.map(line => /^([^:]+): (.*)$/.exec(line)!.slice(1) as [string, string])
			.map(([name, value]) => [name, decoded(value)])
	);
	const bytes = body
		.replace(/\r\n$/, "")
		.replaceAll("=\r\n", "")
		.replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
	return { headers, text: Buffer.from(bytes, "latin1").toString() };
}
const decoded = (value: string) =>
	value
		.replaceAll("?= =?", "?==?")
		.replace(/=\?utf-8\?B\?([^?]*)\?=/g, (_, base64: string) => Buffer.from(base64, "base64").toString());

const anyText = fc.string({ unit: "binary", maxLength: 300 }).map(text => text.replace(/[\r\n]/g, " "));

describe("a mail as a file", () => {
	it("is what RFC 5322 asks for", () => {
		expect(eml(mail).split("\r\n")).toEqual([
			"Date: Fri, 02 Jan 2026 03:04:05 +0000",
			"From: Souk <no-reply@souk.test>",
			"To: Alice <alice@souk.test>",
			"Message-ID: <12-order.confirmed.1@souk.test>",
			"Subject: Order Confirmation",
			"MIME-Version: 1.0",
			"Content-Type: text/plain; charset=utf-8",
			"Content-Transfer-Encoding: quoted-printable",
			"",
			"Hello Alice,",
			"",
			"Your order 12 is confirmed.",
			""
		]);
	});

	it("says again what was said, in any script and of any length", () => {
		fc.assert(
			fc.property(anyText, anyText, fc.array(anyText, { minLength: 1 }), (name, subject, lines) => {
				const { headers, text } = read(eml({ ...mail, to: { ...mail.to, name }, subject, text: lines.join("\n") }));
				expect(headers.Subject).toBe(subject);
				expect(headers.To).toBe(`${name} <alice@souk.test>`);
				expect(text).toBe(lines.join("\r\n"));
			})
		);
	});

	it("keeps to ASCII and to short lines", () => {
		fc.assert(
			fc.property(anyText, anyText, anyText, (name, subject, text) => {
				for (const line of eml({ ...mail, to: { ...mail.to, name }, subject, text }).split("\r\n")) {
					expect(line).toMatch(/^[\x20-\x7e\t]*$/);
					expect(line.length).toBeLessThanOrEqual(100);
					expect(line).not.toMatch(/[ \t]$/);
				}
			})
		);
	});

	it("takes no header from a name, a subject or an address", () => {
		const evil = "x\r\nBcc: all@souk.test\r\n\r\nhello";
		const { headers } = read(eml({ ...mail, subject: evil, to: { name: evil, address: `a@b.test>${evil}` } }));
		expect(Object.keys(headers)).toEqual(Object.keys(read(eml(mail)).headers));
	});

	it("keeps the blanks around a subject and within a name", () => {
		const file = eml({ ...mail, subject: " a  b ", to: { ...mail.to, name: "A  B" } });
		expect(file).not.toMatch(/[ \t]\r\n/);
		expect(read(file).headers).toMatchObject({ Subject: " a  b ", To: "A  B <alice@souk.test>" });
		expect(file).not.toContain("A  B");
	});

	it("does not take a subject for an encoded one", () => {
		expect(read(eml({ ...mail, subject: "=?utf-8?B?eA==?=" })).headers.Subject).toBe("=?utf-8?B?eA==?=");
	});

	it("has an identity of its own for each sending", () => {
		expect(eml({ ...mail, sending: 2 })).toContain("<12-order.confirmed.2@souk.test>");
	});
});
