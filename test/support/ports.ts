import { createServer } from "node:net";

/** The first of the free ports of a cluster: a row for the first process of each service, and one for the second. */
export async function freePorts(): Promise<number> {
	for (;;) {
		const first = 20_000 + Math.floor(Math.random() * 10_000);
		const all = [first, first + 100].flatMap(start => Array.from({ length: 12 }, (_, n) => start + n));
		if ((await Promise.all(all.map(isFree))).every(free => free)) return first;
	}
}

const isFree = (port: number): Promise<boolean> =>
	new Promise(resolve => {
		const server = createServer();
		server.once("error", () => resolve(false));
		server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
	});
