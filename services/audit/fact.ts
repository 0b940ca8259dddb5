import type { SoukEvent } from "../../broker/event.ts";
import { canonical, type Fact } from "./chain.ts";

/** What pays or signs in has no place in a log that is never deleted and read by people. */
const SECRETS = ["paymentToken", "password", "token", "accessToken", "refreshToken"];
/** Nor has what names a person: the log speaks of users by id, so that nothing in it has to be erased with them. */
const PERSONAL = ["email", "phone", "shippingAddress", "address", "recipient"];
const WITHHELD = new Set([...SECRETS, ...PERSONAL]);
/** Elsewhere a name is that of a product. */
const WITHHELD_OF_USERS = new Set([...WITHHELD, "name"]);
/** What people wrote of a task may name anybody. */
const WITHHELD_OF_TASKS = new Set([...WITHHELD, "title", "description", "checklist"]);

const withheldOf = (type: string): ReadonlySet<string> => {
	if (type.startsWith("user.")) return WITHHELD_OF_USERS;
	return type.startsWith("task.") ? WITHHELD_OF_TASKS : WITHHELD;
};

/** What the log keeps of an event. */
export const factOf = (event: SoukEvent): Fact => ({
	eventId: event.id,
	at: event.time,
	type: event.type,
	subject: event.subject,
	source: event.source,
	version: event.sequence ?? null,
	correlationId: event.correlationid,
	causationId: event.causationid ?? null,
	traceparent: event.traceparent ?? null,
	data: canonical(without(withheldOf(event.type), event.data))
});

function without(withheld: ReadonlySet<string>, value: unknown): unknown {
	if (Array.isArray(value)) return value.map(each => without(withheld, each));
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(
		Object.entries(value).map(([key, field]) => [key, withheld.has(key) ? "(withheld)" : without(withheld, field)])
	);
}
