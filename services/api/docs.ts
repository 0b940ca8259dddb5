import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

/** A file of the page that shows the API to a person. */
export interface DocFile {
	type: string;
	body(): string | Promise<Buffer>;
}

/** Nothing but what this server sends runs or is fetched; the page sets styles on its elements itself. */
export const DOCS_POLICY = [
	"default-src 'none'",
	"script-src 'self'",
	"style-src 'self' 'unsafe-inline'",
	"img-src 'self' data:",
	"connect-src 'self'",
	"base-uri 'none'",
	"form-action 'none'",
	"frame-ancestors 'none'"
].join("; ");

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Souk: the API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/swagger-ui-standalone-preset.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

const START = `SwaggerUIBundle({
	urls: [
		{ name: "v2", url: "/openapi.json" },
		{ name: "v1", url: "/api/v1/openapi.json" }
	],
	dom_id: "#swagger-ui",
	deepLinking: true,
	displayRequestDuration: true,
	validatorUrl: null,
	presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
	layout: "StandaloneLayout"
});
`;

const packaged = (name: string, type: string): [string, DocFile] => {
	const file = createRequire(import.meta.filename).resolve(`swagger-ui-dist/${name}`);
	let kept: Promise<Buffer> | undefined;
	return [`/docs/${name}`, { type, body: () => (kept ??= readFile(file)) }];
};
const JAVASCRIPT = "text/javascript; charset=utf-8";

/** The page at /docs with all its parts, by path; a part is read when it is first asked for. */
export const docFiles = (): ReadonlyMap<string, DocFile> =>
	new Map<string, DocFile>([
		["/docs", { type: "text/html; charset=utf-8", body: () => PAGE }],
		["/docs/start.js", { type: JAVASCRIPT, body: () => START }],
		packaged("swagger-ui.css", "text/css; charset=utf-8"),
		packaged("swagger-ui-bundle.js", JAVASCRIPT),
		packaged("swagger-ui-standalone-preset.js", JAVASCRIPT),
		packaged("favicon-32x32.png", "image/png")
	]);
