import type { SoukEvent } from "../../broker/event.ts";
import { canonical, type Fact } from "./chain.ts";

/** What pays or signs in has no place in a log that is never deleted and read by people. */
const SECRETS = new Set(["paymentToken", "password", "token", "accessToken", "refreshToken"]);

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
	data: canonical(withoutSecrets(event.data))
});

function withoutSecrets(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(withoutSecrets);
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(
		Object.entries(value).map(([key, field]) => [key, SECRETS.has(key) ? "(withheld)" : withoutSecrets(field)])
	);
}
