import { z } from "zod";
import { ValidationFailed } from "../../../broker/errors.ts";
import { validate } from "../../../broker/middlewares/contract.middleware.ts";
import type { Handler } from "../../../broker/service.ts";
import { SignatureInvalid } from "../payments.errors.ts";
import type { PaymentsService } from "../payments.service.ts";
import { receive } from "../notices.store.ts";
import { isSigned } from "../signature.ts";

/** What we read of a webhook; a provider may say more. */
const Notice = z.object({
	id: z.string().min(1).max(200),
	type: z.string().min(1).max(200),
	key: z.string().min(1).max(200)
});

export const webhook: Handler<"payments.webhook", PaymentsService> = async function (ctx) {
	const { raw, signature } = ctx.params;
	if (!isSigned(this.webhookSecret, raw, signature)) throw new SignatureInvalid();
	const notice = validate(Notice, parsed(raw));
	await this.store.transact(ctx, async unit => {
		if (await receive(unit, notice)) unit.afterCommit(() => this.follower.wake());
	});
	return { received: true };
};

function parsed(raw: string): unknown {
	try {
		return JSON.parse(raw);
	} catch {
		throw new ValidationFailed([{ detail: "is not JSON" }]);
	}
}
