import { z } from "zod";
import {
	contract,
	describe as describeContract,
	events,
	eventSchema,
	titleOf,
	topicOf
} from "../../../broker/contract.ts";
import { Refusal } from "../../../broker/errors.ts";
import { ById, PageQuery, pageOf } from "../../../broker/schemas.ts";

class ThingNotFound extends Refusal {
	constructor(id: number) {
		super(`There is no thing ${id}`, 404, "THING_NOT_FOUND", { id });
	}
}

const things = contract("things", {
	get: {
		summary: "One thing",
		params: ById,
		result: z.strictObject({ id: z.int() }),
		rest: "GET /things/:id",
		access: { roles: ["staff"], owner: true },
		refuses: [ThingNotFound]
	},
	add: {
		summary: "A new thing",
		params: z.strictObject({ name: z.string() }),
		result: z.strictObject({}),
		status: 201,
		access: "public",
		idempotencyKey: "required"
	}
});

describe("a contract, described as JSON", () => {
	it("has all that a gateway needs, and survives the wire", () => {
		const described = describeContract(things);
		expect(JSON.parse(JSON.stringify(described))).toEqual([
			{
				name: "things.get",
				summary: "One thing",
				rest: "GET /things/:id",
				status: 200,
				access: { roles: ["staff"], owner: true },
				params: expect.objectContaining({ required: ["id"], additionalProperties: false }),
				result: expect.objectContaining({ type: "object" }),
				refuses: [{ code: "THING_NOT_FOUND", status: 404, title: "Thing not found" }]
			},
			{
				name: "things.add",
				summary: "A new thing",
				status: 201,
				access: "public",
				idempotencyKey: "required",
				params: expect.objectContaining({ required: ["name"] }),
				result: expect.anything(),
				refuses: []
			}
		]);
	});
});

it("a refusal's title is its class in words", () => {
	expect(titleOf("OutOfStock")).toBe("Out of stock");
	expect(titleOf("Forbidden")).toBe("Forbidden");
});

it("an event's schema is found by its type, and its topic is named after its entity", () => {
	events("thing", { grown: z.strictObject({ by: z.int() }) });
	expect(eventSchema("thing.grown")!.safeParse({ by: 1 }).success).toBe(true);
	expect(eventSchema("thing.shrunk")).toBeUndefined();
	expect(topicOf("thing.grown")).toBe("thing.events");
});

// checklist: 206
it.each(["user.created", "task.completed", "notification.sent", "system.dead_letter_parked"] as const)(
	"%s is an event of its entity's topic, as an earlier system had it",
	type => expect(topicOf(type)).toBe(`${type.split(".")[0]}.events`)
);

describe("the shapes that contracts share", () => {
	it("an id in a path is a positive integer, as text or number", () => {
		expect(ById.parse({ id: "12" })).toEqual({ id: 12 });
		for (const id of ["0", "-1", "1.5", "", "abc", "1e99", null, [], {}, " "])
			expect([id, ById.safeParse({ id }).success]).toEqual([id, false]);
	});

	it("a page asks for 20, and never for more than 100", () => {
		const Page = z.strictObject(PageQuery);
		expect(Page.parse({})).toEqual({ limit: 20 });
		expect(Page.parse({ limit: "100", after: "7" })).toEqual({ limit: 100, after: 7 });
		for (const limit of ["0", "101", "ten"]) expect(Page.safeParse({ limit }).success).toBe(false);
	});

	it("a page says where the next begins, unless it is the last", () => {
		const Page = pageOf(z.int());
		expect(Page.safeParse({ items: [1, 2], next: 2 }).success).toBe(true);
		expect(Page.safeParse({ items: [] }).success).toBe(true);
		expect(Page.safeParse({ items: [], total: 1 }).success).toBe(false);
	});
});
