import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

const environmentMessage = "Ask broker/env.ts: it alone reads the environment.";

export default defineConfig(
	{
		ignores: [
			"node_modules/",
			"coverage/",
			"data/*",
			"!data/migrations/",
			"!data/seeds/",
			"!data/migrations/",
			"!data/seeds/"
		]
	},
	{ linterOptions: { reportUnusedDisableDirectives: "error" } },
	{
		files: ["**/*.ts", "**/*.tsx"],
		languageOptions: {
			parser: tseslint.parser,
			parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname }
		},
		plugins: { "@typescript-eslint": tseslint.plugin },
		rules: {
			// A promise that nobody waits for is an effect that nobody knows failed.
			"@typescript-eslint/no-floating-promises": "error",
			"@typescript-eslint/no-misused-promises": [
				"error",
				{ checksVoidReturn: { arguments: false, attributes: false } }
			],
			"@typescript-eslint/await-thenable": "error",
			"@typescript-eslint/return-await": ["error", "error-handling-correctness-only"],
			"@typescript-eslint/only-throw-error": "error",
			"@typescript-eslint/prefer-promise-reject-errors": "error",
			"no-async-promise-executor": "error",
			"no-unsafe-finally": "error",

			// The compiler only helps where it is told the truth.
			"@typescript-eslint/no-explicit-any": "error",
			"@typescript-eslint/ban-ts-comment": [
				"error",
				{
					"ts-expect-error": "allow-with-description",
					"ts-ignore": true,
					"ts-nocheck": true,
					minimumDescriptionLength: 10
				}
			],
			"@typescript-eslint/switch-exhaustiveness-check": [
				"error",
				{ considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false }
			],
			"@typescript-eslint/no-for-in-array": "error",
			"@typescript-eslint/consistent-type-imports": [
				"error",
				{ fixStyle: "separate-type-imports", disallowTypeAnnotations: false }
			],
			"@typescript-eslint/no-import-type-side-effects": "error",

			eqeqeq: ["error", "always", { null: "ignore" }],
			"no-var": "error",
			"prefer-const": "error",
			"no-restricted-properties": ["error", { object: "process", property: "env", message: environmentMessage }],
			"no-restricted-imports": [
				"error",
				{
					paths: ["process", "node:process"].map(name => ({ name, importNames: ["env"], message: environmentMessage }))
				}
			]
		}
	},
	{
		files: ["broker/env.ts", "test/**/*.ts"],
		rules: { "no-restricted-properties": "off", "no-restricted-imports": "off" }
	}
);
