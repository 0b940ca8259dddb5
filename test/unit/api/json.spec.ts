import fc from "fast-check";
import type { Flaw } from "../../../broker/errors.ts";
import { BodyMalformed } from "../../../services/api/api.errors.ts";
import { parseJson, pointerTo } from "../../../services/api/json.ts";

function flawOf(text: string): Flaw {
	try {
		parseJson(text);
	} catch (error) {
		if (error instanceof BodyMalformed) return (error.data as { errors: Flaw[] }).errors[0]!;
		throw error;
	}
	throw new Error(`Nothing is wrong with ${text}`);
}

const accepts = (parse: (text: string) => unknown, text: string): boolean => {
	try {
		parse(text);
		return true;
	} catch {
		return false;
	}
};

describe("parsing a body", () => {
	it("reads what JSON.stringify writes", () => {
		fc.assert(
			fc.property(
				fc.jsonValue({ maxDepth: 6, noUnicodeString: false }),
				fc.constantFrom(undefined, 1, "\t"),
				(value, indent) => {
					const text = JSON.stringify(value, null, indent);
					fc.pre(!/"(__proto__|constructor|prototype)"/.test(text));
					expect(parseJson(text)).toEqual(JSON.parse(text));
				}
			)
		);
	});

	it("takes and refuses the same texts as JSON.parse, apart from repeated keys", () => {
		const scrap = fc.constantFrom(
			...'{}[]:, \n\t"\\u0041-+.eE019truefalsnx\u0001\u00e9'.split(""),
			"\\n",
			'"a"',
			"null",
			"1e5",
			"-0"
		);
		fc.assert(
			fc.property(
				fc.array(scrap, { maxLength: 12 }).map(parts => parts.join("")),
				text => {
					const accepted = accepts(JSON.parse, text);
					if (!accepted) expect(accepts(parseJson, text)).toBe(false);
					else if (!accepts(parseJson, text)) expect(flawOf(text).detail).toBe("is given twice");
				}
			),
			{ numRuns: 5_000 }
		);
	});

	it.each([
		['{"a": 1,}', 'Unexpected "}" at line 1, column 9 (position 8)'],
		['{\n  "a": tru\n}', 'Unexpected "t" at line 2, column 8 (position 9)'],
		['{"a": 1', "Unexpected end at line 1, column 8 (position 7)"],
		["{'a': 1}", 'Unexpected "\'" at line 1, column 2 (position 1)'],
		['{"a": 01}', 'Unexpected "0" at line 1, column 7 (position 6)'],
		['{"a": "tab\there"}', 'Unexpected "\\"" at line 1, column 7 (position 6)'],
		['{"a": 1} x', 'Unexpected "x" at line 1, column 10 (position 9)'],
		["NaN", 'Unexpected "N" at line 1, column 1 (position 0)']
	])("says where %j is broken", (text, detail) => {
		expect(flawOf(text).detail).toBe(detail);
	});

	it.each(["__proto__", "constructor", "prototype"])("refuses the key %s, however deep and however written", name => {
		expect(flawOf(`{"a": [{"${name}": 1}]}`)).toEqual({
			pointer: `/a/0/${name}`,
			detail: "is a name that is not allowed"
		});
		const escaped = name.replace(/^./, first => `\\u${first.charCodeAt(0).toString(16).padStart(4, "0")}`);
		expect(flawOf(`{"${escaped}": {"polluted": true}}`).pointer).toBe(`/${name}`);
		expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
	});

	it("refuses a key that is given twice, also when it is written in two ways", () => {
		expect(flawOf('{"a": {"b": 1, "b": 2}}')).toEqual({ pointer: "/a/b", detail: "is given twice" });
		expect(flawOf('{"b": 1, "\\u0062": 2}').pointer).toBe("/b");
		expect(parseJson('[{"b": 1}, {"b": 2}]')).toEqual([{ b: 1 }, { b: 2 }]);
	});

	it("refuses nesting without end before it costs anything", () => {
		expect(flawOf("[".repeat(50_000)).detail).toBe("is nested more than 32 levels deep");
		expect(flawOf('{"a":'.repeat(50_000)).detail).toBe("is nested more than 32 levels deep");
		const deep = `${"[".repeat(32)}${"]".repeat(32)}`;
		expect(parseJson(deep)).toEqual(JSON.parse(deep));
	});

	it("reads the longest strings, closed or not", () => {
		const long = "x".repeat(100_000);
		expect(parseJson(`"${long}"`)).toBe(long);
		expect(accepts(parseJson, `"${long}`)).toBe(false);
		expect(accepts(parseJson, `"${"\\\\".repeat(50_000)}`)).toBe(false);
	});

	it("writes pointers as RFC 6901 says", () => {
		expect(pointerTo(["a/b", "~", 0])).toBe("/a~1b/~0/0");
		expect(pointerTo([])).toBe("");
	});
});
