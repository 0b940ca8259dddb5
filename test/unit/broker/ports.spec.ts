import { serviceNames } from "../../../broker/node.ts";
import { readEnv } from "../../../broker/env.ts";
import { PORTS } from "../../../moleculer.config.ts";

// checklist: 162-165
it("every service has a port of its own, and the gateway the one of the API", async () => {
	expect(PORTS).toMatchObject({ api: 8000, users: 8001, tasks: 8002, notifications: 8003 });
	expect(PORTS.api).toBe(readEnv({}).PORT);
	for (const service of await serviceNames()) expect([service, PORTS[service]]).toEqual([service, expect.any(Number)]);
	expect(new Set(Object.values(PORTS)).size).toBe(Object.keys(PORTS).length);
	// What is being replaced stays where it is.
	expect(Object.values(PORTS)).not.toContain(8004);
});
