/** A message on its way out. */
export interface Mail {
	/** Names this one message: whoever takes the same key again keeps one. */
	key: string;
	/** Tells one sending of it from the next. */
	sending: number;
	to: { name: string; address: string };
	subject: string;
	text: string;
	/** When it was written, ISO 8601. */
	at: string;
}

/** Whatever takes mail: a folder now, a mail server beside it. */
export interface Mailer {
	/** Resolves when the other side has the mail for good; a repeat with the same key and sending must do no harm. */
	send(mail: Mail): Promise<void>;
}
