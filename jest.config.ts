import type { Config } from "jest";
import type { Program } from "./test/support/needs.ts";
import { CHROMIUM, NATS, POSTGRES, REDIS, whyNot } from "./test/support/where.ts";

type Project = Config & { displayName: string };

/** Packages that ship ES modules only: jest runs CommonJS, so they are compiled like our own files. */
const esmOnly = ["jose", "httpxy", "@seriousme/openapi-schema-validator"];

/** A folder of specs, run as a project of its own: `jest --selectProjects unit`. */
function project(name: string, testMatch: string[], setupFilesAfterEnv: string[] = []): Project {
	return {
		displayName: name,
		testEnvironment: "node",
		testMatch: testMatch.map(mask => `<rootDir>/${mask}`),
		setupFilesAfterEnv,
		transform: {
			"\\.(ts|tsx|js|mjs)$": [
				"@swc/jest",
				{
					swcrc: false,
					sourceMaps: "inline",
					module: { type: "commonjs" },
					jsc: { target: "esnext", parser: { syntax: "typescript", tsx: false } }
				}
			]
		},
		transformIgnorePatterns: [`/node_modules/(?!(${esmOnly.join("|")})/)`],
		// A dynamic import of a file URL is a require here, and require takes paths.
		moduleNameMapper: { "^file://(.+)$": "$1" },
		modulePathIgnorePatterns: ["<rootDir>/coverage/"]
	};
}

/** A project that needs servers. Where one is not installed, a line below the summary says so instead. */
function withServers(needs: readonly Program[], config: Project): Project {
	const why = whyNot(config.displayName, needs);
	if (!why) return config;
	return {
		...project(config.displayName, ["test/support/skipped.ts"]),
		globals: { SKIPPED: why }
	};
}

/** Without specs that are about something else: files and who owns them, a file that is locked, a process alone. */
const except = (config: Project, ...files: string[]): Project => ({
	...config,
	testPathIgnorePatterns: files.map(file => `/${file}.spec.ts$`)
});

const PATIENCE = "<rootDir>/test/support/patience.ts";

/** Specs over a Postgres server that is started for them. */
const overPostgres = (name: string, testMatch: string[], setup: string[] = []): Project => ({
	...project(name, testMatch, ["<rootDir>/test/support/postgres-store.ts", ...setup]),
	globalSetup: "<rootDir>/test/support/postgres-setup.ts",
	globalTeardown: "<rootDir>/test/support/postgres-teardown.ts"
});

/** Specs of the whole over a process a service, and over two of each with Postgres and a Redis. */
const layoutB = (name: string, testMatch: string[]): Project =>
	withServers([NATS], project(name, testMatch, [PATIENCE, "<rootDir>/test/support/layout-b.ts"]));
const layoutC = (name: string, testMatch: string[]): Project =>
	withServers([POSTGRES, NATS, REDIS], overPostgres(name, testMatch, [PATIENCE, "<rootDir>/test/support/layout-c.ts"]));

const config: Config = {
	maxWorkers: 2,
	reporters: ["default", "<rootDir>/test/support/skipped-reporter.ts"],
	// Only for what hangs: on a busy machine a property may take a while.
	testTimeout: 120_000,
	coverageProvider: "v8",
	coverageDirectory: "coverage",
	collectCoverageFrom: ["{broker,mixins,services}/**/*.ts", "!**/*.d.ts"],
	projects: [
		project("unit", ["test/unit/**/*.spec.ts", "test/architecture.spec.ts"]),
		project("integration", ["test/integration/**/*.spec.ts"]),
		// A file that somebody else has locked holds up the thread, and with it the spec that would unlock it (decision 10).
		except(
			project(
				"driver",
				["test/unit/broker/sql/*.spec.ts", "test/unit/payments/simulated*.spec.ts", "test/integration/**/*.spec.ts"],
				["<rootDir>/test/support/node-driver.ts"]
			),
			"side-by-side"
		),
		except(
			withServers(
				[POSTGRES],
				overPostgres("postgres", [
					"test/integration/**/*.spec.ts",
					"test/postgres/**/*.spec.ts",
					"test/unit/broker/{sql/{store,relay,migrate,full-text},timers}.spec.ts"
				])
			),
			...["two-owners", "notifications-sender", "side-by-side"]
		),
		project("e2e", ["test/e2e/**/*.spec.ts"], [PATIENCE]),
		except(withServers([POSTGRES], overPostgres("postgres-e2e", ["test/e2e/**/*.spec.ts"], [PATIENCE])), "process"),
		layoutB("cluster-b", ["test/e2e/**/*.spec.ts", "test/cluster/launcher.spec.ts"]),
		except(layoutC("cluster-c", ["test/e2e/**/*.spec.ts"]), "process"),
		withServers([CHROMIUM], project("browser", ["test/browser/**/*.spec.ts"], [PATIENCE])),
		// Minutes of load, and of processes killed one by one.
		layoutB("cluster-b-kills", ["test/cluster/kills.spec.ts"]),
		layoutC("cluster-c-kills", ["test/cluster/{kills,rolling}.spec.ts"]),
		project("chaos", ["test/chaos/**/*.spec.ts"], [PATIENCE]),
		withServers(
			[POSTGRES],
			overPostgres("postgres-chaos", ["test/chaos/{random-kills,contention}.spec.ts"], [PATIENCE])
		)
	]
};

export default config;
