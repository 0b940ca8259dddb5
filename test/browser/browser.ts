import { execFileSync } from "node:child_process";
import { source as axe } from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";

const FLAGS = [
	"--no-sandbox",
	"--disable-gpu",
	"--disable-quic",
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync"
];

/** A browser's window on one server: whatever it asks of any other is refused, and noted. */
export interface Window {
	page: Page;
	/** The addresses elsewhere that were asked for. */
	strangers: string[];
	/** What scripts threw, and what the page's policy forbade. */
	mishaps: string[];
	close(): Promise<void>;
}

/** The browser that is installed, without a screen. */
export const openBrowser = (): Promise<Browser> =>
	chromium.launch({ executablePath: execFileSync("which", ["chromium"], { encoding: "utf8" }).trim(), args: FLAGS });

/** Opens a window, in the colours that a person prefers. */
export async function openWindow(browser: Browser, origin: string, colorScheme: "light" | "dark"): Promise<Window> {
	const context = await browser.newContext({ colorScheme, baseURL: origin });
	const [strangers, mishaps]: string[][] = [[], []];
	await context.route(
		url => url.origin !== origin,
		route => {
			strangers!.push(route.request().url());
			return route.abort();
		}
	);
	const page = await context.newPage();
	page.on("pageerror", ({ message }) => mishaps!.push(message));
	page.on("console", message => {
		// That there is nothing at an address is an answer; the browser says it all the same.
		if (message.type() === "error" && !message.text().includes("404")) mishaps!.push(message.text());
	});
	page.setDefaultTimeout(20_000);
	return { page, strangers: strangers!, mishaps: mishaps!, close: () => context.close() };
}

/** What keeps a person from using the page as it is now, each rule with the elements that break it. */
export async function barriers(page: Page): Promise<string[]> {
	await page.evaluate(axe);
	// As text: specs know no `window`.
	const { violations } = await page.evaluate<{ violations: { id: string; nodes: { html: string }[] }[] }>("axe.run()");
	return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}
