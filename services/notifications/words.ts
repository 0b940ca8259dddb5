import type { Events } from "../../broker/contract.ts";
import type { Block } from "./blocks.ts";
import type { Channel, Topic } from "./notifications.contract.ts";
import { de } from "./words/de.ts";
import { en } from "./words/en.ts";
import { fr } from "./words/fr.ts";

/** What is known of each event that a customer is told of. */
export type Facts = Pick<
	Events,
	| "user.created"
	| "order.held"
	| "order.confirmed"
	| "order.cancelled"
	| "order.shipped"
	| "order.delivered"
	| "payment.refunded"
	| "return.requested"
	| "return.refused"
	| "return.completed"
	| "task.completed"
>;
export type Told = keyof Facts;

/** What is said of an event, before it is set as text or HTML. */
export interface Content {
	subject: string;
	blocks: readonly Block[];
	short: string;
}

/** Amounts as they are read in the language. */
export type Money = (minor: number, currency: string) => string;

/** All that is said to customers, in one language. */
export interface Words {
	language: string;
	greeting(name: string): string;
	letters: { [Type in Told]: (facts: Facts[Type], money: Money) => Content };
	/** What stands below a mail: why it comes, and how to stop what is like it. */
	footer: { why: string; stop: string };
	/** The page behind the link. */
	page: {
		title: string;
		ask(topic: string, channel: string): string;
		button: string;
		done(topic: string, channel: string): string;
	};
	topics: Record<Topic, string>;
	channels: Record<Channel, string>;
}

const known = new Map<string, Words>([en, de, fr].map(words => [words.language, words]));

/** The words of a language such as `de-AT`; English where nobody has translated. */
export const wordsIn = (language: string): Words => known.get(language.slice(0, 2)) ?? en;
