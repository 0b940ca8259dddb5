import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What a running cluster says of itself, in the data folder: for `--status`, `--roll`, and processes added by hand. */
export interface ClusterState {
	/** The launcher. */
	pid: number;
	transporter: string;
	/** The server that the launcher started itself. */
	nats?: { pid: number; port: number };
	members: MemberState[];
	/** How often all processes were restarted one by one. */
	rolls: number;
}
export interface MemberState {
	name: string;
	pid: number | undefined;
	port: number;
	ready: boolean;
}

const fileIn = (dataDir: string): string => join(dataDir, "cluster.json");

/** The state of the cluster whose launcher lives; what a dead one left counts for nothing unless it is asked for. */
export function readState(dataDir: string, { dead = false }: { dead?: boolean } = {}): ClusterState | undefined {
	try {
		const state = JSON.parse(readFileSync(fileIn(dataDir), "utf8")) as ClusterState;
		return dead || isAlive(state.pid) ? state : undefined;
	} catch {
		return undefined;
	}
}

export function writeState(dataDir: string, state: ClusterState): void {
	const draft = `${fileIn(dataDir)}.new`;
	writeFileSync(draft, JSON.stringify(state, null, "\t"), { mode: 0o600 });
	renameSync(draft, fileIn(dataDir));
}

/** Whether there is a process with this number. */
export function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "EPERM";
	}
}
