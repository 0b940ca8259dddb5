import { serve, service } from "../../broker/service.ts";
import stock from "../../data/seeds/inventory.json" with { type: "json" };
import { inbox, type InboxService } from "../../mixins/inbox.mixin.ts";
import { outbox } from "../../mixins/outbox.mixin.ts";
import { store } from "../../mixins/store.mixin.ts";
import { adjust } from "./actions/adjust.ts";
import { commit } from "./actions/commit.ts";
import { get } from "./actions/get.ts";
import { movements } from "./actions/movements.ts";
import { release } from "./actions/release.ts";
import { reserve } from "./actions/reserve.ts";
import { set } from "./actions/set.ts";
import { takeBack } from "./actions/take-back.ts";
import { onOrderCreated } from "./events/order-created.ts";
import { onPaymentUndone } from "./events/payment-undone.ts";
import { onProductImported } from "./events/product-imported.ts";
import { onShipmentCreated } from "./events/shipment-created.ts";
import { inventory } from "./inventory.contract.ts";
import { expiry, type ExpiringService } from "./inventory.expiry.ts";
import { model, plant } from "./inventory.store.ts";

export type InventoryService = InboxService & ExpiringService;

export default service<InventoryService>({
	name: "inventory",
	mixins: [
		store<InventoryService>({
			model,
			seed: async () => async unit => {
				for (const [productId, onHand] of Object.entries(stock)) plant(unit, Number(productId), onHand);
			}
		}),
		outbox(),
		inbox({
			"order.created": onOrderCreated,
			"order.released": onOrderCreated,
			"shipment.created": onShipmentCreated,
			"payment.failed": onPaymentUndone,
			"payment.voided": onPaymentUndone,
			"product.imported": onProductImported
		}),
		expiry()
	],
	actions: serve(inventory, { get, set, adjust, movements, reserve, commit, release, takeBack })
});
