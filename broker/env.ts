import { readFileSync } from "node:fs";
import { z } from "zod";

const flag = z.enum(["on", "off", "true", "false", "1", "0"]).transform(word => ["on", "true", "1"].includes(word));
const count = (low: number, high: number) => z.coerce.number().int().min(low).max(high);

const numbered = ([name = "", number]: string[]): [string, number] => [name, Number(number)];
const isNats = (urls: string): boolean =>
	urls.split(",").every(url => url.trim().startsWith("nats://") && URL.canParse(url.trim()));
const PostgresUrl = z
	.string()
	.refine(
		text => URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol),
		"is not postgres://user@host/name"
	);

/** The store of one service: `ORDERS_DATABASE_URL` names the database of orders. */
const STORE_OF_ONE = /^([A-Z]+)_DATABASE_URL(?:_FILE)?$/;

/** Every variable Souk reads, its shape and its default; .env.example lists the same. */
const Variables = z.object({
	NODE_ENV: z.enum(["development", "test", "production"]).default("development"),
	HOST: z.string().default("127.0.0.1"),
	PORT: count(0, 65535).default(8000),
	HEALTH_PORT: count(0, 65535).optional(),
	NODE_ID: z
		.string()
		.regex(/^[A-Za-z0-9_-]{1,60}(\.[A-Za-z0-9_-]{1,60}){0,3}$/)
		.optional(),
	DATA_DIR: z.string().min(1).default("data"),
	STORE: z.enum(["sqlite", "postgres"]).default("sqlite"),
	DATABASE_URL: PostgresUrl.optional(),
	DATABASE_CONNECTIONS: count(4, 100).default(10),
	SQLITE_DRIVER: z.enum(["sqlite3", "node"]).default("sqlite3"),
	REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
	SERVICES: z.string().optional(),
	TRANSPORTER: z
		.string()
		.refine(isNats, "is one address or more, separated by commas, like nats://user:password@127.0.0.1:4222")
		.optional(),
	ORDER_FLOW: z.enum(["orchestrated", "choreographed"]).default("orchestrated"),
	ORDER_STALL_SECONDS: count(1, 86_400).default(30),
	ORDER_REVIEW_ABOVE: count(0, 1_000_000_000_000).optional(),
	ORDER_HOLD_ADDRESS: flag.default(false),
	ORDER_HOLD_DAYS: count(1, 365).default(14),
	RESERVATION_TTL_SECONDS: count(1, 86_400).default(900),
	ORDER_PLAN: z
		.string()
		.regex(
			/^(?:(?:pick(?::\d{1,7})?,)?(?:pack(?::\d{1,7})?,)?ship(?::\d{1,7})?)?$/,
			"is some of pick, pack and ship in this order, the last of them ship, each with its seconds where it has a limit: pick:3600,ship"
		)
		.default(""),
	ORDER_RETURN_DAYS: count(0, 3_650).default(30),
	ORDER_INSPECT_DAYS: count(1, 365).default(14),
	TASK_ESCALATE_AFTER_SECONDS: count(1, 31_536_000).default(86_400),
	RATE_LIMIT: flag.default(true),
	RATE_LIMIT_PER_MINUTE: count(1, 1_000_000).default(100),
	RATE_LIMIT_ORDERS_PER_MINUTE: count(1, 1_000_000).default(10),
	BULKHEADS: z
		.string()
		.regex(/^([a-z]+:[1-9]\d{0,3}(,(?=.)|$))+$/, "is a list like users:10,orders:20")
		.default("users:10,orders:20")
		.transform(list => Object.fromEntries(list.split(",").map(each => numbered(each.split(":"))))),
	TRUSTED_PROXIES: count(0, 10).default(0),
	LEGACY_URL: z.url({ protocol: /^https?$/ }).optional(),
	CORS_ORIGINS: z.string().default(""),
	SEED_DEMO: flag.optional(),
	DEMO_PASSWORD: z.string().min(8).default("souk-demo"),
	JWT_PRIVATE_KEY: z.string().optional(),
	WEBHOOK_SECRET: z.string().min(16).optional(),
	SERVICE_SECRET: z.string().min(32).optional(),
	SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
	MAIL_FROM: z.email().default("no-reply@souk.test"),
	PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
	UNSUBSCRIBE_SECRET: z.string().min(32).optional(),
	PROVIDER_SLOW_MS: count(0, 60_000).default(2_000),
	TRACES_PER_SECOND: count(0, 100_000).default(20),
	OTLP_URL: z.url({ protocol: /^https?$/ }).optional(),
	LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace"]).default("warn"),
	CHECK_RESULTS: flag.optional(),
	CRASH_POINTS: z.string().optional()
});

