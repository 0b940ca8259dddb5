/** A whole number from the environment. */
function number(name: string, otherwise: number): number {
	const given = process.env[name];
	if (given === undefined || given === "") return otherwise;
	if (!/^\d+$/.test(given)) throw new Error(`${name} is ${given}; it takes a whole number`);
	return Number(given);
}

/** All that was promised, and not only as much as each build has time for. */
const full = number("CHAOS_FULL", 0) === 1;

/** What a run can be told, by variables: `CHAOS_KILLS=100 npm run test:chaos -- random-kills`. */
export const knobs = {
	/** Repeats a run's choices; printed by every run. */
	seed: number("CHAOS_SEED", Date.now() % 1_000_000_000),
	/** Kills at random moments. */
	kills: number("CHAOS_KILLS", 25),
	/** The same, of single processes of a cluster: each start of one takes its time. */
	clusterKills: number("CHAOS_KILLS", full ? 50 : 12),
	/** Kills of the cluster's NATS server, fast restarts of its Postgres, kills of its Redis. */
	nats: number("CHAOS_NATS", full ? 10 : 3),
	postgres: number("CHAOS_POSTGRES", full ? 3 : 1),
	redis: number("CHAOS_REDIS", full ? 3 : 1),
	/** Milliseconds between one kill in a cluster and the next, on average, beside those until the killed one is started again. */
	pauseMs: number("CHAOS_PAUSE_MS", full ? 10_000 : 850),
	/** Orders a second while the process is killed at random. */
	rate: number("CHAOS_RATE", 20),
	/** 1 kills at every point of every branch in both styles, and not only once a style. */
	full,
	/** 1 leaves the folder of each process behind. */
	keep: number("CHAOS_KEEP", 0) === 1
};

/** A line of progress: a long run is not silent. */
export const say = (who: string, what: string): void => void process.stdout.write(`[${who}] ${what}\n`);
