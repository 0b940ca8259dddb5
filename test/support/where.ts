/** What a project runs when its server is installed. Where it is not, that is said aloud, and fails with SOUK_SERVERS=required. */
export function where(there: boolean, project: string, server: string, install: string, testMatch: string[]): string[] {
	if (there) return testMatch;
	const skipped = `SKIPPED: the project ${project}, as ${server} is not installed. To run it: ${install}`;
	if (process.env.SOUK_SERVERS === "required") throw new Error(skipped);
	console.warn(`\n${skipped}\n`);
	return ["test/none"];
}
