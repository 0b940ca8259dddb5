import { z } from "zod";
import type { Origin } from "../../../../broker/context.ts";
import { events, type EventsOf } from "../../../../broker/contract.ts";

/** An entity of the specs: what it announces has a number. */
const probeEvents = events("probe", { moved: z.strictObject({ n: z.int() }) });
declare module "../../../../broker/contract.ts" {
	interface Events extends EventsOf<typeof probeEvents> {}
}

/** Where a unit of a spec comes from. */
export const cause = (more: Partial<Origin> = {}): { origin: Origin } => ({
	origin: { unit: "spec", correlationId: "request-1", ...more }
});