/** The settings of one process, parsed once and frozen. */
export type Env = Readonly<z.output<typeof Variables>> & {
	readonly production: boolean;
	readonly seedDemo: boolean;
	/** Whether every action's result is held against its contract: on outside production. */
	readonly checkResults: boolean;
	/** The databases that are named for one service, by the service's name. */
	readonly databaseUrls: Readonly<Record<string, string>>;
};

/** The process was given variables it cannot use; the message lists all of them at once. */
export class ConfigurationError extends Error {
	override name = "ConfigurationError";
}

/** Parses variables into settings. `NAME_FILE` is read where `NAME` is a secret kept in a file. Throws ConfigurationError. */
export function readEnv(source: Record<string, string | undefined>): Env {
	const given: Record<string, string> = {};
	const problems: string[] = [];
	const ofOne = Object.keys(source).filter(name => STORE_OF_ONE.test(name));
	for (const name of new Set([...Object.keys(Variables.shape), ...ofOne.map(name => name.replace(/_FILE$/, ""))])) {
		const file = source[`${name}_FILE`];
		try {
			const value = source[name] || (file && readFileSync(file, "utf8").trim());
			if (value) given[name] = value;
		} catch (error) {
			problems.push(`${name}_FILE: ${(error as Error).message}`);
		}
	}
	const parsed = Variables.safeParse(given);
	for (const issue of parsed.error?.issues ?? []) problems.push(`${issue.path.join(".")}: ${issue.message}`);
	for (const name of Object.keys(given).filter(name => STORE_OF_ONE.test(name)))
		for (const issue of PostgresUrl.safeParse(given[name]).error?.issues ?? [])
			problems.push(`${name}: ${issue.message}`);
	if (given.STORE === "postgres" && !given.DATABASE_URL) problems.push("DATABASE_URL: is required with STORE=postgres");
	if (given.NODE_ENV === "production") problems.push(...productionProblems(given));
	if (!parsed.success || problems.length > 0)
		throw new ConfigurationError(`These environment variables cannot be used:\n  ${problems.join("\n  ")}`);
	const values = parsed.data;
	const production = values.NODE_ENV === "production";
	return Object.freeze({
		...values,
		production,
		seedDemo: values.SEED_DEMO ?? !production,
		checkResults: values.CHECK_RESULTS ?? !production,
		databaseUrls: Object.fromEntries(
			Object.entries(given).flatMap(([name, url]) => {
				const service = STORE_OF_ONE.exec(name)?.[1];
				return service ? [[service.toLowerCase(), url]] : [];
			})
		)
	});
}

/** The Postgres database of a service, `…/souk_orders` where `DATABASE_URL` is `…/souk`; undefined where it keeps a file. */
export function storeUrlOf(
	env: Pick<Env, "STORE" | "DATABASE_URL" | "databaseUrls">,
	service: string
): string | undefined {
	const own = env.databaseUrls[service];
	if (own !== undefined || env.STORE === "sqlite") return own;
	const url = new URL(env.DATABASE_URL!);
	url.pathname = `${url.pathname.replace(/\/$/, "") || "/souk"}_${service}`;
	return url.href;
}

function productionProblems(given: Record<string, string>): string[] {
	const problems: string[] = [];
	if (["off", "false", "0"].includes(given.RATE_LIMIT ?? "")) problems.push("RATE_LIMIT: cannot be off in production");
	if (["on", "true", "1"].includes(given.SEED_DEMO ?? ""))
		problems.push("SEED_DEMO: demo accounts are not for production");
	if (given.SMTP_URL && !given.PUBLIC_URL) problems.push("PUBLIC_URL: is required with SMTP_URL: mails link to it");
	for (const secret of [
		"JWT_PRIVATE_KEY",
		"WEBHOOK_SECRET",
		...(given.TRANSPORTER ? ["SERVICE_SECRET"] : []),
		...(given.SMTP_URL ? ["UNSUBSCRIBE_SECRET"] : [])
	])
		if (!given[secret]) problems.push(`${secret}: is required in production (or ${secret}_FILE)`);
	return problems;
}

/** The settings of this process, from its environment and from what was asked for beside it. */
export const processEnv = (asked: Record<string, string> = {}): Env => readEnv(environmentWith(asked));

/** The environment for a process that this one starts. */
export const environmentWith = (more: Record<string, string>): Record<string, string | undefined> => ({
	...process.env,
	...more
});
