import type { AddressInfo } from "node:net";
import PostalMime, { type Email } from "postal-mime";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";

/** A mail server that keeps what it takes. */
export interface Catcher {
	port: number;
	caught: { mail: Email; to: string[] }[];
	/** What it says to the next mails once it has them, instead of yes; `hang up` says nothing at all. */
	answers: (Error | "hang up")[];
	close(): Promise<void>;
}

/** A refusal, as mail servers put it. */
export const saying = (responseCode: number, text: string): Error => Object.assign(new Error(text), { responseCode });

/** Starts a mail server, on a free port unless one is named. */
export async function catcher(options: Partial<SMTPServerOptions> = {}, port = 0): Promise<Catcher> {
	const caught: Catcher["caught"] = [];
	const answers: Catcher["answers"] = [];
	const server: SMTPServer = new SMTPServer({
		authOptional: true,
		disabledCommands: ["STARTTLS"],
		logger: false,
		closeTimeout: 100,
		onData(stream, session, done) {
			const chunks: Buffer[] = [];
			stream.on("data", (chunk: Buffer) => chunks.push(chunk));
			stream.on("end", () => {
				void PostalMime.parse(Buffer.concat(chunks)).then(mail => {
					const answer = answers.shift();
					if (answer === "hang up" || !answer)
						caught.push({ mail, to: session.envelope.rcptTo.map(({ address }) => address) });
					if (answer === "hang up") for (const one of server.connections) one._socket.destroy();
					else done(answer ?? null);
				});
			});
		},
		...options
	});
	server.on("error", () => undefined);
	await new Promise<void>(listening => server.listen(port, "127.0.0.1", listening));
	return {
		port: (server.server.address() as AddressInfo).port,
		caught,
		answers,
		close: () => new Promise(closed => server.close(() => closed()))
	};
}
