import type { ActionSchema } from "moleculer";
import WebGateway from "moleculer-web";
import { runtimeOf } from "../../broker/runtime.ts";
import { serve, service } from "../../broker/service.ts";
import { publicKeysFrom } from "../../broker/tokens.ts";
import { Admission } from "./admission.ts";
import { api } from "./api.contract.ts";
import { Cors } from "./cors.ts";
import { Directory } from "./directory.ts";
import type { ApiService } from "./gateway.ts";
import { HttpMeter } from "./http-meter.ts";
import { LastAnswers } from "./last-answers.ts";
import { LegacyApplication } from "./legacy.ts";
import { Limits } from "./limits.ts";
import { deadLetters, discardDeadLetter, retryDeadLetter } from "./operations.ts";
import { receive } from "./receive.ts";
import { services } from "./registry.ts";
import { Retries } from "./retries.ts";
import { build } from "./router.ts";
import { drain, limitedServer } from "./server.ts";
import { Sampling } from "./tracing.ts";

const SOON_MS = 50;
const LATER_MS = 1_000;
/** How long the gateway waits for services before it serves those that are there. */
const MEET_MS = 30_000;

/** moleculer-web's own actions would show or change the routes to whoever calls them, or serve requests a second way. */
const without = (...names: string[]): Record<string, ActionSchema> =>
	Object.fromEntries(names.map(name => [name, false as never]));

export default service<ApiService>({
	name: "api",
	mixins: [WebGateway as never],
	settings: {
		// Filled by `learn`, with addresses from contracts and nothing else.
		routes: [{ path: "/", mappingPolicy: "restrict", aliases: {}, bodyParsers: false, logging: false }],
		logRouteRegistration: null
	},
	actions: {
		...serve(api, { services, deadLetters, retryDeadLetter, discardDeadLetter }),
		...without("rest", "listAliases", "addRoute", "removeRoute")
	},
	created() {
		const { env, redis } = runtimeOf(this.broker);
		Object.assign(this.settings, { port: env.PORT, ip: env.HOST });
		this.phase = "starting";
		this.keys = publicKeysFrom(() => this.broker.call("users.jwks"));
		this.cors = new Cors(env.CORS_ORIGINS);
		this.limits = new Limits(env, redis);
		this.admission = new Admission();
		this.retries = new Retries();
		this.lastAnswers = new LastAnswers();
		this.legacy = env.LEGACY_URL ? new LegacyApplication(env.LEGACY_URL) : undefined;
		this.directory = new Directory(this.broker);
		// moleculer-web calls it whenever a service comes or goes.
		this.regenerateAllAutoAliases = () => this.learnSoon(SOON_MS);
		this.meter = new HttpMeter();
		this.sampling = new Sampling(env.TRACES_PER_SECOND);
		build(this);
	},
	started() {
		const { ready, quieting, needs } = runtimeOf(this.broker);
		ready.push(async () => {
			await this.meet(needs);
			await this.learn();
			this.phase = "serving";
			// Added last, so that the doors close before anything behind them is quieted.
			quieting.push(() => this.quiet());
		});
	},
	stopped() {
		clearTimeout(this.learning);
	},
	methods: {
		createServer() {
			this.server = limitedServer((req, res) => void receive(this, req, res));
		},
		async meet(services: readonly string[]) {
			if (services.length === 0) return;
			try {
				await this.broker.waitForServices([...services], MEET_MS, SOON_MS);
			} catch {
				// One that never comes must not keep the others from being served.
				this.logger.warn("Not every service is there; those that come later are served then");
			}
		},
		knowsAll() {
			return this.phase !== "starting" && this.directory.knows(runtimeOf(this.broker).needs);
		},
		async learn() {
			const complete = await this.directory.ask();
			build(this);
			if (!complete) this.learnSoon(LATER_MS);
		},
		learnSoon(ms: number) {
			clearTimeout(this.learning);
			if (this.phase !== "stopping") this.learning = setTimeout(() => void this.learn(), ms);
		},
		async quiet() {
			this.phase = "stopping";
			clearTimeout(this.learning);
			await drain(this.server, () => this.admission.underWay);
		}
	}
});
