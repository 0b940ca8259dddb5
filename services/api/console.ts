import { join } from "node:path";
import { onDisk, packaged, selfContained, type PageFile } from "./page-file.ts";

/** Nothing but what this server sends runs, is shown or is fetched. */
export const CONSOLE_POLICY = selfContained("'self'");

const WEB = join(import.meta.dirname, "../console/web");
const SOURCES = [
	"app.js",
	"api.js",
	"dead-letters.js",
	"events.js",
	"flow.js",
	"flow-source.js",
	"flow-view.js",
	"icon.svg",
	"parts.js",
	"requests.js",
	"services.js",
	"sign-in.js",
	"style.css"
];

/** The operators' page at /console with all its parts, by path. Browsers take them as they were written. */
export const consoleFiles = (): ReadonlyMap<string, PageFile> =>
	new Map([
		["/console", onDisk(join(WEB, "index.html"))],
		...SOURCES.map((name): [string, PageFile] => [`/console/${name}`, onDisk(join(WEB, name))]),
		["/console/preact.mjs", packaged("htm", "../preact/standalone.mjs")]
	]);
