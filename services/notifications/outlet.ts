import type { Channel, Notification } from "./notifications.contract.ts";

/** A message on its way out. */
export interface Message {
	/** Names this one message: whoever takes the same key again keeps one. */
	key: string;
	/** Names this one sending of it, the same for every try (RFC 5322, Message-ID). */
	messageId: string;
	userId: number;
	kind: Notification["kind"];
	to: { name: string; address: string };
	language: string;
	subject: string;
	text: string;
	/** The same for who reads HTML, without what stands around it. */
	html: string;
	/** When it was written, ISO 8601. */
	at: string;
}

/** Whatever takes the messages of a channel: a folder, a mail server, a gateway of a telephone company. */
export interface Outlet {
	/** What it is called in the log of deliveries. */
	readonly via: string;
	/** Resolves when the other side has the message for good. Throws OutletFault, or anything that may pass. */
	send(message: Message): Promise<void>;
	/** Lets go of what it holds open. */
	close?(): void;
}

/** One way out for every channel. */
export type Outlets = Readonly<Record<Channel, Outlet>>;

/**
 * Why a message did not go out: it was `refused` and always will be, or `deferred` to another time; or the other side is `away`,
 * so that nothing was sent; or its answer was `lost`, and it may have the message.
 */
export class OutletFault extends Error {
	override name = "OutletFault";
	readonly kind: "refused" | "deferred" | "away" | "lost";

	constructor(kind: OutletFault["kind"], message: string) {
		super(message);
		this.kind = kind;
	}
}
