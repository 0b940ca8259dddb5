import { join, posix } from "node:path";
import ts from "typescript";
import { mentionsIn, readChecklist } from "../scripts/checklist.ts";
import { commentsOf, type Import, importsOf, lineOf, nodesOf, type Source, sourcesIn } from "./support/sources.ts";

/** Files by path, as a rule meets them. */
type Tree = Record<string, string>;

/** What the code keeps to; each rule carries trees that break it, because a guard that never failed guards nothing. */
interface Rule {
	name: string;
	breaches: (tree: Source[]) => string[];
	planted: Tree[];
	innocent?: Tree[];
}

const lineLimit = 300;

/** These two translate between Souk and the outside; they own no business rule. */
const translators = ["api", "console"];

const machinery =
	/^(moleculer|nats|ioredis|sequelize|sqlite3|pg)(-|\/|$)|^(broker\/(sql|bus)|mixins)\/|\.(store|mixin)\.ts$/;

const root = join(import.meta.dirname, "..");
const tree = sourcesIn(root, [".", "broker", "mixins", "services", "data", "scripts", "test"]);

/** The folder of services/ that a path lies in. */
const serviceOf = (path: string): string | undefined => /^services\/([^/]+)\//.exec(path)?.[1];

/** Where an import leads: a path from the root, or the name of a package. */
const target = (path: string, { specifier }: Import): string =>
	specifier.startsWith(".") ? posix.join(posix.dirname(path), specifier) : specifier;

/** How far up the reading order a file of a service stands: nothing beneath takes values from what is above. */
function height(path: string): number {
	if (/^services\/[^/]+\/[^/]+\.service\.ts$/.test(path)) return 2;
	return /^services\/[^/]+\/(actions|events|sagas)\//.test(path) ? 1 : 0;
}

/** A rule about single files: the files it is for, and what is wrong in one. */
const eachFile =
	(applies: (path: string) => boolean, wrong: (source: Source) => string[]): Rule["breaches"] =>
	sources =>
		sources.filter(source => applies(source.path)).flatMap(wrong);

/** A rule about imports: the files it is for, and whether one of their imports is out of place. */
const eachImport = (
	applies: (path: string) => boolean,
	outOfPlace: (path: string, target: string, found: Import) => boolean
): Rule["breaches"] =>
	eachFile(applies, source =>
		importsOf(source)
			.filter(found => outOfPlace(source.path, target(source.path, found), found))
			.map(found => `${source.path}:${found.line} takes ${found.kind} ${found.specifier}`)
	);

/** A rule about syntax: the files it is for, and whether a node may not stand there. */
const eachNode = (
	applies: (path: string) => boolean,
	forbidden: (node: ts.Node, source: Source) => boolean
): Rule["breaches"] =>
	eachFile(applies, source =>
		nodesOf(source)
			.filter(node => forbidden(node, source))
			.map(node => `${source.path}:${lineOf(source, node)} ${node.getText().split("\n", 1)[0]}`)
	);

const within =
	(...folders: string[]) =>
	(path: string): boolean =>
		folders.some(folder => path.startsWith(`${folder}/`));
const anywhere = (): boolean => true;

/** A file that holds a rule of the business: top level of a service, named after the thing, no kind in its name. */
const isRuleFile = (path: string): boolean =>
	/^services\/[^/]+\/[^/.]+\.ts$/.test(path) && !translators.includes(serviceOf(path) ?? "");

function readsEnvironment(node: ts.Node): boolean {
	const isProcess = (of: ts.Node | undefined): boolean =>
		of !== undefined && /^(globalThis\.)?process$/.test(of.getText());
	if (ts.isPropertyAccessExpression(node)) return isProcess(node.expression) && node.name.text === "env";
	if (ts.isElementAccessExpression(node))
		return isProcess(node.expression) && /env/.test(node.argumentExpression.getText());
	if (ts.isVariableDeclaration(node)) return isProcess(node.initializer) && /\benv\b/.test(node.name.getText());
	return ts.isImportDeclaration(node) && /\{[^}]*\benv\b[^}]*\}\s*from\s*["'](node:)?process["']/.test(node.getText());
}

