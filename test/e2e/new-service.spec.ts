import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Copy } from "../chaos/copy.ts";
import { Souk } from "../chaos/harness.ts";

const contract = `
import { z } from "zod";
import { contract } from "../../broker/contract.ts";

export const greetings = contract("greetings", {
	say: {
		summary: "Greets somebody",
		params: z.strictObject({ name: z.string() }),
		result: z.strictObject({ text: z.string() }),
		rest: "GET /greetings/:name",
		access: "public"
	}
});`;
const service = `
import { serve, service } from "../../broker/service.ts";
import { store } from "../../mixins/store.mixin.ts";
import { greetings } from "./greetings.contract.ts";

export default service({
	name: greetings.name,
	mixins: [store()],
	actions: serve(greetings, {
		async say(ctx) {
			await this.store.transact(ctx, unit => unit.run("INSERT INTO said (name) VALUES (?)", [ctx.params.name]));
			return { text: \`Hello \${ctx.params.name}\` };
		}
	})
});`;
const migration = `export const up = sql => sql.run("CREATE TABLE said (name TEXT NOT NULL)");`;

// checklist: 223
it("a new service is five steps of CONTRIBUTING.md: then it answers behind the gateway, and is watched and documented", async () => {
	const guide = readFileSync(join(import.meta.dirname, "../../CONTRIBUTING.md"), "utf8");
	const recipe = /## Adding a service\n\n([^#]*)/.exec(guide)![1]!;
	expect(recipe.match(/^\d\. /gm)).toEqual(["1. ", "2. ", "3. ", "4. ", "5. "]);

	using copy = new Copy();
	const files: [of: string, path: string, text: string][] = [
		["`<name>.contract.ts`", "services/greetings/greetings.contract.ts", contract],
		["`<name>.service.ts`", "services/greetings/greetings.service.ts", service],
		["`data/migrations/<name>/`", "data/migrations/greetings/0001-said.ts", migration]
	];
	for (const [named, path, text] of files) {
		expect(recipe).toContain(named);
		mkdirSync(join(copy.root, path, ".."), { recursive: true });
		writeFileSync(join(copy.root, path), text);
	}
	const souk = new Souk({ root: copy.root });
	try {
		await souk.start();
		const ask = async (path: string) => (await (await fetch(souk.url + path)).json()) as Record<string, object>;
		expect(await ask("/api/v1/greetings/Ann")).toEqual({ text: "Hello Ann" });
		expect((await ask("/health")).services).toMatchObject({ greetings: "up", orders: "up" });
		expect(Object.keys((await ask("/openapi.json")).paths!)).toContain("/api/v2/greetings/{name}");
	} finally {
		await souk.close();
	}
});
