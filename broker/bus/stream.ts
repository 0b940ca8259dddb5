import {
	AckPolicy,
	DeliverPolicy,
	DiscardPolicy,
	nanos,
	NatsError,
	ReplayPolicy,
	RetentionPolicy,
	StorageType,
	type ConsumerConfig,
	type ConsumerInfo,
	type JetStreamManager,
	type StreamConfig,
	type StreamInfo
} from "nats";
import { ConfigurationError } from "../env.ts";
import type { SoukEvent } from "../event.ts";
import type { Consumer } from "./bus.ts";

/** The stream that all events go through. */
export const STREAM = "souk";
const ROOT = "souk.events";
/** Longer than outboxes keep what they sent, shorter than inboxes remember what they handled. */
const LIFE_MS = 8 * 24 * 60 * 60 * 1_000;
/** An event that is not answered for by then is delivered again: to whoever takes the consumer over. */
export const ACK_WAIT_MS = 30_000;
/** How many events one consumer has under way. */
const UNDER_WAY = 256;

/** `souk.events.orders.order.created`: who says it, and what. Permissions are given by it. */
export const subjectOf = ({ source, type }: SoukEvent): string => `${ROOT}.${source.replace("/souk/", "")}.${type}`;
/** The event's type, from its subject. */
export const typeOf = (subject: string): string => subject.split(".").slice(3).join(".");
/** All that one service says. */
export const saidBy = (service: string): string => `${ROOT}.${service}.>`;

/** A consumer's durable consumers, and the subjects each takes: one for every entity it hears of, or one for all. */
export function durablesOf({ name, types }: Pick<Consumer, "name" | "types">): { durable: string; filter: string }[] {
	if (!types || types.includes("*")) return [{ durable: name, filter: `${ROOT}.>` }];
	const entities = new Set(types.map(type => type.split(".")[0]));
	return [...entities].map(entity => ({ durable: `${name}-${entity}`, filter: `${ROOT}.*.${entity}.>` }));
}

const SHAPE = {
	name: STREAM,
	subjects: [`${ROOT}.>`],
	retention: RetentionPolicy.Limits,
	storage: StorageType.File,
	// A full stream refuses, and the outboxes keep what they have; the default would drop what nobody has read yet.
	discard: DiscardPolicy.New,
	max_age: nanos(LIFE_MS),
	max_msgs: -1,
	max_msgs_per_subject: -1,
	// A first filter only: what comes again later is known to the inboxes.
	duplicate_window: nanos(10 * 60 * 1_000)
} satisfies Partial<StreamConfig>;
/** What no server can change of a stream that exists. */
const FIXED = ["retention", "storage"] as const;

/** Makes the stream, or gives an existing one the shape it must have. Throws ConfigurationError where that cannot be done. */
export async function provideStream(manager: JetStreamManager): Promise<StreamInfo> {
	const existing = await orMissing(manager.streams.info(STREAM));
	if (!existing) return manager.streams.add(SHAPE);
	const { config } = existing;
	const wrong = FIXED.filter(key => config[key] !== SHAPE[key]);
	if (wrong.length > 0)
		throw new ConfigurationError(
			`The JetStream stream ${STREAM} cannot be used: ${wrong.map(key => `${key} is ${config[key]}, must be ${SHAPE[key]}`).join(", ")}. ` +
				`Delete it (nats stream rm ${STREAM}); the outboxes fill the new one again`
		);
	const drifted = Object.entries(SHAPE).some(
		([key, value]) => JSON.stringify(config[key as keyof StreamConfig]) !== JSON.stringify(value)
	);
	return drifted ? manager.streams.update(STREAM, { ...config, ...SHAPE }) : existing;
}

/** Whether a stream is not the one it was, or has lost its oldest events before their time. */
export function isCutOff(before: StreamInfo, { created, state }: StreamInfo): boolean {
	if (created !== before.created) return true;
	const expires = Date.parse(before.state.first_ts) + LIFE_MS;
	return before.state.messages > 0 && state.first_seq > before.state.first_seq && Date.now() < expires;
}

/** The id of the last event in the stream that a service said; undefined when there is none. */
export async function lastSaidBy(manager: JetStreamManager, service: string): Promise<string | undefined> {
	const message = await orMissing(manager.streams.getMessage(STREAM, { last_by_subj: saidBy(service) }));
	return message?.header.get("Nats-Msg-Id");
}

/**
 * Makes the durable consumer, or readies an existing one, and resolves to the number of its next delivery. One that left
 * deliveries unanswered is made again from the first of them: the server would hand on what is newer at once, and those
 * only when their time is over, out of order.
 */
export async function provideConsumer(manager: JetStreamManager, durable: string, filter: string): Promise<number> {
	const shape = {
		durable_name: durable,
		filter_subject: filter,
		ack_policy: AckPolicy.Explicit,
		ack_wait: nanos(ACK_WAIT_MS),
		// The inbox decides what is given up; the server would do it without a word.
		max_deliver: -1,
		max_ack_pending: UNDER_WAY,
		replay_policy: ReplayPolicy.Instant
	} satisfies Partial<ConsumerConfig>;
	const existing = await orMissing(manager.consumers.info(STREAM, durable));
	if (existing?.config.ack_policy && existing.config.ack_policy !== shape.ack_policy)
		throw new ConfigurationError(
			`The JetStream consumer ${durable} cannot be used: what it delivers counts as handled (ack policy ${existing.config.ack_policy}). ` +
				`Delete it (nats consumer rm ${STREAM} ${durable}); everything in the stream is then delivered again`
		);
	const { state } = await manager.streams.info(STREAM);
	// One that is ahead of its stream belongs to a stream that is gone.
	const ahead = existing !== undefined && existing.delivered.stream_seq > state.last_seq;
	if (existing && !ahead && existing.num_ack_pending === 0 && fits(existing, shape))
		return existing.delivered.consumer_seq + 1;
	if (existing) await manager.consumers.delete(STREAM, durable);
	const from = existing && !ahead ? existing.ack_floor.stream_seq + 1 : 1;
	await manager.consumers.add(STREAM, {
		...shape,
		...(from > 1
			? { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: from }
			: { deliver_policy: DeliverPolicy.All })
	});
	return 1;
}

const fits = ({ config }: ConsumerInfo, shape: Partial<ConsumerConfig>): boolean =>
	Object.entries(shape).every(([key, value]) => config[key as keyof ConsumerConfig] === value);

/** What was asked for, or nothing where the server says that there is no such thing. */
async function orMissing<T>(answer: Promise<T>): Promise<T | undefined> {
	try {
		return await answer;
	} catch (error) {
		if (error instanceof NatsError && error.api_error?.code === 404) return undefined;
		throw error;
	}
}
