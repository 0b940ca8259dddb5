import { users } from "../../services/users/users.contract.ts";
import tasksService, { type TasksService } from "../../services/tasks/tasks.service.ts";
import { UserNotFound } from "../../services/users/users.errors.ts";
import { eventually } from "./eventually.ts";
import { as, node, stub, type TestNode } from "./node.ts";

/** Users 1 to 9 are there. */
const people = stub(users, {
	contact: ({ id }: { id: number }) => {
		if (id > 9) throw new UserNotFound(id);
		return { id, name: `User ${id}`, email: `user${id}@souk.test`, language: "en" };
	}
});

/** A process with the tasks service, and with users as their contract has them. */
export const board = (options?: Parameters<typeof node>[1]): Promise<TestNode> => node([tasksService, people], options);

export const tasksOf = (here: TestNode): TasksService =>
	here.broker.getLocalService("tasks") as unknown as TasksService;

/** Users 1 and 2 are customers, 3 is of the staff. */
export const user = (here: TestNode, userId: number, headers?: Record<string, string>) =>
	as(here, { userId, roles: userId === 3 ? ["staff"] : ["customer"] }, headers);

/** What was said of tasks and categories, in order, when all of it is delivered. */
export async function told(here: TestNode): Promise<string[]> {
	await eventually(async () => expect(await tasksOf(here).relay.backlog()).toBe(0));
	const own = here.heard.filter(({ type }) => /^(task|category)\./.test(type));
	return own.map(({ type, subject, sequence }) => `${type} ${subject} v${sequence}`);
}
