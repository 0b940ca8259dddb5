// What the page uses of `htm/preact/standalone`, which is served as /console/preact.mjs and brings no types of its own.

/** Something to be shown: text is only ever shown as text. */
export type View = object | string | number | null | undefined | false | View[];

export function html(strings: TemplateStringsArray, ...values: unknown[]): View;
export function render(view: View, parent: Element): void;
export function useState<State>(
	initial: State | (() => State)
): [State, (next: State | ((now: State) => State)) => void];
export function useEffect(effect: () => void | (() => void), inputs?: readonly unknown[]): void;
export function useRef<Value>(initial: Value): { current: Value };
