import { toOtlp } from "../../../../broker/tracing/otlp-outlet.ts";

it("an address that takes no spans is told of once, and not with every batch", async () => {
	const warn = jest.fn();
	// Nobody listens there.
	const send = toOtlp("http://127.0.0.1:1", { warn } as never);
	for (let n = 0; n < 3; n++) await expect(send([])).rejects.toThrow();
	expect(warn).toHaveBeenCalledTimes(1);
	expect(warn).toHaveBeenCalledWith("http://127.0.0.1:1/v1/traces takes no spans", expect.anything());
	jest.useFakeTimers({
		now: Date.now() + 61_000,
		doNotFake: ["setTimeout", "nextTick", "setImmediate", "queueMicrotask"]
	});
	await expect(send([])).rejects.toThrow();
	jest.useRealTimers();
	expect(warn).toHaveBeenCalledTimes(2);
});
