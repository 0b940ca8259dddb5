import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** A file of a page that the gateway shows to a person. */
export interface PageFile {
	type: string;
	body(): string | Promise<Buffer>;
}

const TYPES: Readonly<Record<string, string>> = {
	html: "text/html; charset=utf-8",
	css: "text/css; charset=utf-8",
	js: "text/javascript; charset=utf-8",
	mjs: "text/javascript; charset=utf-8",
	png: "image/png",
	svg: "image/svg+xml"
};
const typeOf = (path: string): string => TYPES[path.slice(path.lastIndexOf(".") + 1)]!;

/** A file as it lies on the disk, read when it is first asked for. */
export function onDisk(path: string): PageFile {
	let kept: Promise<Buffer> | undefined;
	return { type: typeOf(path), body: () => (kept ??= readFile(path)) };
}

/** A file of a package that is installed, by its path from the package's main file: not all are named in `exports`. */
export const packaged = (name: string, path: string): PageFile =>
	onDisk(join(dirname(createRequire(import.meta.filename).resolve(name)), path));

/** What is written down here, under the name of a file that says what it is. */
export const written = (name: string, text: string): PageFile => ({ type: typeOf(name), body: () => text });

/** A policy for a page that takes everything from this server and nothing from anywhere else. */
export const selfContained = (style: string): string =>
	[
		"default-src 'none'",
		"script-src 'self'",
		`style-src ${style}`,
		"img-src 'self' data:",
		"connect-src 'self'",
		"base-uri 'none'",
		"form-action 'none'",
		"frame-ancestors 'none'"
	].join("; ");