/** An `any` is excused by words beside it or right above it; the mere switching off of a linter is no excuse. */
function isUnexplainedAny(node: ts.Node, source: Source): boolean {
	if (node.kind !== ts.SyntaxKind.AnyKeyword) return false;
	const comments = commentsOf(source);
	let line = lineOf(source, node);
	const near = comments.filter(comment => comment.firstLine <= line && comment.lastLine >= line);
	for (;;) {
		const above = comments.find(comment => comment.lastLine === line - 1);
		if (above === undefined) break;
		near.push(above);
		line = above.firstLine;
	}
	return !near.some(({ text }) => !/eslint-disable/.test(text) || /eslint-disable.* -- \w/.test(text));
}

function skipsOrNarrows(node: ts.Node): boolean {
	if (ts.isCallExpression(node)) return /^(xit|xtest|xdescribe|fit|fdescribe)\b/.test(node.expression.getText());
	return (
		ts.isPropertyAccessExpression(node) &&
		/^(it|test|describe)\b/.test(node.expression.getText()) &&
		["skip", "only", "todo", "failing"].includes(node.name.text)
	);
}

/** The circles in what files need of each other to load; types are gone by then, and lazy imports come after. */
function circles(sources: Source[]): string[] {
	const paths = new Set(sources.map(source => source.path));
	const needs = new Map(
		sources.map(source => [
			source.path,
			importsOf(source)
				.filter(found => found.kind === "value")
				.map(found => target(source.path, found))
				.filter(path => paths.has(path))
		])
	);
	const found = new Set<string>();
	const done = new Set<string>();
	const walk = (path: string, trail: string[]): void => {
		const met = trail.indexOf(path);
		if (met >= 0) {
			const circle = trail.slice(met);
			const first = circle.indexOf([...circle].sort()[0] ?? path);
			found.add([...circle.slice(first), ...circle.slice(0, first + 1)].join(" → "));
		} else if (!done.has(path)) {
			for (const next of needs.get(path) ?? []) walk(next, [...trail, path]);
			done.add(path);
		}
	};
	for (const path of paths) walk(path, []);
	return [...found];
}

function incompleteServices(sources: Source[]): string[] {
	const paths = sources.map(source => source.path);
	const names = new Set(paths.flatMap(path => serviceOf(path) ?? []));
	return [
		...paths.filter(path => /^services\/[^/]+$/.test(path)).map(path => `${path} lies in no service's folder`),
		...[...names].flatMap(name =>
			["contract", "service"]
				.map(kind => `services/${name}/${name}.${kind}.ts`)
				.filter(path => !paths.includes(path))
				.map(path => `${path} is missing`)
		)
	];
}

/** The services that no unit spec takes a rule of, or that no integration spec runs, itself or by its support. */
function untestedServices(sources: Source[]): string[] {
	const names = new Set(sources.flatMap(({ path }) => serviceOf(path) ?? []));
	const takes = (source: Source) => importsOf(source).map(found => target(source.path, found));
	const specs = (folder: string) => sources.filter(({ path }) => within(folder)(path) && path.endsWith(".spec.ts"));
	const byUnits = specs("test/unit").flatMap(takes);
	const byIntegration = specs("test/integration").flatMap(takes);
	const support = sources.filter(({ path }) => byIntegration.includes(path)).flatMap(takes);
	return [...names].flatMap(name => [
		...(byUnits.some(within(`services/${name}`)) ? [] : [`no unit spec takes a rule of ${name}`]),
		...([...byIntegration, ...support].includes(`services/${name}/${name}.service.ts`)
			? []
			: [`no integration spec runs ${name}`])
	]);
}

