import { StoreUnavailable } from "../../../broker/errors.ts";
import { RouteNotFound } from "../../../services/api/api.errors.ts";
import { Retries } from "../../../services/api/retries.ts";

const fault = new StoreUnavailable("orders", "SQLITE_BUSY");

/** Fails as often as it is told, then answers. */
function flaky(failures: number, error: Error = fault) {
	const asking = { tries: 0, ask: () => Promise.resolve("") };
	asking.ask = () => (++asking.tries <= failures ? Promise.reject(error) : Promise.resolve("answer"));
	return asking;
}

// checklist: 9, 122
it("a fault that passes is tried again, three times in all", async () => {
	const twice = flaky(2);
	expect(await new Retries().call(true, twice.ask)).toBe("answer");
	const always = flaky(9);
	await expect(new Retries().call(true, always.ask)).rejects.toBe(fault);
	expect([twice.tries, always.tries]).toEqual([3, 3]);
});

it("a call that may not come twice does not", async () => {
	const asking = flaky(1);
	await expect(new Retries().call(false, asking.ask)).rejects.toBe(fault);
	expect(asking.tries).toBe(1);
});

it("a refusal is final", async () => {
	const asking = flaky(1, new RouteNotFound());
	await expect(new Retries().call(true, asking.ask)).rejects.toThrow(RouteNotFound);
	expect(asking.tries).toBe(1);
});

it.each(["REQUEST_TIMEOUT", "DEADLINE_EXCEEDED", "SERVICE_NOT_AVAILABLE", "QUEUE_FULL"])(
	"%s is not tried again: no time is left, or the service is known to be in need",
	async type => {
		const asking = flaky(1, Object.assign(new Error("not now"), { type, retryable: true }));
		await expect(new Retries().call(true, asking.ask)).rejects.toThrow("not now");
		expect(asking.tries).toBe(1);
	}
);

it("repeats are a tenth of the calls at most, once those that were saved up are spent", async () => {
	const retries = new Retries();
	const [saved, then] = [flaky(1_000), flaky(1_000)];
	for (let call = 1; call <= 6; call++) await retries.call(true, saved.ask).catch(() => undefined);
	expect(saved.tries).toBe(6 + 10);
	for (let call = 1; call <= 40; call++) await retries.call(true, then.ask).catch(() => undefined);
	expect(then.tries).toBe(40 + 4);
});
