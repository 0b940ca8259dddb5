import type { Handler } from "../../../broker/service.ts";
import type { UsersService } from "../users.service.ts";

/** The public halves of the keys, and nothing else of them. */
export const jwks: Handler<"users.jwks", UsersService> = function () {
	return Promise.resolve({ keys: this.keys.published });
};
