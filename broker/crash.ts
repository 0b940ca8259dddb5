import { appendFileSync, readFileSync } from "node:fs";

let orders: string | undefined;

/**
 * Lets a test kill this process at named points. `file` holds the name of the point to die at (empty: none);
 * each point that is passed is appended to `<file>.hits`.
 */
export function armCrashPoints(file: string | undefined): void {
	orders = file;
}

/** Marks a commit or send boundary. Does nothing unless the process was started with CRASH_POINTS. */
export function crash(point: string): void {
	if (orders === undefined) return;
	appendFileSync(`${orders}.hits`, `${point}\n`);
	if (readFileSync(orders, "utf8").trim() === point) process.kill(process.pid, "SIGKILL");
}
