import type { Config } from "jest";
import { hasPostgres } from "./test/support/postgres-server.ts";

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

/** What a project runs when its server is installed. Where it is not, that is said aloud, and CI_STRICT does not stand for it. */
function where(there: boolean, server: string, install: string, testMatch: string[]): string[] {
	if (there) return testMatch;
	const skipped = `SKIPPED: ${server} is not installed, and nothing was tested over it. To do so: ${install}`;
	if (process.env.CI_STRICT) throw new Error(skipped);
	console.warn(`\n${skipped}\n`);
	return ["test/none"];
}

const config: Config = {
	maxWorkers: 2,
	testTimeout: 30_000,
	coverageProvider: "v8",
	coverageDirectory: "coverage",
	collectCoverageFrom: ["{broker,mixins,services}/**/*.ts", "!**/*.d.ts"],
	projects: [
		project("unit", ["test/unit/**/*.spec.ts", "test/architecture.spec.ts"]),
		project("integration", ["test/integration/**/*.spec.ts"]),
		project(
			"driver",
			["test/unit/broker/sql/*.spec.ts", "test/unit/payments/simulated*.spec.ts", "test/integration/**/*.spec.ts"],
			["<rootDir>/test/support/node-driver.ts"]
		),
		{
			...project(
				"postgres",
				where(hasPostgres(), "Postgres", "apt-get install postgresql", [
					"test/integration/**/*.spec.ts",
					"test/postgres/**/*.spec.ts"
				]),
				["<rootDir>/test/support/postgres-store.ts"]
			),
			testPathIgnorePatterns: ["/node_modules/", "/(two-owners|notifications-sender).spec.ts$"],
			globalSetup: "<rootDir>/test/support/postgres-setup.ts",
			globalTeardown: "<rootDir>/test/support/postgres-teardown.ts"
		},
		project("e2e", ["test/e2e/**/*.spec.ts"], ["<rootDir>/test/support/patience.ts"]),
		project("chaos", ["test/chaos/**/*.spec.ts"], ["<rootDir>/test/support/patience.ts"])
	]
};

export default config;
