import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { change } from "./change.ts";
import { type Branch, type Driver, STAFF } from "./driver.ts";
import type { Trial } from "./trial.ts";

/** A task that nobody does in time, and one that is not wanted any more. */
export async function tasks(driver: Driver): Promise<void> {
	const { client } = driver;
	const name = driver.key("category");
	const category = await driver.staff<{ id: number }>("tasks.createCategory", "POST", "/categories", { name });
	const sorted = { path: `/categories/${category.id}`, as: STAFF };
	await client.done({ ...sorted, operation: "tasks.updateCategory", method: "PUT", body: { name: `${name}-too` } });
	const open = (title: string, dueInMs: number) => {
		const dueAt = new Date(Date.now() + dueInMs).toISOString();
		const body = { title, dueAt, categoryId: category.id };
		return driver.staff<{ id: number }>("tasks.create", "POST", "/tasks", body);
	};
	const late = { path: `/tasks/${(await open("Inspect it", 0)).id}`, as: STAFF };
	await client.until<{ escalatedAt?: string }>(
		{ ...late, operation: "tasks.get" },
		task => task.escalatedAt !== undefined
	);
	await client.done({ ...late, operation: "tasks.update", method: "PUT", body: { status: "IN_PROGRESS" } });
	await driver.staff("tasks.complete", "POST", `${late.path}/complete`);
	const { id } = await open("Pack it", 3_600_000);
	await client.done({ operation: "tasks.remove", method: "DELETE", path: `/tasks/${id}`, as: STAFF, orElse: [404] });
	await client.done({ ...sorted, operation: "tasks.removeCategory", method: "DELETE", orElse: [404] });
}

/** A timer of a kind that nobody knows is tried again and again; a person makes it one that is known. */
export async function oddTimer(trial: Trial): Promise<void> {
	const { souk } = trial;
	const file = join(souk.dataDir, "tasks.db");
	const time = new Date().toISOString();
	change(file, sql =>
		sql
			.prepare(
				`INSERT INTO timers (kind, subject, due_at, data, correlation_id, next_try_at)
				VALUES ('odd', 'task/0', ?, '{"id":0}', 'odd', ?) ON CONFLICT DO NOTHING`
			)
			.run(time, time)
	);
	const tried = (where: string) =>
		trial.look(books => books.rows(`SELECT * FROM tasks.timers WHERE subject = 'task/0' AND ${where}`));
	await eventually(() => expect(tried("attempts > 0")).toHaveLength(1), { within: 30_000, every: 5 });
	change(file, sql => sql.exec("UPDATE timers SET kind = 'due' WHERE subject = 'task/0'"));
	await eventually(() => expect(tried("1 = 1")).toEqual([]), { within: 30_000 });
}

/** An order that is picked, packed and shipped by people, each of whom says so. */
export const byHand: Branch = {
	name: "by-hand",
	ends: [{ status: "SHIPPED" }],
	async then(driver, { id }) {
		for (const kind of ["pick", "pack", "ship"]) {
			const path = `/tasks?about=order/${id}&kind=${kind}`;
			const { items } = await driver.client.until<{ items: { id: number }[] }>(
				{ operation: "tasks.list", path, as: STAFF },
				list => list.items.length === 1
			);
			await driver.staff("tasks.complete", "POST", `/tasks/${items[0]!.id}/complete`);
		}
	}
};
