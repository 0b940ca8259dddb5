import type { Task } from "./tasks.contract.ts";

export type Kind = NonNullable<Task["kind"]>;

/** One thing that people do for an order, and in how much time once it can be begun. */
export interface Step {
	kind: Kind;
	withinSeconds?: number | undefined;
}

/** What people do for an order that was confirmed, one after the other. */
export type Plan = readonly Step[];

/** A plan as settings write it: `pick:3600,ship`. */
export const planOf = (list: string): Plan =>
	list
		.split(",")
		.filter(Boolean)
		.map(step => {
			const [kind, seconds] = step.split(":");
			return { kind: kind as Kind, withinSeconds: seconds === undefined ? undefined : Number(seconds) };
		});

const TITLES: Record<Kind, string> = { pick: "Pick", pack: "Pack", ship: "Ship", inspect: "Inspect", review: "Review" };

/** What a step's task says, for what it is about. */
export const titleOf = (kind: Kind, about: string): string => `${TITLES[kind]} ${about.replace("/", " ")}`;

/** What an order's tasks are about. */
export const aboutOrder = (orderId: number): string => `order/${orderId}`;

/** The step that follows when a task is done; undefined when it belongs to no plan, or was the last of it. */
export function following(plan: Plan, { kind, about }: Pick<Task, "kind" | "about">): Step | undefined {
	const at = about?.startsWith("order/") ? plan.findIndex(step => step.kind === kind) : -1;
	return at < 0 ? undefined : plan[at + 1];
}

/** When a step must be done that can be begun now. */
export const dueOf = ({ withinSeconds }: Step, now: string): string | undefined =>
	withinSeconds === undefined ? undefined : new Date(Date.parse(now) + withinSeconds * 1_000).toISOString();
