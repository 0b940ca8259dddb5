import type { Browser, Page } from "playwright-core";
import { inject } from "../chaos/poison.ts";
import { order, town, type Town } from "../e2e/support.ts";
import { eventually } from "../support/eventually.ts";
import { barriers, openBrowser, openWindow, type Window } from "./browser.ts";

let it_: Town;
let browser: Browser;
let shown: Window;
let page: Page;
beforeAll(async () => {
	// The limit holds as it does for everybody: the page has to live within it.
	it_ = await town({ RATE_LIMIT: "on" });
	browser = await openBrowser();
	shown = await openWindow(browser, it_.souk.url, "light");
	({ page } = shown);
});
afterAll(async () => {
	await browser?.close();
	await it_.souk.close();
});

const main = () => page.getByRole("main");
const visit = (view: string) => page.getByRole("navigation").getByRole("link", { name: view, exact: true }).click();
const title = (name: string) => page.getByRole("heading", { level: 1, name, exact: true }).waitFor();
async function signIn(name: string): Promise<void> {
	await page.getByLabel("E-mail").fill(`${name}@souk.test`);
	await page.getByLabel("Password").fill("souk-demo");
	await page.keyboard.press("Enter");
}
/** What a table says, row by row: the text of one of its columns. */
const column = (place: number) => main().locator(`tbody tr > :nth-child(${place})`).allInnerTexts();
/** The steps and events of a flow: how deep each stands, and what it is. */
async function flow(): Promise<[depth: number, name: string][]> {
	const rows = main().locator("table.flow tbody tr:is(.step, .happened)");
	const depths = await rows.evaluateAll(all => all.map(row => Number(row.getAttribute("data-depth"))));
	const names = await rows.locator("strong").allInnerTexts();
	return names.map((name, index) => [depths[index]!, name]);
}
/** Where a row stands below another: further down and deeper. */
function isBeneath(rows: [number, string][], below: string, above: string): boolean {
	const names = rows.map(([, name]) => name);
	const [from, to] = [names.indexOf(above), names.indexOf(below)];
	return from >= 0 && to > from && rows.slice(from + 1, to + 1).every(([depth]) => depth > rows[from]![0]);
}

