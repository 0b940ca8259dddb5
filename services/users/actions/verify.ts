import { codeOf } from "../../../broker/errors.ts";
import type { Handler } from "../../../broker/service.ts";
import { verifyAccessToken } from "../../../broker/tokens.ts";
import type { UsersService } from "../users.service.ts";

/** Tells what every service can tell by itself from the public keys; no account is looked up. */
export const verify: Handler<"users.verify", UsersService> = async function (ctx) {
	try {
		const { userId, roles } = await verifyAccessToken(ctx.params.token, this.keys.find);
		return { valid: true, userId, roles: [...roles] };
	} catch (error) {
		if (codeOf(error) === "INVALID_TOKEN") return { valid: false };
		throw error;
	}
};
