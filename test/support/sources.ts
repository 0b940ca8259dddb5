import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import ts from "typescript";

/** A file of the project, its path relative to the root and with forward slashes. */
export interface Source {
	path: string;
	text: string;
}

/** What a file takes from another: `type` is gone at run time, `lazy` is loaded only when the line runs. */
export interface Import {
	specifier: string;
	kind: "value" | "type" | "lazy";
	line: number;
}

export interface Comment {
	text: string;
	firstLine: number;
	lastLine: number;
}

/** The TypeScript files beneath the folders, and those that lie in the root itself when it is named by ".". */
export function sourcesIn(root: string, folders: string[]): Source[] {
	return folders
		.filter(folder => existsSync(join(root, folder)))
		.flatMap(folder =>
			readdirSync(join(root, folder), { recursive: folder !== ".", encoding: "utf8" }).map(name =>
				posix.join(folder, name.replaceAll("\\", "/"))
			)
		)
		.filter(path => /\.tsx?$/.test(path) && !path.includes("node_modules/"))
		.sort()
		.map(path => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

const parsed = new WeakMap<Source, ts.SourceFile>();

function parse(source: Source): ts.SourceFile {
	let file = parsed.get(source);
	if (file === undefined) {
		file = ts.createSourceFile(source.path, source.text, ts.ScriptTarget.Latest, true);
		parsed.set(source, file);
	}
	return file;
}

/** Every node of the file, tokens left out. */
export function nodesOf(source: Source): ts.Node[] {
	const nodes: ts.Node[] = [];
	const visit = (node: ts.Node): void => {
		nodes.push(node);
		ts.forEachChild(node, visit);
	};
	visit(parse(source));
	return nodes;
}

/** The line of a node, counted from 1. */
export function lineOf(source: Source, node: ts.Node): number {
	const file = parse(source);
	return file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
}

/** The comments of a file: what only looks like one, inside a string or a template, is none. */
export function commentsOf(source: Source): Comment[] {
	const file = parse(source);
	const found = new Map<number, Comment>();
	const note = (ranges: ts.CommentRange[] | undefined): void => {
		for (const { pos, end } of ranges ?? []) {
			found.set(pos, {
				text: source.text.slice(pos, end),
				firstLine: file.getLineAndCharacterOfPosition(pos).line + 1,
				lastLine: file.getLineAndCharacterOfPosition(end).line + 1
			});
		}
	};
	const visit = (node: ts.Node): void => {
		const children = node.getChildren(file).filter(child => !ts.isJSDoc(child));
		if (children.length === 0 && node.kind !== ts.SyntaxKind.JsxText) {
			note(ts.getLeadingCommentRanges(source.text, node.pos));
			note(ts.getTrailingCommentRanges(source.text, node.end));
		}
		children.forEach(visit);
	};
	visit(file);
	return [...found.values()];
}

/** Everything that a file imports, re-exports, loads, augments or names by `import("…")`. */
export function importsOf(source: Source): Import[] {
	const imports: Import[] = [];
	for (const node of nodesOf(source)) {
		const add = (specifier: ts.Node | undefined, kind: Import["kind"]): void => {
			if (specifier !== undefined && ts.isStringLiteralLike(specifier)) {
				imports.push({ specifier: specifier.text, kind, line: lineOf(source, node) });
			}
		};
		if (ts.isImportDeclaration(node)) {
			const typeOnly = node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
			add(node.moduleSpecifier, typeOnly ? "type" : "value");
		} else if (ts.isExportDeclaration(node)) {
			add(node.moduleSpecifier, node.isTypeOnly ? "type" : "value");
		} else if (ts.isImportTypeNode(node)) {
			if (ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, "type");
		} else if (ts.isModuleDeclaration(node)) {
			add(node.name, "type");
		} else if (ts.isCallExpression(node)) {
			const callee = node.expression;
			if (callee.kind === ts.SyntaxKind.ImportKeyword) add(node.arguments[0], "lazy");
			if (ts.isIdentifier(callee) && callee.text === "require") add(node.arguments[0], "value");
		}
	}
	return imports;
}
