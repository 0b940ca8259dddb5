import { hash, verify } from "@node-rs/argon2";
import { PasswordsBusy } from "./users.errors.ts";

/** OWASP's first choice for argon2id, which is the library's default variant. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const CURRENT = `$argon2id$v=19$m=${COST.memoryCost},t=${COST.timeCost},p=${COST.parallelism}$`;
/**
 * Hashes run on the four threads that the stores' statements run on, too. Four at a time make every statement wait
 * for one (measured: 4 ms instead of 0.02 in the middle); two use both cores of a small machine and leave threads free.
 */
const AT_ONCE = 2;
/** What waits behind this many could not be answered in the five seconds that a request has. */
const WAITING = 256;
/** No password has this hash. Checking one against it takes as long as against any other. */
const NOBODYS = `${CURRENT}${unpadded(16)}$${unpadded(32)}`;

function unpadded(bytes: number): string {
	return Buffer.alloc(bytes).toString("base64").replace(/=+$/, "");
}

let running = 0;
const waiting: (() => void)[] = [];

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
	if (running >= AT_ONCE) {
		if (waiting.length >= WAITING) throw new PasswordsBusy(waiting.length);
		// Whoever ends hands the turn on, so nobody who comes later takes it.
		await new Promise<void>(turn => waiting.push(turn));
	} else running++;
	try {
		return await work();
	} finally {
		const next = waiting.shift();
		if (next) next();
		else running--;
	}
}

/** One way to write what was typed: keyboards differ in how they compose letters. */
const typed = (password: string): string => password.normalize("NFKC");

/** The hash of a password as it is stored, with its salt and cost. Throws PasswordsBusy. */
export const hashPassword = (password: string): Promise<string> => inTurn(() => hash(typed(password), COST));

/** Whether a password fits a stored hash. Without one it takes as long, and never does. Throws PasswordsBusy. */
export const passwordFits = (stored: string | undefined, password: string): Promise<boolean> =>
	inTurn(() => verify(stored ?? NOBODYS, typed(password)));

/** Whether a stored hash was made at another cost than today's. */
export const isOutdated = (stored: string): boolean => !stored.startsWith(CURRENT);
