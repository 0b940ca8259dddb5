import { serve, service } from "../../broker/service.ts";
import { inbox, type InboxService } from "../../mixins/inbox.mixin.ts";
import { outbox } from "../../mixins/outbox.mixin.ts";
import { sagas as runsSagas, type SagaService } from "../../mixins/saga.mixin.ts";
import { store } from "../../mixins/store.mixin.ts";
import { timers, type TimersService } from "../../mixins/timers.mixin.ts";
import { cancel } from "./actions/cancel.ts";
import { cancelReturn } from "./actions/cancel-return.ts";
import { changeAddress } from "./actions/change-address.ts";
import { get } from "./actions/get.ts";
import { history } from "./actions/history.ts";
import { list, listOfUser } from "./actions/list.ts";
import { outcome } from "./actions/outcome.ts";
import { place } from "./actions/place.ts";
import { release } from "./actions/release.ts";
import { requestReturn } from "./actions/request-return.ts";
import { getReturn, listReturns, listReturnsOfOrder, listReturnsOfUser } from "./actions/returns.ts";
import { retrySaga, saga, sagas } from "./actions/sagas.ts";
import { stream } from "./actions/stream.ts";
import { onPaymentCaptured, onProgress, onReleased, onReservationFailed } from "./events/chain.ts";
import { onHoldExpired } from "./events/hold-expired.ts";
import { onShipmentDelivered, onShipmentDispatched } from "./events/shipment.ts";
import { onTaskCompleted, onTaskDropped } from "./events/task.ts";
import { onUserDeleted } from "./events/user-deleted.ts";
import { orders } from "./orders.contract.ts";
import { model } from "./orders.store.ts";
import { cancelOrder } from "./sagas/cancel-order.saga.ts";
import { placeOrder } from "./sagas/place-order.saga.ts";
import { takeBack } from "./sagas/take-back.saga.ts";
import { Waiters } from "./orders.waiting.ts";

export type OrdersService = InboxService & SagaService & TimersService & { waiters: Waiters };

export default service<OrdersService>({
	name: "orders",
	mixins: [
		store<OrdersService>({ model }),
		outbox(),
		runsSagas(placeOrder, cancelOrder, takeBack),
		inbox({
			"inventory.reserved": onProgress,
			"inventory.reservation_failed": onReservationFailed,
			"inventory.committed": onProgress,
			"inventory.commit_failed": onProgress,
			"inventory.released": onReleased,
			"payment.authorized": onProgress,
			"payment.failed": onProgress,
			"payment.captured": onPaymentCaptured,
			"payment.capture_failed": onProgress,
			"payment.voided": onProgress,
			"shipment.created": onProgress,
			"shipment.failed": onProgress,
			"shipment.cancelled": onProgress,
			"shipment.dispatched": onShipmentDispatched,
			"shipment.delivered": onShipmentDelivered,
			"task.completed": onTaskCompleted,
			"task.updated": onTaskDropped,
			"task.deleted": onTaskDropped,
			"user.deleted": onUserDeleted
		}),
		timers({ hold: onHoldExpired })
	],
	actions: serve(orders, {
		place,
		get,
		outcome,
		list,
		listOfUser,
		history,
		stream,
		cancel,
		changeAddress,
		release,
		sagas,
		saga,
		retrySaga,
		requestReturn,
		cancelReturn,
		getReturn,
		listReturns,
		listReturnsOfOrder,
		listReturnsOfUser
	}),
	created() {
		this.waiters = new Waiters();
	}
});
