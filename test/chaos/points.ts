import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { nodesOf, type Source, sourcesIn } from "../support/sources.ts";

const ROOT = join(import.meta.dirname, "../..");

/** The points that are known, as test/chaos/points.json lists them. */
export const listedPoints = (): string[] =>
	JSON.parse(readFileSync(join(import.meta.dirname, "points.json"), "utf8")) as string[];

/** What the source says of its points: names in full, or patterns where a part of the name is only known when it runs. */
export function pointsInSource(sources: Source[] = sourcesIn(ROOT, ["broker", "mixins", "services"])): RegExp[] {
	const names = new Set<string>();
	for (const source of sources)
		for (const node of nodesOf(source)) {
			if (!ts.isCallExpression(node) || node.expression.getText() !== "crash") continue;
			const [name] = node.arguments;
			if (name && ts.isStringLiteralLike(name)) names.add(escaped(name.text));
			else if (name && ts.isTemplateExpression(name)) names.add(patternOf(name));
			else throw new Error(`${source.path}: a crash point needs a name that can be read: ${node.getText()}`);
		}
	return [...names].sort().map(name => new RegExp(`^${name}$`));
}

/** The units that hear events, as the services' tables of contents have them: `inventory<order.created`. */
export function unitsOfInboxes(sources: Source[] = sourcesIn(ROOT, ["services"])): string[] {
	return sources
		.filter(({ path }) => path.endsWith(".service.ts"))
		.flatMap(source => {
			const service = source.path.split("/")[1]!;
			return nodesOf(source)
				.filter(node => ts.isCallExpression(node) && node.expression.getText() === "inbox")
				.flatMap(node => (node as ts.CallExpression).arguments.slice(0, 1))
				.flatMap(hears => (ts.isObjectLiteralExpression(hears) ? hears.properties : []))
				.flatMap(({ name }) => (name && ts.isStringLiteral(name) ? `${service}<${name.text}` : []));
		});
}

/** The names that services give to the steps of an action or event: `payments.authorize/intent`. */
export function stepsInSource(sources: Source[] = sourcesIn(ROOT, ["services"])): string[] {
	const names = sources.flatMap(source =>
		nodesOf(source).flatMap(node => {
			if (!ts.isCallExpression(node) || !["step", "record", "causeOf"].includes(node.expression.getText())) return [];
			const name = node.arguments[1];
			return name && ts.isStringLiteral(name) ? [name.text] : [];
		})
	);
	return [...new Set(names)].sort();
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

const patternOf = ({ head, templateSpans }: ts.TemplateExpression): string =>
	escaped(head.text) + templateSpans.map(({ literal }) => `.+${escaped(literal.text)}`).join("");
