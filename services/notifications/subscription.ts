import { createHmac, timingSafeEqual } from "node:crypto";
import { escaped } from "./blocks.ts";
import type { Channel, Notification, Recipient, Topic } from "./notifications.contract.ts";
import { wordsIn } from "./words.ts";

/** One kind of thing that somebody is told of by one channel. */
export interface Subscription {
	userId: number;
	topic: Topic;
	channel: Channel;
}

const TOPICS: Record<Notification["kind"], Topic> = {
	"user.created": "account",
	"order.held": "orders",
	"order.confirmed": "orders",
	"order.cancelled": "orders",
	"order.shipped": "shipments",
	"order.delivered": "shipments",
	"payment.refunded": "payments",
	"return.requested": "orders",
	"return.refused": "orders",
	"return.completed": "orders",
	"task.completed": "tasks",
	message: "messages"
};

/** What somebody must wish to be told of to get a message. */
export const topicOf = (kind: Notification["kind"]): Topic => TOPICS[kind];

/** Where somebody wishes to be told of a kind of thing, by each channel that can reach them. */
export function addressesOf(
	{ email, phone, preferences }: Recipient,
	topic: Topic
): { channel: Channel; address: string }[] {
	const at: Record<Channel, string | undefined> = { email, sms: phone, webhook: preferences.webhook };
	return preferences.kinds[topic].flatMap(channel => {
		const address = preferences.channels[channel] ? at[channel] : undefined;
		return address ? [{ channel, address }] : [];
	});
}

/** What a link in a message says, and that we said it. It is good for as long as the message is kept. */
export const tokenOf = (subscription: Subscription, secret: string): string => {
	const what = `${subscription.userId}-${subscription.topic}-${subscription.channel}`;
	return `${what}.${signed(what, secret)}`;
};

/** The subscription that a token of ours names; undefined when we never said so. */
export function subscriptionIn(token: string, secret: string): Subscription | undefined {
	const [, what, userId, topic, channel, seal] = /^((\d{1,15})-([a-z]+)-([a-z]+))\.([\w-]{43})$/.exec(token) ?? [];
	if (!what || !timingSafeEqual(Buffer.from(signed(what, secret)), Buffer.from(seal!))) return undefined;
	return { userId: Number(userId), topic: topic as Topic, channel: channel as Channel };
}

const signed = (what: string, secret: string): string =>
	createHmac("sha256", secret).update(`unsubscribe ${what}`).digest("base64url");

/** The page behind the link. It asks first: whatever follows links by itself must not change anything. */
export function pageOf({ topic, channel }: Subscription, language: string, done: boolean): string {
	const { page, topics, channels, language: written } = wordsIn(language);
	const says = (done ? page.done : page.ask)(topics[topic], channels[channel]);
	return [
		`<!doctype html><html lang="${written}"><head><meta charset="utf-8"><title>${escaped(page.title)}</title>`,
		'<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">',
		"<style>body{font-family:sans-serif;max-width:32em;margin:4em auto;padding:0 1em}button{font:inherit;padding:.5em 1em}</style>",
		`</head><body><h1>${escaped(page.title)}</h1><p>${escaped(says)}</p>`,
		done ? "" : `<form method="post"><button>${escaped(page.button)}</button></form>`,
		"</body></html>"
	].join("\n");
}
