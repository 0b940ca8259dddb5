import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { armCrashPoints, crash } from "../../../broker/crash.ts";

const folder = mkdtempSync(join(tmpdir(), "souk-crash-"));
const orders = join(folder, "orders");
const kill = jest.spyOn(process, "kill").mockReturnValue(true);

afterAll(() => {
	armCrashPoints(undefined);
	kill.mockRestore();
	rmSync(folder, { recursive: true, force: true });
});

it("a crash point is passed over unless the process was told of a file", () => {
	armCrashPoints(undefined);
	crash("orders.place:after-commit");
	expect(kill).not.toHaveBeenCalled();
});

it("the process dies at the point that the file names, hard, and leaves a line for each point it passed", () => {
	writeFileSync(orders, "orders.place:after-commit\n");
	armCrashPoints(orders);
	crash("orders.place:before-commit");
	expect(kill).not.toHaveBeenCalled();
	crash("orders.place:after-commit");
	expect(kill).toHaveBeenCalledWith(process.pid, "SIGKILL");
	expect(readFileSync(`${orders}.hits`, "utf8")).toBe("orders.place:before-commit\norders.place:after-commit\n");
});

it("the order may change while the process runs", () => {
	kill.mockClear();
	writeFileSync(orders, "");
	crash("orders.place:after-commit");
	expect(kill).not.toHaveBeenCalled();
});
