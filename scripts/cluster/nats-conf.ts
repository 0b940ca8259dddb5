import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { durablesOf, saidBy, STREAM } from "../../broker/bus/stream.ts";

/** Who may do everything that a service may: for a process of several services. */
const EVERYBODY = "souk";

export type Passwords = Readonly<Record<string, string>>;

const fileIn = (dataDir: string): string => join(dataDir, "keys", "nats.json");

/** The passwords that services show to a server of our own; made when there are none. */
export function keptPasswords(dataDir: string, services: readonly string[]): Passwords {
	const known = readPasswords(dataDir) ?? {};
	const passwords = Object.fromEntries(
		[EVERYBODY, ...services].map(name => [name, known[name] ?? randomBytes(24).toString("hex")])
	);
	mkdirSync(join(dataDir, "keys"), { recursive: true, mode: 0o700 });
	const draft = `${fileIn(dataDir)}.new`;
	writeFileSync(draft, JSON.stringify(passwords, null, "\t"), { mode: 0o600 });
	renameSync(draft, fileIn(dataDir));
	return passwords;
}

/** The passwords, where there are some. */
export function readPasswords(dataDir: string): Passwords | undefined {
	try {
		return JSON.parse(readFileSync(fileIn(dataDir), "utf8")) as Passwords;
	} catch {
		return undefined;
	}
}

/** The address of a server with the name and the password of those who run the services. */
export function addressFor(url: string, services: readonly string[], passwords: Passwords): string {
	const user = services.length === 1 && passwords[services[0]!] ? services[0]! : EVERYBODY;
	return url.replace("nats://", `nats://${user}:${passwords[user]}@`);
}

/**
 * A server's configuration in which nobody gets in without a password, and a service speaks in its own name only: it sends
 * its own events, takes its own deliveries, and hears the calls and the answers that are for it.
 */
export function natsConf(
	services: readonly string[],
	heard: ReadonlyMap<string, readonly string[]>,
	passwords: Passwords
): string {
	const users = services.map(service => {
		const types = [...heard].filter(([, by]) => by.includes(service)).map(([type]) => type);
		const durables = types.length > 0 ? durablesOf({ name: service, types }).map(({ durable }) => durable) : [];
		return user(service, passwords[service]!, sends(service, durables), hears(service));
	});
	const everything = user(EVERYBODY, passwords[EVERYBODY]!, [">"], [">"]);
	return `# Written by npm run cluster, anew at each start.\nauthorization {\n\tusers = [\n${[...users, everything].join("\n")}\n\t]\n}\n`;
}

function user(name: string, password: string, publish: readonly string[], subscribe: readonly string[]): string {
	const list = (subjects: readonly string[]) => subjects.map(subject => `\n\t\t\t\t\t"${subject}"`).join("");
	return `\t\t{
			user: ${name}, password: "${password}"
			permissions: {
				publish: { allow: [${list(publish)}
				] }
				subscribe: { allow: [${list(subscribe)}
				] }
			}
		}`;
}

const BROADCAST = ["DISCOVER", "INFO", "DISCONNECT", "HEARTBEAT", "PING"].map(packet => `MOL.${packet}`);

const sends = (service: string, durables: readonly string[]): string[] => [
	saidBy(service),
	...BROADCAST,
	...["REQ", "RES", "DISCOVER", "INFO", "PING", "PONG"].map(packet => `MOL.${packet}.>`),
	...["INFO", ...["INFO", "CREATE", "UPDATE", "MSG.GET"].map(what => `STREAM.${what}.${STREAM}`)].map(
		what => `$JS.API.${what}`
	),
	...durables.flatMap(durable => [
		...["INFO", "DELETE", "CREATE", "DURABLE.CREATE", "MSG.NEXT"].map(
			what => `$JS.API.CONSUMER.${what}.${STREAM}.${durable}`
		),
		`$JS.API.CONSUMER.CREATE.${STREAM}.${durable}.>`,
		`$JS.ACK.${STREAM}.${durable}.>`
	])
];

const hears = (service: string): string[] => [
	`_INBOX.${service}.>`,
	...BROADCAST,
	...["EVENT", "REQ", "RES", "DISCOVER", "INFO", "PING", "PONG"].map(packet => `MOL.${packet}.${service}.>`)
];
