import { packaged, selfContained, written, type PageFile } from "./page-file.ts";

/** Nothing but what this server sends runs or is fetched; the page sets styles on its elements itself. */
export const DOCS_POLICY = selfContained("'self' 'unsafe-inline'");

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

const swagger = (name: string): [string, PageFile] => [`/docs/${name}`, packaged("swagger-ui-dist", name)];

/** The page at /docs with all its parts, by path; a part is read when it is first asked for. */
export const docFiles = (): ReadonlyMap<string, PageFile> =>
	new Map([
		["/docs", written("docs.html", PAGE)],
		["/docs/start.js", written("start.js", START)],
		swagger("swagger-ui.css"),
		swagger("swagger-ui-bundle.js"),
		swagger("swagger-ui-standalone-preset.js"),
		swagger("favicon-32x32.png")
	]);
