import { hash, verify } from "@node-rs/argon2";
import { hashPassword, passwordFits } from "../../../services/users/passwords.ts";

jest.mock("@node-rs/argon2", () => ({ hash: jest.fn(), verify: jest.fn() }));

/** The hashes under way, in the order they began, to be ended by hand. */
let underWay: { end(): void; fail(error: Error): void; of: string }[] = [];
const begin = (of: string) =>
	new Promise<never>((resolve, reject) => {
		underWay.push({ end: () => resolve(of as never), fail: reject, of });
	});
const turn = () => new Promise(resolve => setImmediate(resolve));

beforeEach(() => {
	underWay = [];
	jest.mocked(hash).mockReset();
	jest.mocked(verify).mockReset();
	jest.mocked(hash).mockImplementation(password => begin(String(password)));
	jest.mocked(verify).mockImplementation((_, password) => begin(String(password)));
});

/** Ends whatever is under way until nothing is left. */
async function endAll(): Promise<void> {
	for (; underWay.length > 0; await turn()) for (const one of underWay.splice(0)) one.end();
}

describe("passwords that come at once", () => {
	it("are hashed two at a time and in turn, so that the stores keep threads to run on", async () => {
		const all = ["a", "b", "c", "d", "e"].map(password => hashPassword(password));
		const check = passwordFits("stored", "f");
		await turn();
		expect(underWay.map(({ of }) => of)).toEqual(["a", "b"]);
		underWay[1]!.end();
		await turn();
		expect(underWay.map(({ of }) => of)).toEqual(["a", "b", "c"]);
		underWay[0]!.end();
		underWay[2]!.end();
		await turn();
		expect(underWay.map(({ of }) => of)).toEqual(["a", "b", "c", "d", "e"]);
		await endAll();
		await Promise.all([...all, check]);
		expect(verify).toHaveBeenCalledTimes(1);
	});

	it("hand their turn on when they fail, too", async () => {
		const failing = [hashPassword("a"), hashPassword("b")].map(hashing =>
			hashing.catch((error: Error) => error.message)
		);
		const waiting = hashPassword("c");
		await turn();
		for (const one of underWay.splice(0)) one.fail(new Error("no memory"));
		await turn();
		expect(underWay.map(({ of }) => of)).toEqual(["c"]);
		await endAll();
		expect(await Promise.all(failing)).toEqual(["no memory", "no memory"]);
		await waiting;
	});

	it("are refused for now when more wait than a request has time for", async () => {
		const served = Array.from({ length: 2 + 256 }, () => hashPassword("x"));
		await expect(hashPassword("one too many")).rejects.toMatchObject({
			code: 503,
			type: "PASSWORDS_BUSY",
			retryable: true
		});
		await endAll();
		await Promise.all(served);
		const next = hashPassword("after the rush");
		await endAll();
		await next;
	});
});

describe("a login without an account", () => {
	it("costs the same: one check against a hash of today's cost", async () => {
		const checking = passwordFits(undefined, "guess");
		await turn();
		await endAll();
		await checking;
		expect(jest.mocked(verify).mock.calls).toEqual([
			[expect.stringMatching(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/), "guess"]
		]);
	});
});
