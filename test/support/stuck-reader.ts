import { JetStreamBus } from "../../broker/bus/jetstream.ts";
import type { SoukEvent } from "../../broker/event.ts";

// A process that takes events and never answers for one: a spec kills it while it has them.
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const bus = new JetStreamBus({ url: process.argv[2]!, name: "stuck", logger: silent as never });
bus.subscribe({
	name: "reader",
	types: ["letter.written"],
	hears: () => true,
	receive: (event: SoukEvent) => {
		process.stdout.write(`${event.id}\n`);
		return new Promise(() => undefined);
	}
});
await bus.start();
