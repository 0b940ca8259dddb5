import type { Server } from "node:http";
import type { Service } from "moleculer";
import type { PublicKeys } from "../../broker/tokens.ts";
import type { Admission } from "./admission.ts";
import type { Cors } from "./cors.ts";
import type { Directory } from "./directory.ts";
import type { Exchange } from "./exchange.ts";
import type { HttpMeter } from "./http-meter.ts";
import type { LastAnswers } from "./last-answers.ts";
import type { LegacyApplication } from "./legacy.ts";
import type { Limits } from "./limits.ts";
import type { Retries } from "./retries.ts";
import type { RouteTable } from "./route-table.ts";
import type { Endpoint } from "./routes.ts";
import type { Sampling } from "./tracing.ts";

/** An address that the gateway answers by itself, under no limit: what watches over it must not be turned away. */
export interface Page {
	readonly path: string;
	readonly summary: string;
	readonly type: string;
	answer(gateway: ApiService, exchange: Exchange, params: Record<string, string>): void | Promise<void>;
}

/** The gateway: moleculer-web's service, and what Souk keeps on it. */
export type ApiService = Service & {
	/** Listens at `server.address()`. */
	server: Server;
	aliases: { method: string; fullPath: string }[];
	addRoute(options: object): void;
	keys: PublicKeys;
	cors: Cors;
	limits: Limits;
	admission: Admission;
	retries: Retries;
	lastAnswers: LastAnswers;
	meter: HttpMeter;
	sampling: Sampling;
	/** Answers where there is no route, if it is there. */
	legacy: LegacyApplication | undefined;
	directory: Directory;
	table: RouteTable<Endpoint | Page>;
	endpoints: Endpoint[];
	/** `starting` until the services of the process are there, `stopping` from the moment it is told to stop. */
	phase: "starting" | "serving" | "stopping";
	learning?: NodeJS.Timeout | undefined;
	regenerateAllAutoAliases(): void;
	/** Waits for services of other processes. */
	meet(services: readonly string[]): Promise<void>;
	/** Whether every service that clients reach has told its routes. */
	knowsAll(): boolean;
	learn(): Promise<void>;
	learnSoon(ms: number): void;
	quiet(): Promise<void>;
};
