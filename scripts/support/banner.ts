import type { Env } from "../../broker/env.ts";

/** What a person sees once everything runs: where it is, who may enter, what to try next. */
export function banner(env: Env, port: number): string {
	const base = `http://${env.HOST}:${port}`;
	const lines = [
		"Souk is ready",
		"",
		`API      ${base}/api/v1`,
		`Docs     ${base}/docs`,
		`Console  ${base}/console`,
		`Health   ${base}/health`,
		`Data     ${env.DATA_DIR}/  (one SQLite file a service, mail in ${env.DATA_DIR}/mailbox/)`,
		...(env.seedDemo
			? [
					"",
					"Demo accounts, all with the password " + env.DEMO_PASSWORD,
					"  alice@souk.test  bob@souk.test    customers",
					"  staff@souk.test  admin@souk.test  staff and administrator"
				]
			: []),
		"",
		"Next, in another terminal:  npm run demo"
	];
	const width = Math.max(...lines.map(line => line.length));
	const edge = "─".repeat(width + 2);
	return [`╭${edge}╮`, ...lines.map(line => `│ ${line.padEnd(width)} │`), `╰${edge}╯`, ""].join("\n");
}
