import { dressed } from "./letters.ts";
import type { Message } from "./outlet.ts";

/** Who writes to customers, and where a mail says that it can be stopped. */
export interface Letterhead {
	/** The address that mail comes from. */
	from: string;
	/** Where a recipient stops what is like this message. */
	linkFor(message: Message): string;
}

/**
 * A mail as it stands on the wire and in files (RFC 5322): text and HTML, in UTF-8 as quoted-printable, with the headers by
 * which a mail program stops such mail in one click (RFC 8058).
 */
export function eml(message: Message, { from, linkFor }: Letterhead): string {
	const { messageId, to, subject, language, at } = message;
	const link = linkFor(message);
	const { text, html } = dressed(message, language, link);
	// Quoted-printable has no "=_" in it, so that no text can end its part.
	const boundary = `=_${messageId.replace(/[^\w-]/g, "_")}`;
	const lines = [
		`Date: ${new Date(at).toUTCString().replace("GMT", "+0000")}`,
		`From: ${mailbox({ name: "Souk", address: from })}`,
		`To: ${mailbox(to)}`,
		`Message-ID: <${messageId.replace(/[^\w.@-]/g, "")}>`,
		`Subject: ${words(subject)}`,
		`List-Unsubscribe:\r\n <${encodeURI(decodeURI(link))}>`,
		"List-Unsubscribe-Post: List-Unsubscribe=One-Click",
		"Auto-Submitted: auto-generated",
		"MIME-Version: 1.0",
		`Content-Type: multipart/alternative;\r\n boundary="${boundary}"`,
		"",
		...part(boundary, "text/plain", text),
		...part(boundary, "text/html", html),
		`--${boundary}--`
	];
	return `${lines.join("\r\n")}\r\n`;
}

const part = (boundary: string, type: string, content: string): string[] => [
	`--${boundary}`,
	`Content-Type: ${type}; charset=utf-8`,
	"Content-Transfer-Encoding: quoted-printable",
	"",
	quotedPrintable(content)
];

const mailbox = ({ name, address }: Message["to"]): string => `${phrase(name)} <${bare(address)}>`;

/** An address that can be nothing else. */
export const bare = (address: string): string => address.replace(/[\s<>\p{Cc}]/gu, "");

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