const rules: Rule[] = [
	// checklist: 134
	{
		name: "another service is known by its contract, and only to the compiler",
		breaches: eachImport(within("services"), (path, to, { kind }) => {
			const other = serviceOf(to);
			if (other === undefined || other === serviceOf(path)) return false;
			if (to !== `services/${other}/${other}.contract.ts`) return true;
			// Contracts are data and share their words; everything else needs only the types.
			return kind !== "type" && !path.endsWith(".contract.ts");
		}),
		planted: [
			{ "services/orders/actions/place.ts": 'import { products } from "../../products/products.contract.ts";' },
			{ "services/orders/actions/place.ts": 'import { type Product } from "../../products/products.contract.ts";' },
			{ "services/orders/actions/place.ts": 'import type { Product } from "../../products/product.ts";' },
			{ "services/orders/orders.store.ts": 'export * from "../users/users.contract.ts";' },
			{ "services/api/api.service.ts": 'const users = await import("../users/users.contract.ts");' },
			{ "services/api/routes.ts": 'type Row = import("../users/users.store.ts").Row;' }
		],
		innocent: [
			{ "services/orders/actions/place.ts": 'import type { Product } from "../../products/products.contract.ts";' },
			{ "services/orders/actions/place.ts": 'import { place } from "../order.ts";' },
			{ "services/users/users.contract.ts": 'import { Address } from "../orders/orders.contract.ts";' },
			{ "test/unit/orders.spec.ts": 'import { total } from "../../services/orders/order.ts";' }
		]
	},
	{
		name: "broker/ knows neither mixins nor services",
		breaches: eachImport(within("broker"), (_, to) => within("mixins", "services")(to)),
		planted: [
			{ "broker/sql/store.ts": 'import { outbox } from "../../mixins/outbox.mixin.ts";' },
			{ "broker/contract.ts": 'import type { Order } from "../services/orders/orders.contract.ts";' }
		],
		innocent: [{ "broker/sql/store.ts": 'import { env } from "../env.ts";' }]
	},
	{
		name: "mixins know no service",
		breaches: eachImport(within("mixins"), (_, to) => within("services")(to)),
		planted: [{ "mixins/saga.mixin.ts": 'import type { Order } from "../services/orders/orders.contract.ts";' }],
		innocent: [{ "mixins/saga.mixin.ts": 'import { transact } from "../broker/sql/store.ts";' }]
	},
	// checklist: 219
	{
		name: "a rule of the business knows no broker and no SQL",
		breaches: eachImport(isRuleFile, (_, to) => machinery.test(to)),
		planted: [
			{ "services/orders/order.ts": 'import { Errors } from "moleculer";' },
			{ "services/orders/order.ts": 'import type { Context } from "moleculer";' },
			{ "services/orders/order.ts": 'import type { Tx } from "../../broker/sql/store.ts";' },
			{ "services/orders/order.ts": 'import { orderRow } from "./orders.store.ts";' },
			{ "services/inventory/stock.ts": 'import { Op } from "sequelize";' }
		],
		innocent: [
			{ "services/orders/order.ts": 'import { OrderNotCancellable } from "./orders.errors.ts";' },
			{ "services/orders/orders.store.ts": 'import type { Tx } from "../../broker/sql/store.ts";' },
			{ "services/api/problem.ts": 'import { Errors } from "moleculer";' }
		]
	},
	// checklist: 219
	{
		name: "within a service, nothing beneath takes a value from what stands above",
		breaches: eachImport(
			within("services"),
			(path, to, { kind }) => serviceOf(path) === serviceOf(to) && kind !== "type" && height(to) > height(path)
		),
		planted: [
			{ "services/orders/order.ts": 'import { place } from "./actions/place.ts";' },
			{ "services/orders/orders.store.ts": 'import orders from "./orders.service.ts";' },
			{ "services/orders/events/payment-processed.ts": 'import orders from "../orders.service.ts";' }
		],
		innocent: [
			{ "services/orders/actions/place.ts": 'import type { OrdersService } from "../orders.service.ts";' },
			{ "services/orders/orders.service.ts": 'import { place } from "./actions/place.ts";' }
		]
	},
	{
		name: "no file needs itself to load",
		breaches: circles,
		planted: [
			{ "broker/a.ts": 'import { b } from "./b.ts";', "broker/b.ts": 'export { a } from "./a.ts";' },
			{
				"services/x/x.service.ts": 'import "./a.ts";',
				"services/x/a.ts": 'import { type B } from "./b.ts";',
				"services/x/b.ts": 'import { c } from "./c.ts";',
				"services/x/c.ts": 'import { a } from "./a.ts";'
			}
		],
		innocent: [
			{ "broker/a.ts": 'import { b } from "./b.ts";', "broker/b.ts": 'import type { A } from "./a.ts";' },
			{ "broker/a.ts": 'import { b } from "./b.ts";', "broker/b.ts": 'const later = () => import("./a.ts");' }
		]
	},
	{
		// Browsers are given files as they are written, so what the console's page is made of is JavaScript.
		name: "relative imports end in .ts",
		breaches: eachImport(
			anywhere,
			(_, _to, { specifier }) =>
				/^\.\.?(\/|$)/.test(specifier) && !/\.(tsx?|json)$|\/console\/web\/[\w-]+\.js$/.test(specifier)
		),
		planted: [
			{ "broker/a.ts": 'import { b } from "./b";' },
			{ "broker/a.ts": 'import type { B } from "./b.js";' },
			{ "test/unit/a.spec.ts": 'import { flow } from "../../services/console/flow.js";' },
			{ "test/unit/a.spec.ts": 'import b from "..";' },
			{ "services/orders/orders.contract.ts": 'declare module "../../broker/contract" {}' }
		],
		innocent: [
			{ "broker/a.ts": 'import { b } from "./b.ts"; import { z } from "zod";' },
			{ "test/unit/a.spec.ts": 'import { flow } from "../../services/console/web/flow.js";' }
		]
	},
	{
		name: "only broker/env.ts reads the environment",
		breaches: eachNode(path => path !== "broker/env.ts" && !within("test")(path), readsEnvironment),
		planted: [
			{ "services/orders/orders.service.ts": "const url = process.env.DATABASE_URL;" },
			{ "scripts/start.ts": 'const port = process["env"].PORT;' },
			{ "moleculer.config.ts": "const { env } = process;" },
			{ "broker/context.ts": "const level = globalThis.process.env.LOG_LEVEL;" },
			{ "mixins/store.mixin.ts": 'import { env } from "node:process";' }
		],
		innocent: [
			{ "broker/env.ts": "export const port = process.env.PORT;" },
			{ "services/orders/orders.service.ts": 'import { env } from "../../broker/env.ts"; // not process.env' },
			{ "scripts/start.ts": "process.exitCode = 1;" }
		]
	},
	{
		name: `no file is longer than ${lineLimit} lines`,
		breaches: eachFile(within("broker", "mixins", "services"), ({ path, text }) => {
			const lines = text.split("\n").length - 1;
			return lines > lineLimit ? [`${path} has ${lines} lines`] : [];
		}),
		planted: [{ "mixins/saga.mixin.ts": "step();\n".repeat(lineLimit + 1) }],
		innocent: [{ "mixins/saga.mixin.ts": "step();\n".repeat(lineLimit) }]
	},
	{
		name: "the compiler is never told to look away",
		breaches: eachFile(anywhere, source =>
			commentsOf(source)
				.filter(comment => /@ts-(ignore|nocheck)\b/.test(comment.text))
				.map(comment => `${source.path}:${comment.firstLine} ${comment.text}`)
		),
		planted: [
			{ "broker/a.ts": "// @ts-ignore\nconst port: number = '80';" },
			{ "test/unit/a.spec.ts": "/* @ts-nocheck */" }
		],
		innocent: [{ "broker/a.ts": 'const warning = "// @ts-ignore is refused";' }]
	},
	{
		name: "an any says why",
		breaches: eachNode(anywhere, isUnexplainedAny),
		planted: [
			{ "broker/a.ts": "export const a: any = 1;" },
			{ "broker/a.ts": "export const a = b as any;" },
			{ "test/unit/a.spec.ts": "// eslint-disable-next-line @typescript-eslint/no-explicit-any\nconst a = b as any;" },
			{ "mixins/a.mixin.ts": "// too far away\n\nexport type A = Record<string, any>;" }
		],
		innocent: [
			{ "broker/a.ts": "// moleculer-db exports a schema and declares a class\nexport const a = b as any;" },
			{ "broker/a.ts": "export const a = b as any; // the driver has no types" },
			{
				"broker/a.ts":
					"// it has no types\n// eslint-disable-next-line @typescript-eslint/no-explicit-any\nconst a = b as any;"
			},
			{
				"broker/a.ts":
					"// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the driver has no types\nexport const a = b as any;"
			},
			{ "broker/a.ts": "export const any = 'any';" }
		]
	},
	{
		name: "every service has a contract and a table of contents",
		breaches: incompleteServices,
		planted: [
			{ "services/tasks/tasks.service.ts": "" },
			{ "services/tasks/tasks.contract.ts": "" },
			{ "services/tasks.service.ts": "" }
		],
		innocent: [{ "services/tasks/tasks.service.ts": "", "services/tasks/tasks.contract.ts": "" }]
	},
	// checklist: 224, 225
	{
		name: "every service has specs of its rules, and specs that run it among its neighbours",
		breaches: untestedServices,
		planted: [
			{
				"services/tasks/tasks.service.ts": "",
				"test/unit/tasks/task.spec.ts": 'import { task } from "../../../services/tasks/task.ts";'
			},
			{
				"services/tasks/tasks.service.ts": "",
				"test/integration/tasks.spec.ts": 'import tasks from "../../services/tasks/tasks.service.ts";'
			}
		],
		innocent: [
			{
				"services/tasks/tasks.service.ts": "",
				"test/unit/tasks/task.spec.ts": 'import { task } from "../../../services/tasks/task.ts";',
				"test/support/tasks.mother.ts": 'import tasks from "../../services/tasks/tasks.service.ts";',
				"test/integration/due.spec.ts": 'import { board } from "../support/tasks.mother.ts";'
			}
		]
	},
	{
		name: "no spec is skipped, and none runs alone",
		breaches: eachNode(within("test"), skipsOrNarrows),
		planted: [
			{ "test/unit/a.spec.ts": 'it.skip("is tested later", () => {});' },
			{ "test/unit/a.spec.ts": 'describe.only("alone", () => {});' },
			{ "test/unit/a.spec.ts": 'test.only.each([1])("%d", () => {});' },
			{ "test/unit/a.spec.ts": 'it.todo("is tested some day");' },
			{ "test/unit/a.spec.ts": 'xit("is tested later", () => {});' },
			{ "test/e2e/a.spec.ts": "const maybe = url ? describe : describe.skip;" }
		],
		innocent: [{ "test/unit/a.spec.ts": 'it.each([1])("%d", () => expect(page.skip).toBe(only.skip));' }]
	},
	{
		name: "a spec names claims that exist",
		breaches: eachFile(within("test"), source => mentionsIn(source).mistakes),
		planted: [
			{ "test/unit/a.spec.ts": "// checklist: 82, 246" },
			{ "test/unit/a.spec.ts": "// checklist: 0" },
			{ "test/unit/a.spec.ts": "// checklist: 9-3" },
			{ "test/unit/a.spec.ts": "// checklist: 82 and 83" },
			{ "test/unit/a.spec.ts": "/** checklist: */" }
		],
		innocent: [{ "test/unit/a.spec.ts": '// checklist: 82, 176–185, 245\nconst text = "// checklist: 999";' }]
	}
];

