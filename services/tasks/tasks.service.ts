import { serve, service } from "../../broker/service.ts";
import { inbox, type InboxService } from "../../mixins/inbox.mixin.ts";
import { outbox } from "../../mixins/outbox.mixin.ts";
import { store } from "../../mixins/store.mixin.ts";
import { timers, type TimersService } from "../../mixins/timers.mixin.ts";
import { createCategory, listCategories, removeCategory, updateCategory } from "./actions/categories.ts";
import { complete } from "./actions/complete.ts";
import { create } from "./actions/create.ts";
import { get } from "./actions/get.ts";
import { list, listOfUser } from "./actions/list.ts";
import { remove } from "./actions/remove.ts";
import { update } from "./actions/update.ts";
import { onOrderConfirmed } from "./events/order-confirmed.ts";
import { onOrderEnded } from "./events/order-ended.ts";
import { onReturnRefused } from "./events/return-refused.ts";
import { onReturnRequested } from "./events/return-requested.ts";
import { onOrderHeld } from "./events/order-held.ts";
import { onOrderReleased } from "./events/order-released.ts";
import { onUserDeleted } from "./events/user-deleted.ts";
import { tasks } from "./tasks.contract.ts";
import { onDue, onEscalation } from "./tasks.timers.ts";

export type TasksService = InboxService & TimersService;

export default service<TasksService>({
	name: "tasks",
	mixins: [
		store(),
		outbox(),
		inbox({
			"order.held": onOrderHeld,
			"order.released": onOrderReleased,
			"order.confirmed": onOrderConfirmed,
			"order.shipped": onOrderEnded,
			"order.cancelled": onOrderEnded,
			"return.requested": onReturnRequested,
			"return.refused": onReturnRefused,
			"user.deleted": onUserDeleted
		}),
		timers({ due: onDue, escalation: onEscalation })
	],
	actions: serve(tasks, {
		list,
		listOfUser,
		get,
		create,
		update,
		complete,
		remove,
		listCategories,
		createCategory,
		updateCategory,
		removeCategory
	})
});
