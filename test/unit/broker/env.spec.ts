// checklist: 238
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigurationError, processEnv, readEnv, storeUrlOf } from "../../../broker/env.ts";

const root = join(import.meta.dirname, "../../..");
const folder = mkdtempSync(join(tmpdir(), "souk-env-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const secrets = { JWT_PRIVATE_KEY: "a key", WEBHOOK_SECRET: "sixteen or more characters" };
const problemsOf = (variables: Record<string, string>) => {
	try {
		readEnv(variables);
	} catch (error) {
		expect(error).toBeInstanceOf(ConfigurationError);
		return (error as Error).message
			.split("\n")
			.slice(1)
			.map(line => line.trim());
	}
	return [];
};

describe("without any variable", () => {
	// checklist: 79, 162, 198, 199
	it("everything has its default, and only what has none is absent", () => {
		expect(readEnv({})).toEqual({
			NODE_ENV: "development",
			HOST: "127.0.0.1",
			PORT: 8000,
			STORE: "sqlite",
			DATABASE_CONNECTIONS: 10,
			SQLITE_DRIVER: "sqlite3",
			DATA_DIR: "data",
			ORDER_FLOW: "orchestrated",
			ORDER_STALL_SECONDS: 30,
			RESERVATION_TTL_SECONDS: 900,
			ORDER_PLAN: "",
			ORDER_RETURN_DAYS: 30,
			ORDER_INSPECT_DAYS: 14,
			ORDER_HOLD_ADDRESS: false,
			ORDER_HOLD_DAYS: 14,
			TASK_ESCALATE_AFTER_SECONDS: 86_400,
			RATE_LIMIT: true,
			RATE_LIMIT_PER_MINUTE: 100,
			RATE_LIMIT_ORDERS_PER_MINUTE: 10,
			BULKHEADS: { users: 10, orders: 20 },
			TRUSTED_PROXIES: 0,
			TRACES_PER_SECOND: 20,
			CORS_ORIGINS: "",
			DEMO_PASSWORD: "souk-demo",
			PROVIDER_SLOW_MS: 2_000,
			MAIL_FROM: "no-reply@souk.test",
			LOG_LEVEL: "warn",
			production: false,
			seedDemo: true,
			checkResults: true,
			databaseUrls: {}
		});
	});

	it("an empty one counts as none", () => {
		expect(readEnv({ PORT: "", SEED_DEMO: "" })).toEqual(readEnv({}));
	});
});

describe("the store of a service", () => {
	const DATABASE_URL = "postgres://souk:secret@db:5432/souk";

	it("is a file, unless Postgres is asked for: then a database each", () => {
		expect(storeUrlOf(readEnv({ DATABASE_URL }), "orders")).toBeUndefined();
		const env = readEnv({ STORE: "postgres", DATABASE_URL });
		expect(storeUrlOf(env, "orders")).toBe(`${DATABASE_URL}_orders`);
		expect(storeUrlOf(readEnv({ STORE: "postgres", DATABASE_URL: "postgres://db" }), "orders")).toBe(
			"postgres://db/souk_orders"
		);
	});

	// checklist: 30
	it("may be named for one service alone", () => {
		const env = readEnv({ ORDERS_DATABASE_URL: "postgres://elsewhere/mine" });
		expect(storeUrlOf(env, "orders")).toBe("postgres://elsewhere/mine");
		expect(storeUrlOf(env, "users")).toBeUndefined();
	});

	it("needs an address of Postgres", () => {
		expect(problemsOf({ STORE: "postgres" })).toEqual(["DATABASE_URL: is required with STORE=postgres"]);
		expect(problemsOf({ DATABASE_URL: "mysql://db/souk" })).toEqual(["DATABASE_URL: is not postgres://user@host/name"]);
		expect(problemsOf({ ORDERS_DATABASE_URL: "nowhere" })).toEqual([
			"ORDERS_DATABASE_URL: is not postgres://user@host/name"
		]);
	});
});

describe("variables", () => {
	it("are parsed to what they mean", () => {
		expect(
			readEnv({ PORT: "9000", RATE_LIMIT: "off", SEED_DEMO: "0", CHECK_RESULTS: "false", TRUSTED_PROXIES: "2" })
		).toMatchObject({ PORT: 9_000, RATE_LIMIT: false, seedDemo: false, checkResults: false, TRUSTED_PROXIES: 2 });
		for (const word of ["on", "true", "1"]) expect(readEnv({ SEED_DEMO: word }).seedDemo).toBe(true);
	});

	it("that cannot be used are all named at once", () => {
		const problems = problemsOf({ PORT: "99999", ORDER_FLOW: "chaotic", LOG_LEVEL: "loud", RATE_LIMIT: "perhaps" });
		expect(problems.map(line => line.slice(0, line.indexOf(":"))).sort()).toEqual([
			"LOG_LEVEL",
			"ORDER_FLOW",
			"PORT",
			"RATE_LIMIT"
		]);
	});

	it("name the steps of an order's plan in their order, and the last of them ships it", () => {
		for (const plan of ["pick:60,pack,ship", "ship:7", "pack,ship"])
			expect(readEnv({ ORDER_PLAN: plan }).ORDER_PLAN).toBe(plan);
		for (const plan of ["pick", "ship,pack", "pick,pick,ship", "pick:soon,ship", "sell,ship", "ship,"])
			expect(problemsOf({ ORDER_PLAN: plan })).toEqual([expect.stringMatching(/^ORDER_PLAN: is some of pick/)]);
	});

	it("hold orders only where they say so", () => {
		expect(readEnv({}).ORDER_REVIEW_ABOVE).toBeUndefined();
		expect(readEnv({ ORDER_REVIEW_ABOVE: "0", ORDER_HOLD_ADDRESS: "on", ORDER_HOLD_DAYS: "3" })).toMatchObject({
			ORDER_REVIEW_ABOVE: 0,
			ORDER_HOLD_ADDRESS: true,
			ORDER_HOLD_DAYS: 3
		});
		expect(problemsOf({ ORDER_REVIEW_ABOVE: "-1", ORDER_HOLD_DAYS: "0" })).toHaveLength(2);
	});

	it("that Souk does not know are left alone", () => {
		expect(readEnv({ PATH: "/bin" })).toEqual(readEnv({}));
	});

	it("cannot be changed afterwards", () => {
		const env = readEnv({});
		expect(Object.isFrozen(env)).toBe(true);
		expect(() => Object.assign(env, { PORT: 1 })).toThrow(TypeError);
	});

	it("of this process are read from its environment", () => {
		expect(processEnv().NODE_ENV).toBe("test");
	});
});

describe("a value in a file", () => {
	const file = join(folder, "secret");

	it("is read where NAME_FILE says, without its last line break", () => {
		writeFileSync(file, "a secret of some length\n");
		expect(readEnv({ WEBHOOK_SECRET_FILE: file }).WEBHOOK_SECRET).toBe("a secret of some length");
		expect(readEnv({ WEBHOOK_SECRET: "", WEBHOOK_SECRET_FILE: file }).WEBHOOK_SECRET).toBe("a secret of some length");
	});

	it("gives way to the variable itself", () => {
		const both = readEnv({ WEBHOOK_SECRET: "the variable's own value", WEBHOOK_SECRET_FILE: file });
		expect(both.WEBHOOK_SECRET).toBe("the variable's own value");
	});

	it("that is not there is named beside the other problems", () => {
		const problems = problemsOf({ WEBHOOK_SECRET_FILE: join(folder, "missing"), PORT: "x" });
		expect(problems).toHaveLength(2);
		expect(problems.join()).toMatch(/WEBHOOK_SECRET_FILE: ENOENT.*PORT: /s);
	});
});

describe("in production", () => {
	it("secrets are required, and demo data and a limit switched off are refused, all at once", () => {
		const problems = problemsOf({ NODE_ENV: "production", RATE_LIMIT: "false", SEED_DEMO: "1", PORT: "x" });
		expect(problems.map(line => line.slice(0, line.indexOf(":"))).sort()).toEqual([
			"JWT_PRIVATE_KEY",
			"PORT",
			"RATE_LIMIT",
			"SEED_DEMO",
			"WEBHOOK_SECRET"
		]);
	});

	it("mail that really leaves needs an address to link to, and a secret for its links", () => {
		const leaving = { NODE_ENV: "production", ...secrets, SMTP_URL: "smtps://user:word@mail.test" };
		expect(problemsOf(leaving).map(line => line.slice(0, line.indexOf(":")))).toEqual([
			"PUBLIC_URL",
			"UNSUBSCRIBE_SECRET"
		]);
		const whole = { PUBLIC_URL: "https://shop.test", UNSUBSCRIBE_SECRET: "a secret that is long enough for this" };
		expect(problemsOf({ ...leaving, ...whole })).toEqual([]);
		expect(
			problemsOf({ SMTP_URL: "http://mail.test", MAIL_FROM: "nobody", PUBLIC_URL: "ftp://shop.test" })
		).toHaveLength(3);
	});

	it("a secret may come from a file", () => {
		const file = join(folder, "key");
		writeFileSync(file, "key");
		const { JWT_PRIVATE_KEY: _, ...rest } = secrets;
		expect(problemsOf({ NODE_ENV: "production", ...rest, JWT_PRIVATE_KEY_FILE: file })).toEqual([]);
	});

	it("nothing is seeded, and results are not checked", () => {
		const env = readEnv({ NODE_ENV: "production", ...secrets });
		expect(env).toMatchObject({ production: true, seedDemo: false, checkResults: false });
	});

	it("a short secret is refused", () => {
		const problems = problemsOf({ NODE_ENV: "production", ...secrets, WEBHOOK_SECRET: "short" });
		expect(problems).toEqual([expect.stringContaining("WEBHOOK_SECRET: Too small")]);
	});
});

describe(".env.example", () => {
	const lines = readFileSync(join(root, ".env.example"), "utf8").split("\n");
	const given = lines.filter(line => /^[A-Z_]+=/.test(line)).map(line => line.split("=", 2) as [string, string]);

	it("lists exactly the variables of broker/env.ts, in their order", () => {
		const source = readFileSync(join(root, "broker/env.ts"), "utf8");
		const declared = source.slice(source.indexOf("z.object({"), source.indexOf("});"));
		expect(given.map(([name]) => name)).toEqual([...declared.matchAll(/^\t([A-Z_]+):/gm)].map(([, name]) => name));
	});

	it("says of each why it is there, on the line above", () => {
		for (const [index, line] of lines.entries())
			if (/^[A-Z_]+=/.test(line)) expect(lines[index - 1]).toMatch(/^# .{10,}/);
	});

	it("gives the defaults: a copy of it changes nothing", () => {
		expect(readEnv(Object.fromEntries(given))).toEqual(readEnv({}));
		const values = readEnv({}) as unknown as Record<string, unknown>;
		for (const [name, value] of given)
			if (value === "") expect(values[name] ?? "").toBe("");
			// What is written in words of its own was compared above.
			else if (typeof values[name] !== "boolean" && typeof values[name] !== "object")
				expect(`${values[name] as string}`).toBe(value);
	});
});
