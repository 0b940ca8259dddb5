import type { EventHandler } from "../../../broker/service.ts";
import { changed, isOpen, peopleOf } from "../task.ts";
import { save, takeAway } from "../tasks.changes.ts";
import type { TasksService } from "../tasks.service.ts";
import { ofUser } from "../tasks.store.ts";

/** A user's account was removed: a customer's own tasks go with it, and what the user had to do is for others to do. */
export const onUserDeleted: EventHandler<"user.deleted", TasksService> = async function (event, ctx) {
	const { userId, roles } = event.data;
	const own = roles.every(role => role === "customer");
	await ctx.once(async unit => {
		for (const task of await ofUser(unit, userId)) {
			if (own && task.createdBy === userId && peopleOf(task).every(id => id === userId))
				await takeAway(this, unit, task);
			else if (task.assigneeId === userId && isOpen(task))
				await save(this, unit, task, changed(task, { assigneeId: null }, unit.now)!, "updated");
		}
	});
};
