import { readdirSync, readFileSync } from "node:fs";

const SERVERS = /^(nats-server|postgres|redis-server|runuser)$/;

interface Proc {
	pid: number;
	parent: number;
	name: string;
	ms: number;
}

/** CPU time in milliseconds of one process so far, and of those of its children that ended. */
export const cpuOf = (pid: number): number => procOf(pid)?.ms ?? 0;

/** CPU time in milliseconds of all that the bench started and that still runs: of Souk, and of the servers beside it. */
export function cpuOfAll(): { souk: number; servers: number } {
	const all = readdirSync("/proc").flatMap(name => (/^\d+$/.test(name) ? (procOf(Number(name)) ?? []) : []));
	const parents = new Map(all.map(({ pid, parent }) => [pid, parent]));
	const isOurs = ({ parent }: Proc): boolean => {
		let above: number | undefined = parent;
		while (above !== undefined && above !== process.pid) above = parents.get(above);
		return above !== undefined;
	};
	const sum = { souk: 0, servers: 0 };
	for (const proc of all.filter(isOurs)) sum[SERVERS.test(proc.name) ? "servers" : "souk"] += proc.ms;
	return sum;
}

// proc(5): after the name in brackets come the state, the parent, and as 12th to 15th user and system time, its own and that
// of its ended children, in ticks of 10 ms.
function procOf(pid: number): Proc | undefined {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
		const end = stat.lastIndexOf(")");
		const fields = stat.slice(end + 2).split(" ");
		const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
		return { pid, parent: Number(fields[1]), name: stat.slice(stat.indexOf("(") + 1, end), ms: ticks * 10 };
	} catch {
		return undefined;
	}
}
