import type { Service } from "moleculer";
import { runtimeOf } from "../broker/runtime.ts";
import { SagaEngine } from "../broker/saga/engine.ts";
import type { Saga } from "../broker/saga/saga.ts";
import { part, type Part } from "../broker/service.ts";
import type { StoreService } from "./store.mixin.ts";

export type SagaService = StoreService & { sagas: SagaEngine };

/** Runs, persists, resumes and compensates the sagas that this service orchestrates. */
// State and service differ from saga to saga; the engine only hands each saga what it put in itself.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export const sagas = (...definitions: Saga<any, any>[]): Part =>
	part<SagaService>({
		started() {
			const { ready, quieting } = runtimeOf(this.broker);
			this.sagas = new SagaEngine(this, definitions as Saga<unknown, Service>[]);
			ready.push(() => this.sagas.start());
			quieting.push(() => this.sagas.stop());
		}
	});
