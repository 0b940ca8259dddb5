import { serve, service } from "../../broker/service.ts";
import { inbox, type InboxService } from "../../mixins/inbox.mixin.ts";
import { outbox } from "../../mixins/outbox.mixin.ts";
import { store } from "../../mixins/store.mixin.ts";
import { cancel } from "./actions/cancel.ts";
import { check } from "./actions/check.ts";
import { create } from "./actions/create.ts";
import { get } from "./actions/get.ts";
import { listOfUser } from "./actions/list-of-user.ts";
import { deliver, dispatch } from "./actions/move-on.ts";
import { onOrderCancelled } from "./events/order-cancelled.ts";
import { onOrderConfirmed } from "./events/order-confirmed.ts";
import { onOrderLost } from "./events/order-lost.ts";
import { onPaymentAuthorized } from "./events/payment-authorized.ts";
import { onTaskCompleted } from "./events/task-completed.ts";
import { onUserDeleted } from "./events/user-deleted.ts";
import { shipping } from "./shipping.contract.ts";

export type ShippingService = InboxService;

export default service<ShippingService>({
	name: "shipping",
	mixins: [
		store(),
		outbox(),
		inbox({
			"payment.authorized": onPaymentAuthorized,
			"inventory.commit_failed": onOrderLost,
			"payment.capture_failed": onOrderLost,
			"order.confirmed": onOrderConfirmed,
			"order.cancelled": onOrderCancelled,
			"user.deleted": onUserDeleted,
			"task.completed": onTaskCompleted
		})
	],
	actions: serve(shipping, { get, listOfUser, dispatch, deliver, check, create, cancel })
});
