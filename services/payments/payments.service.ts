import type { ServiceSchema } from "moleculer";
import { storeUrlOf } from "../../broker/env.ts";
import { keptSecret, keyFile } from "../../broker/key-files.ts";
import { runtimeOf } from "../../broker/runtime.ts";
import { serve, service } from "../../broker/service.ts";
import { inbox, type InboxService } from "../../mixins/inbox.mixin.ts";
import { outbox } from "../../mixins/outbox.mixin.ts";
import { store } from "../../mixins/store.mixin.ts";
import { authorize } from "./actions/authorize.ts";
import { capture } from "./actions/capture.ts";
import { get } from "./actions/get.ts";
import { listOfUser } from "./actions/list-of-user.ts";
import { refund } from "./actions/refund.ts";
import { refundOrder } from "./actions/refund-order.ts";
import { refundPart } from "./actions/refund-part.ts";
import { voidPayment } from "./actions/void.ts";
import { webhook } from "./actions/webhook.ts";
import type { Difference } from "./books.ts";
import { onInventoryCommitted } from "./events/inventory-committed.ts";
import { onInventoryReserved } from "./events/inventory-reserved.ts";
import { onShipmentGone } from "./events/shipment-gone.ts";
import { onUserDeleted } from "./events/user-deleted.ts";
import { payments } from "./payments.contract.ts";
import { postTo } from "./providers/post-to.ts";
import type { Provider, ProviderSettings } from "./providers/provider.ts";
import { SimulatedProvider } from "./providers/simulated.ts";
import { Follower } from "./reconciliation/follower.ts";
import { reconcile } from "./reconciliation/reconcile.ts";

export type PaymentsService = InboxService & {
	provider: Provider;
	webhookSecret: string;
	follower: Follower;
	/** Where the provider's books differ from ours: nowhere, once nothing is under way. */
	reconcile(): Promise<Difference[]>;
};

/** The service, on the provider that `open` opens. */
export const paymentsOn = (open: (settings: ProviderSettings) => Promise<Provider>): ServiceSchema =>
	service<PaymentsService>({
		name: "payments",
		mixins: [
			store(),
			outbox(),
			inbox({
				"inventory.reserved": onInventoryReserved,
				"inventory.committed": onInventoryCommitted,
				"shipment.failed": onShipmentGone,
				"shipment.cancelled": onShipmentGone,
				"user.deleted": onUserDeleted
			})
		],
		actions: serve(payments, {
			get,
			listOfUser,
			refund,
			webhook,
			authorize,
			capture,
			void: voidPayment,
			refundOrder,
			refundPart
		}),
		methods: {
			reconcile() {
				return reconcile(this.store, this.provider);
			}
		},
		async started() {
			const { env, ready, quieting } = runtimeOf(this.broker);
			this.webhookSecret = env.WEBHOOK_SECRET ?? keptSecret(keyFile(env.DATA_DIR, "webhook.key"));
			this.provider = await open({
				dataDir: env.DATA_DIR,
				databaseUrl: storeUrlOf(env, "provider"),
				secret: this.webhookSecret,
				notify: postTo(`http://127.0.0.1:${env.PORT}/api/v1/webhooks/payments`),
				slowMs: env.PROVIDER_SLOW_MS,
				logger: this.logger
			});
			this.follower = new Follower(this);
			ready.push(() => this.follower.start());
			quieting.push(() => this.follower.stop());
		},
		async stopped() {
			await this.provider?.close();
		}
	});

export default paymentsOn(settings => SimulatedProvider.open(settings));
