import { createTransport } from "nodemailer";
import { bare } from "./eml.ts";
import { type Message, type Outlet, OutletFault } from "./outlet.ts";

/** How long a mail server may be silent, in milliseconds: while a connection is made, and in the middle of one. */
const CONNECT_MS = 10_000;
const SILENCE_MS = 30_000;

/** Mail to a server. What it says of a mail for good is final; what keeps it from being asked is waited out. */
export function smtp(url: string, from: string, compose: (message: Message) => string): Outlet {
	const transport = createTransport({
		url,
		pool: true,
		maxConnections: 5,
		// A mail whose connection closes under it would be queued again behind our back, and no log would say so.
		maxRequeues: 0,
		connectionTimeout: CONNECT_MS,
		greetingTimeout: CONNECT_MS,
		socketTimeout: SILENCE_MS,
		disableFileAccess: true,
		disableUrlAccess: true
	});
	return {
		via: "smtp",
		async send(message) {
			const envelope = { from, to: [bare(message.to.address)] };
			try {
				await transport.sendMail({ envelope, raw: compose(message) });
			} catch (error) {
				throw new OutletFault(kindOf(error as SmtpError), (error as Error).message);
			}
		},
		close: () => transport.close()
	};
}

/** What nodemailer throws: what failed, the answer's number, the system's part in it. */
interface SmtpError extends Error {
	code?: string;
	responseCode?: number;
	syscall?: string;
}

/** Answers to this one mail, as opposed to the connection or the login. */
const ABOUT_THE_MAIL = ["EENVELOPE", "EMESSAGE"];
/** A connection that never came to carry a mail. */
const NEVER_BEGUN = ["EDNS", "ETLS", "EAUTH", "EPROTOCOL"];

function kindOf({ code = "", responseCode, syscall, message }: SmtpError): OutletFault["kind"] {
	if (ABOUT_THE_MAIL.includes(code)) return (responseCode ?? 500) >= 500 ? "refused" : "deferred";
	const silent = /^(Connection timeout|Greeting never received)/.test(message);
	const begun = !NEVER_BEGUN.includes(code) && syscall !== "connect" && !silent;
	return begun && responseCode === undefined ? "lost" : "away";
}
