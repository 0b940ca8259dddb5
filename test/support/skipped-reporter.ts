/** Says what was not run, and how to run it, below the summary: above it nobody would see it. */
export default class SkippedReporter {
	onRunComplete(contexts: Set<{ config: { globals: Record<string, unknown> } }>): void {
		const skipped = [...contexts].flatMap(({ config }) => (config.globals.SKIPPED as string | undefined) ?? []);
		if (skipped.length === 0) return;
		const line = "!".repeat(80);
		process.stderr.write(`\n${[line, ...skipped.map(why => `!! ${why}`), line].join("\n")}\n`);
	}
}
