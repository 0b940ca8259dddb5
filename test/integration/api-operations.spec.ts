import { z } from "zod";
import { contract, events } from "../../broker/contract.ts";
import { deadLetterActions } from "../../broker/dead-letters.ts";
import { Refusal } from "../../broker/errors.ts";
import { serve, served, service } from "../../broker/service.ts";
import { inbox, type InboxService } from "../../mixins/inbox.mixin.ts";
import { outbox } from "../../mixins/outbox.mixin.ts";
import { store } from "../../mixins/store.mixin.ts";
import { eventually } from "../support/eventually.ts";
import { gateway, type TestGateway } from "../support/gateway.ts";
import { event } from "../support/node.ts";
import { thingService } from "../support/things.ts";

events("parcel", { lost: z.strictObject({ weight: z.int() }) });

class TooHeavy extends Refusal {
	constructor(weight: number) {
		super(`Nobody carries ${weight}`, 409, "TOO_HEAVY");
	}
}

const carried: number[] = [];
/** A service that cannot handle every event it hears. */
const carrier = (name: string) =>
	service<InboxService>({
		name,
		mixins: [
			store<InboxService>(),
			outbox(),
			inbox({
				"parcel.lost": (async (
					{ data }: { data: { weight: number } },
					ctx: { once(work: () => Promise<void>): Promise<void> }
				) => {
					if (data.weight > 10) throw new TooHeavy(data.weight);
					await ctx.once(async () => void carried.push(data.weight));
				}) as never
			} as never)
		],
		actions: serve(contract(name, {}), {})
	});

describe("dead letters, as an operator sees them", () => {
	let api: TestGateway;
	let admin: Record<string, string>;
	beforeEach(async () => {
		carried.length = 0;
		api = await gateway([thingService().schema, carrier("carrier"), carrier("porter")]);
		admin = await api.bearer(4, "staff", "admin");
	});
	afterEach(() => api.close());

	const lose = (subject: string, weight: number) =>
		api.publish(event("parcel.lost" as never, subject, { weight } as never));
	const letters = async (query = ""): Promise<Record<string, unknown>[]> =>
		(await api.get(`/api/v2/admin/dead-letters${query}`, admin)).json.items as Record<string, unknown>[];
	const act = (id: string, verb: "retry" | "discard", body?: object) =>
		api.send("POST", `/api/v2/admin/dead-letters/${id}/${verb}`, { headers: admin, body });

	it("come from every service that keeps some, the newest first, with those that wait behind them", async () => {
		await lose("parcel/1", 50);
		await lose("parcel/1", 1);
		const found = await letters();
		expect(found.map(({ id, status }) => `${String(id)} ${String(status)}`).sort()).toEqual([
			"carrier-1 PARKED",
			"carrier-2 WAITING",
			"porter-1 PARKED",
			"porter-2 WAITING"
		]);
		const times = found.map(({ parkedAt }) => String(parkedAt));
		expect(times).toEqual([...times].sort().reverse());
		expect(found.find(({ id }) => id === "carrier-1")).toMatchObject({
			consumer: "carrier",
			type: "parcel.lost",
			subject: "parcel/1",
			error: "TooHeavy: Nobody carries 50",
			event: { data: { weight: 50 } }
		});
		expect(await letters("?status=PARKED&limit=1")).toHaveLength(1);
	});

	it("are handled again with other data, and what waited goes on", async () => {
		await lose("parcel/1", 50);
		await lose("parcel/1", 2);
		const again = await act("carrier-1", "retry");
		expect([again.status, again.json.code]).toEqual([409, "DEAD_LETTER_FAILED_AGAIN"]);
		const edited = await act("carrier-1", "retry", { data: { weight: 5 } });
		expect([edited.status, edited.json]).toEqual([200, { id: "carrier-1", status: "RETRIED" }]);
		await eventually(() => expect(carried).toEqual([5, 2]));
		await eventually(async () => expect((await letters("?status=RETRIED")).length).toBe(2));
		expect((await letters()).map(({ id }) => id).sort()).toEqual(["porter-1", "porter-2"]);
		expect((await letters("?status=RETRIED")).map(({ id }) => id).sort()).toEqual(["carrier-1", "carrier-2"]);
	});

	it("are given up", async () => {
		await lose("parcel/1", 50);
		expect((await act("porter-1", "discard")).json).toEqual({ id: "porter-1", status: "DISCARDED" });
		expect((await act("porter-1", "discard")).status).toBe(404);
		expect((await letters()).map(({ id }) => id)).toEqual(["carrier-1"]);
		expect(carried).toEqual([]);
	});

	it.each(["carrier-99", "things-1", "api-1", "nobody-1", "users-1"])("are not where there are none: %s", async id => {
		for (const verb of ["retry", "discard"] as const) {
			const reply = await act(id, verb);
			expect([reply.status, reply.json.code]).toEqual([404, "DEAD_LETTER_NOT_FOUND"]);
		}
	});

	it("have ids of one form", async () => {
		for (const id of ["carrier", "1", "carrier-x", "carrier-1x", "..%2fcarrier-1", "carrier.deadLetters-1"])
			expect((await act(id, "discard")).status).toBe(400);
	});

	// checklist: 222
	it("are shown as far as they can be, with the services that could not be asked", async () => {
		const silent = service({
			name: "silent",
			actions: {
				...serve(contract("silent", {}), {}),
				...served(deadLetterActions, {
					deadLetters: () => Promise.reject(new Error("its store is gone")),
					retryDeadLetter: () => Promise.resolve(null),
					discardDeadLetter: () => Promise.resolve(null)
				})
			}
		});
		api.broker.createService(silent);
		await api.broker.waitForServices("silent");
		await lose("parcel/1", 50);
		const { status, json } = await api.get("/api/v2/admin/dead-letters", admin);
		expect([status, (json.items as object[]).length, json.degraded]).toEqual([200, 2, ["silent"]]);
	});

	it("are for administrators alone", async () => {
		const path = "/api/v2/admin/dead-letters";
		expect((await api.get(path)).status).toBe(401);
		for (const role of ["customer", "staff"] as const)
			expect((await api.get(path, await api.bearer(1, role))).status).toBe(403);
		await lose("parcel/1", 50);
		const staff = await api.bearer(1, "staff");
		expect((await api.send("POST", `${path}/carrier-1/discard`, { headers: staff })).status).toBe(403);
		expect(await letters()).toHaveLength(2);
	});
});
