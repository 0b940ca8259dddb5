import { MemoryCache } from "../../../broker/cache.ts";
import { Rows } from "../../../broker/rows.ts";

interface Thing {
	id: number;
	name: string;
}

let table: Map<number, Thing>;
let loads: (readonly number[])[];
let rows: Rows<Thing>;
/** Called between the look into the table and the answer. */
let meanwhile: () => void;

beforeEach(() => {
	table = new Map([1, 2, 3].map(id => [id, { id, name: `thing ${id}` }]));
	loads = [];
	meanwhile = () => undefined;
	rows = new Rows<Thing>(new MemoryCache(), "things", async ids => {
		loads.push(ids);
		const found = ids.flatMap(id => table.get(id) ?? []);
		meanwhile();
		return found;
	});
});

/** A unit that changes a row, and is durable at once. */
const change = (id: number, name: string): void => {
	table.set(id, { id, name });
	rows.forget({ afterCommit: hook => hook() }, id);
};

// checklist: 243
describe("rows that are kept", () => {
	it("are loaded once", async () => {
		expect(await rows.get(1)).toEqual({ id: 1, name: "thing 1" });
		expect(await rows.get(1)).toEqual({ id: 1, name: "thing 1" });
		expect(loads).toEqual([[1]]);
	});

	it("are loaded together where several are missing, and only those", async () => {
		await rows.get(2);
		expect((await rows.many([1, 2, 3])).map(({ id }) => id).sort()).toEqual([1, 2, 3]);
		expect(loads).toEqual([[2], [1, 3]]);
	});

	it("are not there when the table has none, and are asked for again", async () => {
		expect(await rows.get(9)).toBeUndefined();
		table.set(9, { id: 9, name: "new" });
		expect(await rows.get(9)).toEqual({ id: 9, name: "new" });
	});

	it("are as they are now, once a change is durable", async () => {
		await rows.get(1);
		change(1, "better");
		expect((await rows.get(1))!.name).toBe("better");
	});

	it("are not forgotten by a unit that is not durable yet", async () => {
		await rows.get(1);
		const hooks: (() => void)[] = [];
		rows.forget({ afterCommit: hook => void hooks.push(hook) }, 1);
		await rows.get(1);
		expect(loads).toHaveLength(1);
		hooks[0]!();
		await rows.get(1);
		expect(loads).toHaveLength(2);
	});

	it("are not kept as they were before a change that came while they were loaded", async () => {
		meanwhile = () => change(1, "better");
		await rows.get(1);
		meanwhile = () => undefined;
		expect((await rows.get(1))!.name).toBe("better");
	});
});
