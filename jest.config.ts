import type { Config } from "jest";
import { hasPostgres } from "./test/support/postgres-server.ts";
import { where } from "./test/support/where.ts";

/** Packages that ship ES modules only: jest runs CommonJS, so they are compiled like our own files. */
const esmOnly = ["jose", "@seriousme/openapi-schema-validator"];

/** A folder of specs, run as a project of its own: `jest --selectProjects unit`. */
function project(name: string, testMatch: string[], setupFilesAfterEnv: string[] = []): Config {
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

/** Specs of other projects, run over a Postgres server that is started for them. */
const overPostgres = (name: string, testMatch: string[], but: string[], setup: string[] = []): Config => ({
	...project(name, where(hasPostgres(), name, "Postgres", "apt-get install postgresql", testMatch), [
		"<rootDir>/test/support/postgres-store.ts",
		...(/e2e|chaos/.test(name) ? ["<rootDir>/test/support/patience.ts"] : []),
		...setup
	]),
	testPathIgnorePatterns: ["/node_modules/", ...but.map(file => `/${file}$`)],
	globalSetup: "<rootDir>/test/support/postgres-setup.ts",
	globalTeardown: "<rootDir>/test/support/postgres-teardown.ts"
});

const config: Config = {
	maxWorkers: 2,
	// Only for what hangs: on a busy machine a property may take a while.
	testTimeout: 120_000,
	coverageProvider: "v8",
	coverageDirectory: "coverage",
	collectCoverageFrom: ["{broker,mixins,services}/**/*.ts", "!**/*.d.ts"],
	projects: [
		project("unit", ["test/unit/**/*.spec.ts", "test/architecture.spec.ts"]),
		project("integration", ["test/integration/**/*.spec.ts"]),
		{
			...project(
				"driver",
				["test/unit/broker/sql/*.spec.ts", "test/unit/payments/simulated*.spec.ts", "test/integration/**/*.spec.ts"],
				["<rootDir>/test/support/node-driver.ts"]
			),
			// A file that somebody else has locked holds up the thread, and with it the spec that would unlock it (decision 10).
			testPathIgnorePatterns: ["/node_modules/", "/side-by-side.spec.ts$"]
		},
		overPostgres(
			"postgres",
			[
				"test/integration/**/*.spec.ts",
				"test/postgres/**/*.spec.ts",
				"test/unit/broker/sql/{store,relay,migrate}.spec.ts"
			],
			// About files, and their owners.
			["two-owners.spec.ts", "notifications-sender.spec.ts", "side-by-side.spec.ts"]
		),
		overPostgres("postgres-e2e", ["test/e2e/**/*.spec.ts"], ["process.spec.ts"]),
		overPostgres("postgres-chaos", ["test/chaos/{random-kills,contention}.spec.ts"], []),
		project("e2e", ["test/e2e/**/*.spec.ts"], ["<rootDir>/test/support/patience.ts"]),
		project(
			"cluster-b",
			["test/e2e/**/*.spec.ts", "test/cluster/launcher.spec.ts"],
			["<rootDir>/test/support/patience.ts", "<rootDir>/test/support/layout-b.ts"]
		),
		project(
			"cluster-kills",
			["test/cluster/kills.spec.ts"],
			["<rootDir>/test/support/patience.ts", "<rootDir>/test/support/layout-b.ts"]
		),
		overPostgres(
			"cluster-c",
			["test/e2e/**/*.spec.ts", "test/cluster/{kills,rolling}.spec.ts"],
			["process.spec.ts"],
			["<rootDir>/test/support/patience.ts", "<rootDir>/test/support/layout-c.ts"]
		),
		project("chaos", ["test/chaos/**/*.spec.ts"], ["<rootDir>/test/support/patience.ts"])
	]
};

export default config;
