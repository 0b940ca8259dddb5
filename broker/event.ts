import type { Events, EventType } from "./contract.ts";

/** An event on the wire: CloudEvents 1.0 with the tracing and partitioning extensions. */
export interface SoukEvent<Type extends EventType = EventType> {
	specversion: "1.0";
	id: string;
	source: string;
	type: Type;
	/** The thing it is about, `order/12`. Events of one subject are handled in the order they were committed. */
	subject: string;
	time: string;
	/** The version that the subject reached with this event, where the subject counts versions. */
	sequence?: number;
	traceparent?: string;
	/** What started it all: the id of the request. */
	correlationid: string;
	/** The event or request that led to this one. */
	causationid?: string;
	data: Events[Type];
}
