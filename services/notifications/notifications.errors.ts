import { Refusal } from "../../broker/errors.ts";

export class NotificationNotFound extends Refusal {
	constructor(id: number) {
		super(`There is no notification ${id}`, 404, "NOTIFICATION_NOT_FOUND", { id });
	}
}

/** The message is for a user who does not exist. */
export class RecipientNotFound extends Refusal {
	constructor(userId: number) {
		super(`There is no user ${userId} to write to`, 422, "RECIPIENT_NOT_FOUND", {
			errors: [{ pointer: "/userId", detail: `There is no user ${userId}` }]
		});
	}
}
