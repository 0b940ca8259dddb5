import fc from "fast-check";
import PostalMime from "postal-mime";
import { eml } from "../../../services/notifications/eml.ts";
import { message } from "./messages.ts";

const letterhead = { from: "no-reply@souk.test", linkFor: () => "https://souk.test/unsubscribe/1-orders-email.seal" };
const mailOf = (changes: object = {}) => eml({ ...message, ...changes }, letterhead);
const FOOTER = "\n\n-- \nYou get this mail because you have an account at Souk.\nStop mail of this kind: ";

/** A mail as a mail program reads it. */
const read = (file: string) => PostalMime.parse(file);

const anyText = fc.string({ unit: "binary", maxLength: 300 }).map(text => text.replace(/[\r\n]/g, " "));

describe("a mail as a file", () => {
	it("is what RFC 5322, RFC 2046 and RFC 8058 ask for", () => {
		const lines = mailOf().split("\r\n");
		expect(lines.slice(0, 19)).toEqual([
			"Date: Fri, 02 Jan 2026 03:04:05 +0000",
			"From: Souk <no-reply@souk.test>",
			"To: Alice <alice@souk.test>",
			"Message-ID: <0190-1@souk.test>",
			"Subject: Order Confirmation",
			"List-Unsubscribe:",
			" <https://souk.test/unsubscribe/1-orders-email.seal>",
			"List-Unsubscribe-Post: List-Unsubscribe=One-Click",
			"Auto-Submitted: auto-generated",
			"MIME-Version: 1.0",
			"Content-Type: multipart/alternative;",
			' boundary="=_0190-1_souk_test"',
			"",
			"--=_0190-1_souk_test",
			"Content-Type: text/plain; charset=utf-8",
			"Content-Transfer-Encoding: quoted-printable",
			"",
			"Hello Alice,",
			""
		]);
		expect(lines.slice(-2)).toEqual(["--=_0190-1_souk_test--", ""]);
	});

	it("has the text and the same as HTML, both with the way out", async () => {
		const { text, html } = await read(mailOf());
		expect(text).toContain(`${message.text}${FOOTER}https://souk.test/unsubscribe/1-orders-email.seal`);
		expect(html).toContain(message.html);
		expect(html).toContain('<a href="https://souk.test/unsubscribe/1-orders-email.seal">Stop mail of this kind</a>');
	});

	it("says again what was said, in any script and of any length", async () => {
		await fc.assert(
			fc.asyncProperty(anyText, fc.array(anyText, { minLength: 1 }), async (subject, lines) => {
				const said = lines.join("\n");
				const { text } = await read(mailOf({ subject, text: said }));
				expect(text!.replaceAll("\r\n", "\n").startsWith(said + FOOTER.slice(0, 5))).toBe(true);
			})
		);
	});

	it("keeps to ASCII and to short lines", () => {
		fc.assert(
			fc.property(anyText, anyText, anyText, (name, subject, text) => {
				for (const line of mailOf({ to: { ...message.to, name }, subject, text, html: text }).split("\r\n")) {
					expect(line).toMatch(/^[\x20-\x7e\t]*$/);
					expect(line.length).toBeLessThanOrEqual(100);
					expect(line).not.toMatch(/[ \t]$/);
				}
			})
		);
	});

	it("takes no header from a name, a subject, an address or an id", async () => {
		const names = async (file: string) => (await read(file)).headers.map(({ key }) => key);
		await fc.assert(
			fc.asyncProperty(fc.constantFrom("\r\n", "\n", "\r"), anyText, async (end, more) => {
				const evil = `x${end}Bcc: all@souk.test${end}${end}hello ${more}`;
				const attacked = mailOf({
					subject: evil,
					messageId: evil,
					to: { name: evil, address: `a@b.test>${evil}` }
				});
				expect(await names(attacked)).toEqual(await names(mailOf()));
			})
		);
	});

	it("ends no part early, whatever stands in it", async () => {
		const { text, attachments } = await read(mailOf({ text: "--=_0190-1_souk_test--\nmore" }));
		expect(text).toContain("--=_0190-1_souk_test--\nmore");
		expect(attachments).toEqual([]);
	});

	it("keeps the blanks around a subject and within a name", () => {
		const file = mailOf({ subject: " a  b ", to: { ...message.to, name: "A  B" } });
		const encoded = (text: string) => `=?utf-8?B?${Buffer.from(text).toString("base64")}?=`;
		expect(file).toContain(`Subject: ${encoded(" a  b ")}`);
		expect(file).toContain(`To: ${encoded("A  B")} <alice@souk.test>`);
	});

	it("does not take a subject for an encoded one", async () => {
		expect((await read(mailOf({ subject: "=?utf-8?B?eA==?=" }))).subject).toBe("=?utf-8?B?eA==?=");
	});

	it("speaks the reader's language around the letter, too", async () => {
		const { text, html } = await read(mailOf({ language: "de-AT" }));
		expect(text).toContain("Solche Mails abbestellen: ");
		expect(html).toContain('<html lang="de">');
	});
});