describe("the console", () => {
	it("lets nobody in but administrators, and says so", async () => {
		await page.goto("/console");
		await title("Sign in");
		expect(await barriers(page)).toEqual([]);
		await signIn("staff");
		await page.getByRole("alert").filter({ hasText: "no administrator" }).waitFor();
		await signIn("nobody");
		await page.getByRole("alert").filter({ hasNotText: "no administrator" }).filter({ hasText: /\w/ }).waitFor();
		await signIn("admin");
		await title("Events");
	});

	// checklist: 167, 209
	it("shows events as they happen, by topic, type and subject, and holds still when it is asked to", async () => {
		await page.getByRole("status").filter({ hasText: "live" }).waitFor();
		const placed = await order(it_, {});
		const declined = await order(it_, { payment: { token: "tok_declined" } });
		for (const [{ id }, last] of [
			[placed, "order.confirmed"],
			[declined, "order.cancelled"]
		] as const)
			await main()
				.getByRole("row")
				.filter({ hasText: last })
				.filter({ hasText: `order/${id}` })
				.waitFor();
		expect(await barriers(page)).toEqual([]);

		await page.getByLabel("Topic").selectOption("payment.events");
		await page.getByLabel("Subject").fill(`order/${placed.id}`);
		await eventually(async () => expect(await column(2)).toEqual(["payment.captured", "payment.authorized"]));
		expect(page.url()).toContain("topic=payment.events");
		await page.reload();
		await eventually(async () => expect(await column(2)).toEqual(["payment.captured", "payment.authorized"]));

		await page.goto("/console#/events?type=order.confirmed");
		await main().getByRole("row").nth(1).waitFor();
		await page.getByRole("button", { name: "Pause" }).press("Enter");
		await page.getByRole("status").filter({ hasText: "paused, 0 new" }).waitFor();
		const { length } = await column(2);
		const next = await order(it_, {});
		await page
			.getByRole("status")
			.filter({ hasText: /paused, [1-9]\d* new/ })
			.waitFor();
		expect(await column(2)).toHaveLength(length);
		await page.getByRole("button", { name: "Pause" }).press("Enter");
		await main()
			.getByRole("cell", { name: `order/${next.id}` })
			.waitFor();
	});

	// checklist: 234
	it("leads from an event to all that its request led to, each beneath what led to it", async () => {
		const { id } = await order(it_, { flow: "choreographed" });
		await page.goto(`/console#/events?type=order.created&subject=order/${id}`);
		await main().getByRole("link", { name: "order.created" }).click();
		await eventually(async () => {
			const rows = await flow();
			const chain = ["order.created", "inventory.reserved", "payment.authorized", "shipment.created"];
			for (const [index, above] of [...chain, "payment.captured"].entries())
				for (const below of [...chain, "payment.captured", "order.confirmed"].slice(index + 1))
					expect([below, above, isBeneath(rows, below, above)]).toEqual([below, above, true]);
		});
		expect(await barriers(page)).toEqual([]);
	});

	it("shows an order's saga by the order's number, and what was taken back where it failed", async () => {
		const { id } = await order(it_, { flow: "orchestrated" });
		const declined = await order(it_, { flow: "orchestrated", payment: { token: "tok_declined" } });
		await visit("Flow");
		await title("Flow");
		await page.getByLabel("Order number, request id or trace id").fill(String(id));
		// The page is drawn anew whenever something happens: what was typed stays.
		await page.evaluate(`new Promise(drawn => {
			addEventListener("hashchange", () => requestAnimationFrame(() => requestAnimationFrame(drawn)), { once: true });
			location.hash = "#/flow?again";
		})`);
		await page.getByRole("button", { name: "Show" }).click();
		await title(`Flow of order ${id}`);
		const steps = [
			["inventory.reserve", "inventory.reserved"],
			["payments.authorize", "payment.authorized"],
			["shipping.create", "shipment.created"],
			["inventory.commit", "inventory.committed"],
			["payments.capture", "payment.captured"]
		] as const;
		await eventually(async () => {
			const rows = await flow();
			for (const [step, event] of steps) expect([event, isBeneath(rows, event, step)]).toEqual([event, true]);
			const names = rows.map(([, name]) => name);
			expect(names.filter(name => steps.some(([, event]) => event === name))).toEqual(steps.map(([, event]) => event));
		});
		expect(await main().locator("tr.failed, tr.undoes").count()).toBe(0);

		await page.goto(`/console#/flow/${declined.id}`);
		await title(`Flow of order ${declined.id}`);
		await eventually(async () => {
			const rows = await flow();
			expect(isBeneath(rows, "inventory.released", "inventory.release")).toBe(true);
			expect(await main().locator("tr.failed strong").allInnerTexts()).toContain("payments.authorize");
			expect(await main().locator("tr.undoes strong").allInnerTexts()).toEqual(
				expect.arrayContaining(["payments.void", "inventory.release", "inventory.released"])
			);
		});
		await main().getByText("PAYMENT_DECLINED").first().waitFor();
		expect(await barriers(page)).toEqual([]);
		await page.goto("/console#/flow/no-such-request");
		await page.getByRole("alert").filter({ hasText: "Nothing is known of no-such-request" }).waitFor();
	});

	// checklist: 117, 235
	it("finds a request that was slow, and draws what it was slow with: each time within that of what it was done for", async () => {
		const { id } = await order(it_, { payment: { token: "tok_slow" } });
		await page.goto("/console#/flow");
		await eventually(async () => {
			await page.getByLabel("Name").fill("orders");
			await page.getByLabel("Slower than").fill("1500");
			await page.getByRole("button", { name: "List" }).click();
			await main().getByRole("link", { name: "POST /api/v1/orders" }).first().click({ timeout: 1_000 });
		});
		await main()
			.getByRole("link", { name: String(id), exact: true })
			.waitFor();
		const row = (kind: string, name: string) =>
			main()
				.locator(`tr.${kind}`)
				.filter({ has: page.locator("strong", { hasText: name }) })
				.first();
		const drawn = async (kind: string, name: string) => (await row(kind, name).locator(".bar").boundingBox())!;
		await row("call", "payments.authorize").waitFor();
		const whole = await drawn("http", "POST /api/v1/orders");
		const placed = await drawn("call", "orders.place");
		for (const [inner, outer] of [
			[placed, whole],
			[await drawn("call", "products.resolve"), placed],
			[await drawn("call", "users.contact"), placed],
			[await drawn("unit", "orders.place"), placed],
			[await drawn("call", "payments.authorize"), await drawn("step", "payments.authorize")]
		] as const) {
			// A bar is two pixels wide at least, however short the time.
			expect(inner.x).toBeGreaterThanOrEqual(outer.x - 1);
			expect(inner.x + inner.width).toBeLessThanOrEqual(outer.x + outer.width + 3);
		}
		// The provider took its time, and that is what the request waited for.
		expect((await drawn("step", "payments.authorize")).width).toBeGreaterThan(whole.width / 2);
		expect(await row("call", "orders.place").locator("td.number").last().innerText()).toMatch(/ms$/);
		expect(await barriers(page)).toEqual([]);

		await page.getByRole("link", { name: "Leave out what went on inside the services" }).click();
		await row("call", "orders.place").waitFor({ state: "detached" });
		await row("step", "payments.authorize").waitFor();
	});

	it("names every service with its processes, and says which are up", async () => {
		await visit("Services");
		await title("Services");
		await main()
			.getByRole("row", { name: /^orders up/ })
			.waitFor();
		await page
			.getByRole("status")
			.filter({ hasText: /^healthy$/ })
			.waitFor();
		expect(await barriers(page)).toEqual([]);
	});

	it("shows dead letters, and what a person decides of them", async () => {
		const spoilt = `poison/<img src="/no-such-image" onerror="document.title='broken in'">`;
		inject(it_, "inventory.stocked", spoilt, { importId: 999_999 });
		inject(it_, "inventory.stocked", spoilt, { nonsense: true });
		await page.goto(`/console#/events?type=inventory.stocked`);
		await main().getByRole("cell", { name: spoilt }).waitFor();
		await visit("Dead letters");
		await title("Dead letters");
		// Two services hear of it: the catalogue, and the audit log.
		await eventually(async () => {
			await page.getByRole("button", { name: "Refresh" }).click();
			await main().getByRole("row").filter({ hasText: spoilt }).nth(1).waitFor({ timeout: 500 });
		});
		expect(await barriers(page)).toEqual([]);
		page.once("dialog", dialog => void dialog.accept());
		await page.getByRole("button", { name: "Retry products-1" }).click();
		await page.getByRole("alert").filter({ hasText: "could still not be handled" }).waitFor();
		page.once("dialog", dialog => void dialog.dismiss());
		await page.getByRole("button", { name: "Discard products-1" }).click();
		page.once("dialog", dialog => void dialog.accept());
		await page.getByRole("button", { name: "Discard products-1" }).click();
		await page.getByRole("button", { name: "Discard products-1" }).waitFor({ state: "detached" });
		await page.getByLabel("Status").selectOption("DISCARDED");
		await main()
			.getByRole("row", { name: /^products-1 .* DISCARDED/ })
			.waitFor();
		expect(await page.title()).toBe("Dead letters · Souk console");
	});

	it("is as legible in the dark", async () => {
		await page.emulateMedia({ colorScheme: "dark" });
		for (const [view, name] of [
			["events", "Events"],
			["services", "Services"],
			["flow/1", "Flow of order 1"]
		] as const) {
			await page.goto(`/console#/${view}`);
			await title(name);
			await main().getByRole("row").nth(1).waitFor();
			expect([view, await barriers(page)]).toEqual([view, []]);
		}
	});

	it("asks to sign in again when the token is no good any more, and goes on where it was", async () => {
		await page.evaluate('sessionStorage.setItem("souk.console", `{"accessToken":"a.b.c","refreshToken":"no"}`)');
		await page.goto("/console#/services");
		await page.reload();
		await title("Sign in");
		await signIn("admin");
		await title("Services");
		await page.getByRole("button", { name: "Sign out" }).click();
		await title("Sign in");
	});

	it("asked nobody but its own server all the while, and nothing went wrong that was not meant to", () => {
		expect(shown.strangers).toEqual([]);
		const meant = /status of (400|401|409)/;
		expect(shown.mishaps.filter(mishap => !meant.test(mishap))).toEqual([]);
	});
});
