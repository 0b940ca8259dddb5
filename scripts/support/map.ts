import { join } from "node:path";
import ts from "typescript";
import { describe, type ActionDescription } from "../../broker/contract.ts";
import { serviceNames } from "../../broker/node.ts";
import { nodesOf, sourcesIn } from "../../test/support/sources.ts";
import { contractsOf, everythingHeard, everythingTold, isContract } from "./documents.ts";

/** One service that makes another do or tell something. */
interface Edge {
	from: string;
	to: string;
	/** The action called, or the event heard. */
	what: string;
}

const ROOT = join(import.meta.dirname, "../..");

async function everythingOffered(names: readonly string[]): Promise<Map<string, ActionDescription>> {
	const contracts = (await Promise.all(names.map(contractsOf))).flat().filter(isContract);
	return new Map(contracts.flatMap(describe).map(action => [action.name, action]));
}

/** Who calls whom: the actions of others that a service's files name. */
function calls(names: readonly string[], offered: ReadonlyMap<string, unknown>): Edge[] {
	const found = new Map<string, Edge>();
	for (const from of names)
		for (const source of sourcesIn(ROOT, [`services/${from}`]))
			for (const node of nodesOf(source)) {
				if (!ts.isStringLiteral(node) || !offered.has(node.text)) continue;
				const [to = "", verb = ""] = node.text.split(".");
				if (to !== from) found.set(`${from} ${node.text}`, { from, to, what: verb });
			}
	return [...found.values()];
}

/** Who hears whom; audit hears everybody and is left out. */
async function heardEvents(names: readonly string[]): Promise<Edge[]> {
	const heard = await everythingHeard(names);
	return (await everythingTold(names)).flatMap(({ type, by }) =>
		(heard.get(type) ?? []).map(to => ({ from: by, to, what: type }))
	);
}

function diagram(edges: readonly Edge[], arrow: string, first: readonly string[] = []): string {
	const between = new Map<string, string[]>();
	for (const { from, to, what } of edges) between.set(`${from} ${to}`, [...(between.get(`${from} ${to}`) ?? []), what]);
	const lines = [...between].map(([pair, whats]) => {
		const [from, to] = pair.split(" ");
		return `\t${from} ${arrow}|"${[...new Set(whats)].join("<br>")}"| ${to}`;
	});
	return ["```mermaid", "flowchart LR", ...first.map(line => `\t${line}`), ...lines, "```"].join("\n");
}

/** The resources of a service, as they stand first in its addresses. */
function routes(offered: ReadonlyMap<string, ActionDescription>): Edge[] {
	return [...offered.values()].flatMap(({ name, rest, access }) => {
		const resource = /^\w+ (\/\/?[^/:]+)/.exec(rest ?? "")?.[1];
		const to = name.slice(0, name.indexOf("."));
		return !resource || access === "internal" || to === "api"
			? []
			: [{ from: "api", to, what: resource.replace("//", "/") }];
	});
}

/** The name of a schema that has one, else the names of its fields. */
const fieldsOf = ({ $ref, properties = {} }: { $ref?: string; properties?: object }): string =>
	$ref ? $ref.slice($ref.lastIndexOf("/") + 1) : Object.keys(properties).join(", ") || "nothing";

/** docs/map.md: which service talks to which, by what, and what goes to and fro. */
export async function mapDocument(): Promise<string> {
	const names = await serviceNames();
	const offered = await everythingOffered(names);
	const called = calls(names, offered);
	const ways = routes(offered);
	const client = ['client(["client"])', 'client -->|"HTTP"| api'];
	const few = ({ to, from }: Edge) => ["users", "orders"].includes(to) && ["api", "users", "orders"].includes(from);
	const rows = called.map(({ from, to, what }) => {
		const { params, result } = offered.get(`${to}.${what}`)!;
		return `| ${from} | \`${to}.${what}\` | ${fieldsOf(params)} | ${fieldsOf(result)} |`;
	});
	return `# Who talks to whom

This page is written by \`npm run docs:gen\` from the contracts, the calls in the services' files and their tables of contents; a test holds
it to them.

## Through the gateway

A client knows one address. The gateway finds the service by the resource, and calls the action that the service's contract names.

${diagram(ways, "-->", client)}

The shortest way through all this, an order for a user:

${diagram([...ways, ...called].filter(few), "-->", client)}

## Calls

What a service asks another for and waits for. Nothing of it can be called from outside, unless it has a route of its own.
Beside these the gateway asks every service for its contract, and for its dead letters where an operator wants to see them;
every process gives console what it recorded of traces.

${diagram(called, "-->")}

| who | asks | with | and is told |
|---|---|---|---|
${rows.join("\n")}

## Events

What a service says and others hear in their own time: committed with the change, delivered until each has answered for it. audit hears
everything. What each carries is in [events.md](events.md).

${diagram(await heardEvents(names), "-.->")}
`;
}
