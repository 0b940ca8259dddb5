import type { Flaw } from "../../../broker/errors.ts";
import { QueryMalformed } from "../../../services/api/api.errors.ts";
import { parseQuery } from "../../../services/api/query.ts";

function flawsOf(query: string): Flaw[] {
	try {
		parseQuery(query);
	} catch (error) {
		if (error instanceof QueryMalformed) return (error.data as { errors: Flaw[] }).errors;
		throw error;
	}
	return [];
}

describe("a query", () => {
	it("is names and plain values", () => {
		expect(parseQuery("limit=5&search=a%20b+c&empty=&flag&=x&&caf%C3%A9=1")).toEqual({
			limit: "5",
			search: "a b c",
			empty: "",
			flag: "",
			"": "x",
			café: "1"
		});
		expect(parseQuery("")).toEqual({});
	});

	it.each([
		["a=1&a=2", "a", "is given twice"],
		["a=1&%61=2", "a", "is given twice"],
		["a[b]=1", "a[b]", "is nested, which no parameter is"],
		["a%5B%5D=1", "a[]", "is nested, which no parameter is"],
		["__proto__=1", "__proto__", "is a name that is not allowed"],
		["constructor=1", "constructor", "is a name that is not allowed"],
		["a=%zz", "a=%zz", "is not well encoded"],
		["a=%ff", "a=%ff", "is not well encoded"]
	])("%s is refused", (query, parameter, detail) => {
		expect(flawsOf(query)).toEqual([{ parameter, detail }]);
	});

	it("names every flaw at once", () => {
		expect(flawsOf("a[b]=1&c=1&c=2")).toHaveLength(2);
	});

	it("has no more than 50 parameters", () => {
		const many = (count: number) => Array.from({ length: count }, (_, index) => `p${index}=1`).join("&");
		expect(Object.keys(parseQuery(many(50)))).toHaveLength(50);
		expect(flawsOf(many(51))).toEqual([{ detail: "More than 50 parameters" }]);
	});
});
