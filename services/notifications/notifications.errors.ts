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

/** The user has no address for the channel, or does not wish to be written to there. */
export class RecipientUnreachable extends Refusal {
	constructor(userId: number, channel: string) {
		const detail = `User ${userId} is not reached by ${channel}, or has stopped such messages`;
		super(detail, 422, "RECIPIENT_UNREACHABLE", { errors: [{ pointer: "/channel", detail }] });
	}
}

/** The link in a message is not one of ours, or not whole. */
export class UnsubscribeLinkInvalid extends Refusal {
	constructor() {
		super("This link is not one of ours; it may have been cut", 404, "UNSUBSCRIBE_LINK_INVALID");
	}
}
