import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { ServiceSchema } from "moleculer";
import { systemEvents } from "../../broker/dead-letters.ts";
import { titleOf, topicOf, type Contract, type EventContract } from "../../broker/contract.ts";
import * as platform from "../../broker/errors.ts";
import { loadService, serviceNames } from "../../broker/node.ts";
import type { RefusalClass } from "../../broker/errors.ts";

/** The names that events of the same meaning have elsewhere. */
const ALSO_KNOWN_AS: Record<string, string> = {
	"order.created": "`OrderCreated`, `order-created`",
	"order.cancelled": "`OrderCancelled`",
	"order.confirmed": "`OrderConfirmed`",
	"inventory.reserved": "`InventoryReserved`",
	"inventory.reservation_failed": "`InventoryReservationFailed`",
	"inventory.released": "`ReleaseInventory` (there a command)",
	"payment.authorized": "`PaymentProcessed`",
	"payment.failed": "`PaymentFailed`",
	"user.created": "`UserCreatedEvent`",
	"user.updated": "`UserUpdatedEvent`",
	"task.created": "`TaskCreatedEvent`",
	"task.updated": "`TaskUpdatedEvent`",
	"task.completed": "`TaskCompletedEvent`",
	"notification.sent": "`NotificationSentEvent`"
};

interface Told {
	type: string;
	by: string;
}

/** Whether what a contract file exports is a contract. */
export const isContract = (value: unknown): value is Contract =>
	typeof value === "object" && value !== null && "actions" in value;
const isEventContract = (value: unknown): value is EventContract =>
	typeof value === "object" && value !== null && "schemas" in value;

/** All that the contract file of a service exports. */
export async function contractsOf(name: string): Promise<unknown[]> {
	const file = join(import.meta.dirname, `../../services/${name}/${name}.contract.ts`);
	return Object.values((await import(pathToFileURL(file).href)) as Record<string, unknown>);
}

/** Every event and who publishes it. */
export async function everythingTold(names: readonly string[]): Promise<Told[]> {
	const told: Told[] = Object.keys(systemEvents.schemas).map(name => ({ type: `system.${name}`, by: "any service" }));
	for (const by of names)
		for (const { entity, schemas } of (await contractsOf(by)).filter(isEventContract))
			told.push(...Object.keys(schemas).map(name => ({ type: `${entity}.${name}`, by })));
	return told.sort((a, b) => (a.type < b.type ? -1 : 1));
}

/** Who hears what, from the services' own tables of contents. */
export async function everythingHeard(names: readonly string[]): Promise<Map<string, string[]>> {
	const heard = new Map<string, string[]>();
	for (const name of names) {
		const { mixins = [] } = await loadService(name);
		for (const mixin of mixins as ServiceSchema[])
			for (const type of (mixin.metadata as { hears?: string[] } | undefined)?.hears ?? [])
				heard.set(type, [...(heard.get(type) ?? []), name]);
	}
	return heard;
}

/** docs/events.md: every type of event, who publishes it, who hears it. */
export async function eventsDocument(): Promise<string> {
	const names = await serviceNames();
	const heard = await everythingHeard(names);
	const everybody = heard.get("*") ?? [];
	const rows = (await everythingTold(names)).map(({ type, by }) => {
		const hearing = [...(heard.get(type) ?? []), ...everybody].sort();
		return `| \`${type}\` | \`${topicOf(type)}\` | ${by} | ${hearing.join(", ") || "nobody"} | ${ALSO_KNOWN_AS[type] ?? ""} |`;
	});
	return `# Events

Events are CloudEvents 1.0: \`id\` (UUIDv7), \`source\`, \`type\`, \`subject\`, \`time\`, \`data\`, with \`correlationid\` (the request that started it
all), \`causationid\`, \`traceparent\`, and \`sequence\` where the subject counts its versions. They are committed with the change that they
announce, delivered at least once and applied once, in order within a subject. A type is an entity and what happened to it; its topic is
the entity's. The shape of \`data\` stands in the publisher's contract.

An event carries \`order\` when its order is choreographed: that is what the next service acts on. Where a saga conducts, the same events
are published without it, and tell instead of lead.

This table is written by \`npm run docs:gen\` from the contracts and the services' tables of contents; a test holds it to them.

| type | topic | published by | heard by | known elsewhere as |
|---|---|---|---|---|
${rows.join("\n")}
`;
}

interface Refused {
	code: string;
	status: number;
	title: string;
	by: Set<string>;
}

/** docs/errors.md: every code a client can meet, and who answers it. */
export async function errorsDocument(): Promise<string> {
	const refusals = new Map<string, Refused>();
	const add = (refusal: RefusalClass, by: string) => {
		const { type, code } = new refusal();
		const known = refusals.get(type) ?? {
			code: type,
			status: code,
			title: titleOf(refusal.name),
			by: new Set<string>()
		};
		known.by.add(by);
		refusals.set(type, known);
	};
	for (const value of Object.values(platform)) if (isProblemClass(value)) add(value as RefusalClass, "any route");
	for (const name of await serviceNames())
		for (const { name: service, actions } of (await contractsOf(name)).filter(isContract))
			for (const [verb, spec] of Object.entries(actions))
				for (const refusal of spec.refuses ?? []) add(refusal, `\`${service}.${verb}\``);
	const rows = [...refusals.values()]
		.sort((a, b) => a.status - b.status || (a.code < b.code ? -1 : 1))
		.map(({ code, status, title, by }) => `| ${status} | \`${code}\` | ${title} | ${[...by].sort().join(", ")} |`);
	return `# Errors

Every answer of 400 and above is a problem document (RFC 9457, \`application/problem+json\`): \`type\`, \`title\`, \`status\`, \`detail\`,
\`instance\`, \`code\`, \`requestId\`, and \`errors\` with a JSON pointer or a parameter name for each flaw. Branch on \`code\`: it never changes
its meaning. A refusal (4xx) changed nothing. After a 503, or when no answer came, send the same request again with the same
Idempotency-Key, no sooner than \`Retry-After\` says.

This table is written by \`npm run docs:gen\` from the error classes and the contracts; a test holds it to them.

| status | code | meaning | answered by |
|---|---|---|---|
${rows.join("\n")}
`;
}

function isProblemClass(value: unknown): boolean {
	if (typeof value !== "function" || value === platform.Refusal || value === platform.Unavailable) return false;
	const { prototype } = value as { prototype: unknown };
	return prototype instanceof platform.Refusal || prototype instanceof platform.Unavailable;
}
