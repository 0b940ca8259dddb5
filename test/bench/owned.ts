type Stop = () => Promise<void>;

const stops: Stop[] = [];
let ending: Promise<void> = Promise.resolve();

/** Remembers how something ends that must not outlive the bench. */
export const stopLater = (stop: Stop): void => void stops.push(stop);

/** The same for what is still being started. */
export function owned<T>(starting: Promise<T>, stop: (started: T) => Promise<void>): Promise<T> {
	stopLater(async () => stop(await starting));
	return starting;
}

/** Ends all that was started, the last first. */
export const stopAll = (): Promise<void> => (ending = ending.then(drain));

async function drain(): Promise<void> {
	for (let stop = stops.pop(); stop; stop = stops.pop()) await stop().catch(() => undefined);
}

/** Has Ctrl-C, and whoever ends the bench in order, leave nothing behind. */
export function stopOnSignals(): void {
	for (const signal of ["SIGINT", "SIGTERM"] as const)
		process.once(signal, () => {
			process.stderr.write(`\n${signal}: stopping what was started\n`);
			void stopAll().then(() => process.exit(signal === "SIGINT" ? 130 : 143));
		});
}
