import type { Mail } from "./mailer.ts";

/** Who writes to customers. */
const FROM = { name: "Souk", address: "no-reply@souk.test" };

/** A mail as it stands on the wire and in files (RFC 5322, text in UTF-8 as quoted-printable). */
export function eml({ key, sending, to, subject, text, at }: Mail): string {
	const lines = [
		`Date: ${new Date(at).toUTCString().replace("GMT", "+0000")}`,
		`From: ${mailbox(FROM)}`,
		`To: ${mailbox(to)}`,
		`Message-ID: <${key}.${sending}@souk.test>`,
		`Subject: ${words(subject)}`,
		"MIME-Version: 1.0",
		"Content-Type: text/plain; charset=utf-8",
		"Content-Transfer-Encoding: quoted-printable",
		"",
		quotedPrintable(text)
	];
	return `${lines.join("\r\n")}\r\n`;
}

const mailbox = ({ name, address }: Mail["to"]): string => `${phrase(name)} <${address.replace(/[\s<>]/g, "")}>`;

// What is sent as it is has no blanks that a reader might drop.
const phrase = (name: string): string =>
	name.length <= 70 && /^[A-Za-z0-9]+( [A-Za-z0-9]+)*$/.test(name) ? name : encoded(name);
const words = (line: string): string =>
	/^[!-~]([ -~]{0,68}[!-~])?$/.test(line) && !line.includes("=?") ? line : encoded(line);

// Encoded words (RFC 2047), each of whole characters and within 75; nothing in them can end a header.
function encoded(line: string): string {
	const pieces = [""];
	for (const character of line) {
		if (Buffer.byteLength(pieces.at(-1)! + character) > 45) pieces.push("");
		pieces[pieces.length - 1] += character;
	}
	return pieces.map(piece => `=?utf-8?B?${Buffer.from(piece).toString("base64")}?=`).join("\r\n ");
}

function quotedPrintable(text: string): string {
	return text
		.split(/\r\n|\r|\n/)
		.map(quotedLine)
		.join("\r\n");
}

function quotedLine(line: string): string {
	const bytes = Buffer.from(line);
	let quoted = "";
	let width = 0;
	for (const [index, byte] of bytes.entries()) {
		const blank = byte === 0x20 || byte === 0x09;
		const plain = (byte > 0x20 && byte < 0x7f && byte !== 0x3d) || (blank && index < bytes.length - 1);
		const piece = plain ? String.fromCharCode(byte) : `=${byte.toString(16).toUpperCase().padStart(2, "0")}`;
		if (width + piece.length > 75) {
			quoted += "=\r\n";
			width = 0;
		}
		quoted += piece;
		width += piece.length;
	}
	return quoted;
}
