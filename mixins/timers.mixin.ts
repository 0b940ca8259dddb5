import type { Service } from "moleculer";
import { runtimeOf } from "../broker/runtime.ts";
import { part, type Part } from "../broker/service.ts";
import type { Unit } from "../broker/sql/store.ts";
import { Timers, type Fire, type Timer } from "../broker/timers.ts";
import type { StoreService } from "./store.mixin.ts";

export type TimersService = StoreService & { timers: Timers };

/** What happens when a timer is due, in one unit with the end of the timer. */
export type TimerHandler<Self = Service, Data = unknown> = (
	this: Self,
	timer: Timer<Data>,
	unit: Unit
) => Promise<void>;

/** Things happen at their time, once, whoever stops and starts in between; `handlers` says what, by kind of timer. */
export const timers = (handlers: Record<string, TimerHandler<never, never>>): Part =>
	part<TimersService>({
		started() {
			const { ready, quieting } = runtimeOf(this.broker);
			const bound = Object.entries(handlers).map(([kind, handler]): [string, Fire] => [
				kind,
				(timer, unit) => (handler as TimerHandler).call(this, timer, unit)
			]);
			this.timers = new Timers({
				service: this.name,
				store: this.store,
				logger: this.logger,
				handlers: new Map(bound)
			});
			ready.push(() => this.timers.start());
			quieting.push(() => this.timers.stop());
		}
	});
