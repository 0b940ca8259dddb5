import type { Unit } from "./store.ts";

/** Notes that a user's account was removed: what names them goes as soon as nobody needs it any more. */
export async function noteErased(unit: Unit, userId: number): Promise<void> {
	await unit.run("INSERT INTO erased_users (user_id, erased_at) VALUES (?, ?) ON CONFLICT (user_id) DO NOTHING", [
		userId,
		unit.now
	]);
}

/** Whether a user's account was removed. To be asked in the unit that ends the need for what names them. */
export const isErased = async (unit: Unit, userId: number): Promise<boolean> =>
	(await unit.get("SELECT user_id FROM erased_users WHERE user_id = ?", [userId])) !== undefined;
