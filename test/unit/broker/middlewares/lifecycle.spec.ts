import type { Service } from "moleculer";
import { part, service } from "../../../../broker/service.ts";
import { runtimeOf } from "../../../../broker/runtime.ts";
import { node } from "../../../support/node.ts";

/** A service of two abilities that say when they come and go. */
function noisy(name: string, said: string[]) {
	const ability = (what: string) =>
		part<Service>({
			started() {
				said.push(`${name} ${what} started`);
				const { ready, quieting } = runtimeOf(this.broker);
				ready.push(() => void said.push(`${name} ${what} ready`));
				quieting.push(() => void said.push(`${name} ${what} quiet`));
			},
			stopped() {
				said.push(`${name} ${what} stopped`);
			}
		});
	return service({
		name,
		mixins: [ability("store"), ability("relay")],
		started() {
			said.push(`${name} started`);
		},
		stopped() {
			said.push(`${name} stopped`);
		}
	});
}

it("a service's abilities start in the order they are named and stop in the reverse; it is the last and the first", async () => {
	const said: string[] = [];
	await (await node([noisy("shop", said)])).close();
	expect(said).toEqual([
		"shop store started",
		"shop relay started",
		"shop started",
		"shop store ready",
		"shop relay ready",
		"shop relay quiet",
		"shop store quiet",
		"shop stopped",
		"shop relay stopped",
		"shop store stopped"
	]);
});

it("what runs by itself begins once every service is there, and is quiet before the first one stops", async () => {
	const said: string[] = [];
	await (await node([noisy("one", said), noisy("two", said)])).close();
	const at = (what: RegExp) => said.flatMap((line, index) => (what.test(line) ? [index] : []));
	expect(Math.max(...at(/started$/))).toBeLessThan(Math.min(...at(/ready$/)));
	expect(Math.max(...at(/quiet$/))).toBeLessThan(Math.min(...at(/stopped$/)));
});