const asSources = (files: Tree): Source[] => Object.entries(files).map(([path, text]) => ({ path, text }));

/** A tree in a test's name: its paths and how each file begins. */
const named = (files: Tree): [string, Tree] => [
	Object.entries(files)
		.map(([path, text]) => `${path} { ${text.slice(0, 90).replaceAll("\n", " ").trim()} }`)
		.join(", "),
	files
];

describe.each(rules)("$name", ({ breaches, planted, innocent = [] }) => {
	it("holds", () => {
		expect(breaches(tree)).toEqual([]);
	});

	it.each(planted.map(named))("catches %s", (_, files) => {
		expect(breaches(asSources(files))).not.toEqual([]);
	});

	it.each(innocent.map(named))("leaves alone %s", (_, files) => {
		expect(breaches(asSources(files))).toEqual([]);
	});
});

describe("the checklist", () => {
	it("has 245 claims, numbered in order", () => {
		expect(readChecklist(join(root, "test/checklist.json")).claims.map(claim => claim.id)).toEqual(
			Array.from({ length: 245 }, (_, index) => index + 1)
		);
	});

	it("is shown by what a spec's comments name, ranges included", () => {
		const spec = {
			path: "test/unit/a.spec.ts",
			text: "// checklist: 82, 176–178\nit('opens', () => {}); // checklist: 3-4\n"
		};
		expect(mentionsIn(spec)).toEqual({
			mentions: [
				...[82, 176, 177, 178].map(id => ({ id, at: "test/unit/a.spec.ts:1" })),
				...[3, 4].map(id => ({ id, at: "test/unit/a.spec.ts:2" }))
			],
			mistakes: []
		});
	});
});
