import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { eventually } from "../support/eventually.ts";
import { order, town, type Town } from "./support.ts";

interface User {
	userId: number;
	fullName: string;
	emailAddress: string;
}
interface Listed {
	items: { id: number; name: string }[];
}

let it_: Town;
beforeAll(async () => {
	it_ = await town();
});
afterAll(() => it_.souk.close());

/** What answers at an address that has no version. */
const old = async <Body>(path: string, init: RequestInit = {}) => {
	const response = await fetch(it_.souk.url + path, init);
	return { status: response.status, body: (await response.json()) as Body };
};
const bearer = (token: string) => ({ authorization: `Bearer ${token}`, "content-type": "application/json" });

describe("accounts over HTTP", () => {
	// checklist: 32, 34-36, 47
	it("are created, read, listed, changed and removed under /api/v1/users", async () => {
		const { client, admin, staff } = it_;
		const post = () => client.ask<User>("/users", { method: "POST", token: admin, body: account });
		const account = { name: "Rae", email: "rae@souk.test", password: "long enough" };
		const made = await post();
		const { userId } = made.body;
		expect(made.status).toBe(201);
		expect(made.headers.get("location")).toBe(`/api/v1/users/${userId}`);
		const twice = await post();
		expect([twice.status, (twice.body as { code?: string }).code]).toEqual([409, "EMAIL_TAKEN"]);

		const path = `/users/${userId}`;
		const put = await client.ask(path, { method: "PUT", token: admin, body: { name: "Rae Two" } });
		expect([put.status, put.body.fullName]).toEqual([200, "Rae Two"]);
		const shown = { userId, fullName: "Rae Two", emailAddress: "rae@souk.test" };
		expect((await client.ask(path, { token: staff })).body).toEqual(shown);
		const list = await client.ask<{ items: User[] }>("/users?search=rae", { token: staff });
		expect([list.status, list.body.items]).toEqual([200, [shown]]);

		const removed = await client.ask(path, { method: "DELETE", token: admin });
		expect([removed.status, removed.body]).toEqual([204, {}]);
		expect((await client.ask(path, { token: staff })).status).toBe(404);
	});

	// checklist: 129, 169-173
	it("are found where earlier systems had them", async () => {
		const { items } = (await old<Listed>("/users?limit=2", { headers: bearer(it_.staff) })).body;
		expect(items.map(({ id, name }) => [id, name])).toEqual([
			[1, "Alice"],
			[2, "Bob"]
		]);
		const body = JSON.stringify({ name: "Sam", email: "sam@souk.test", password: "long enough" });
		const made = await old<{ id: number }>("/users", { method: "POST", headers: bearer(it_.admin), body });
		expect(made).toMatchObject({ status: 201, body: { name: "Sam", email: "sam@souk.test" } });
		const path = `/users/${made.body.id}`;
		const change = { method: "PUT", headers: bearer(it_.admin), body: JSON.stringify({ name: "Sam Two" }) };
		expect(await old(path, change)).toMatchObject({ status: 200, body: { id: made.body.id, name: "Sam Two" } });
		expect(await old(path, { headers: bearer(it_.staff) })).toMatchObject({ status: 200, body: { name: "Sam Two" } });
		const verify = (token: string) =>
			old("/auth/verify", {
				method: "POST",
				headers: { "content-type": "application/json" },
				body: JSON.stringify({ token })
			});
		expect((await verify(it_.alice)).body).toEqual({ valid: true, userId: 1, roles: ["customer"] });
		expect((await verify(`${it_.alice}x`)).body).toEqual({ valid: false });
	});
});

// checklist: 145, 146, 149
it("a user and an order come in an envelope where one earlier system wrapped them", async () => {
	const { id } = await order(it_, {});
	const wrapped = (path: string) => old(path, { headers: bearer(it_.alice) });
	expect(await wrapped("/api/users/1")).toMatchObject({ body: { service: "user-service", data: { id: 1 } } });
	expect(await wrapped(`/api/orders/${id}`)).toMatchObject({ body: { service: "order-service", data: { id } } });
});

describe("messages over HTTP", () => {
	interface Message {
		id: number;
		kind: string;
		status: string;
		sends: number;
	}

	// checklist: 186-190
	it("are written, read, sent again and removed, under /api/v1 and where an earlier system had them", async () => {
		for (const base of ["/api/v1", ""]) {
			const at = <Body>(path: string, method = "GET", body?: object) =>
				old<Body>(base + path, {
					method,
					headers: { ...bearer(it_.staff), "idempotency-key": `message-${base}-${method}` },
					...(body && { body: JSON.stringify(body) })
				});
			const made = await at<Message>("/notifications", "POST", { userId: 2, subject: "Hello", text: "It is ready." });
			expect(made).toMatchObject({ status: 201, body: { userId: 2, subject: "Hello" } });
			const path = `/notifications/${made.body.id}`;
			const sent = (sends: number) =>
				eventually(async () => expect((await at(path)).body).toMatchObject({ status: "SENT", sends }));
			await sent(1);
			const listed = await at<{ items: Message[] }>("/notifications?limit=100");
			expect(listed.body.items.map(({ id }) => id)).toContain(made.body.id);
			expect((await at(`${path}/send`, "POST")).status).toBeLessThan(300);
			await sent(2);
			const removed = await fetch(it_.souk.url + base + path, { method: "DELETE", headers: bearer(it_.staff) });
			expect(removed.status).toBe(204);
			expect((await at(path)).status).toBe(404);
		}
	});

	// checklist: 207
	it("welcome whoever registers", async () => {
		const account = { name: "New Here", email: "new@souk.test", password: "long enough" };
		const { status } = await it_.client.ask("/auth/register", { method: "POST", body: account });
		expect(status).toBe(201);
		const token = await it_.client.logIn(account.email, account.password);
		await eventually(async () => {
			const { body } = await it_.client.ask<{ items: Message[] }>("/notifications", { token });
			expect(body.items).toMatchObject([{ kind: "user.created", subject: "Welcome to Souk", status: "SENT" }]);
		});
	});
});

// checklist: 5, 130
it("products are found where earlier systems had them: Product A is 101, Product B is 102", async () => {
	const { status, body } = await old<Listed>("/products?limit=100");
	expect(status).toBe(200);
	expect(body.items.filter(({ id }) => id <= 102).map(({ id, name }) => [id, name])).toEqual([
		[101, "Product A"],
		[102, "Product B"]
	]);
});

// checklist: 24
it("users, products, orders, payments, inventory, shipping and notifications answer behind one gateway", async () => {
	const { id, paymentId, shipmentId } = await order(it_, {});
	const addresses = [
		"/users/1",
		"/products/101",
		`/orders/${id}`,
		`/payments/${paymentId}`,
		"/stock/101",
		`/shipments/${shipmentId}`,
		"/notifications"
	];
	for (const address of addresses) {
		const { status, body } = await it_.client.ask(address, { token: it_.alice });
		expect([address, status]).toEqual([address, 200]);
		expect(Object.keys(body).length).toBeGreaterThan(0);
	}
});

// checklist: 229
it.each(["orchestrated", "choreographed"])(
	"a request can be followed by its id and its trace to every event, %s",
	async flow => {
		const requestId = randomUUID();
		const trace = requestId.replaceAll("-", "");
		const { headers } = await it_.client.ask("/orders", {
			method: "POST",
			token: it_.alice,
			key: requestId,
			headers: { "x-request-id": requestId, traceparent: `00-${trace}-${trace.slice(16)}-01` },
			body: { items: [{ productId: 101, quantity: 1 }], payment: { token: "tok_ok" }, flow }
		});
		expect(headers.get("x-request-id")).toBe(requestId);
		await eventually(async () => {
			const path = `/admin/events?correlationId=${requestId}&limit=100`;
			const { body } = await it_.client.ask<{ items: { type: string; traceparent?: string }[] }>(path, {
				token: it_.admin
			});
			expect(body.items.map(({ type }) => type)).toEqual(
				expect.arrayContaining(["order.created", "inventory.reserved", "payment.captured", "order.confirmed"])
			);
			for (const { type, traceparent } of body.items)
				expect([type, traceparent]).toEqual([type, expect.stringContaining(trace)]);
		});
	}
);

// checklist: 38
it("no address says by a verb what its method says already", async () => {
	const { body } = await old<{ paths: Record<string, object> }>("/openapi.json");
	const segments = Object.keys(body.paths).flatMap(path => path.split("/"));
	expect(segments).toEqual(expect.arrayContaining(["users", "orders", "products"]));
	const verbs = /^(get|list|find|fetch|create|add|new|update|edit|set|put|delete|remove)(?![a-z])/;
	expect(segments.filter(segment => verbs.test(segment))).toEqual([]);
});

const portOf = (address = ""): number => parseInt(address.split(":")[1]!, 16);

/** The TCP sockets of a process: where each is bound, where it leads, and whether it listens. */
function socketsOf(pid: number): { port: number; to: number; listens: boolean }[] {
	const fds = `/proc/${pid}/fd`;
	const own = new Set(
		readdirSync(fds).flatMap(fd => {
			try {
				return /^socket:\[(\d+)\]$/.exec(readlinkSync(`${fds}/${fd}`))?.[1] ?? [];
			} catch {
				return []; // Closed since it was listed.
			}
		})
	);
	return ["tcp", "tcp6"]
		.flatMap(family => readFileSync(`/proc/net/${family}`, "utf8").trim().split("\n").slice(1))
		.map(line => line.trim().split(/\s+/))
		.filter(fields => own.has(fields[9]!))
		.map(([, local, remote, state]) => ({ port: portOf(local), to: portOf(remote), listens: state === "0A" }));
}

// checklist: 23, 136, 144
it("one process is all there is: it listens at the gateway's port alone, and its services talk without a network", async () => {
	if (!existsSync("/proc/net/tcp"))
		return console.warn("Not checked: the sockets of a process are read from Linux's /proc");
	const pid = it_.souk.processes.get("souk");
	if (!pid) return expect(it_.souk.layout).not.toBe("A");
	const port = Number(new URL(it_.souk.url).port);
	const before = await order(it_, {});
	const sockets = socketsOf(pid);
	expect(before.status).toBe("CONFIRMED");
	expect(sockets.filter(({ listens }) => listens)).toEqual([{ port, to: 0, listens: true }]);
	// No connection has both its ends in the process: none leads from one service to another.
	const bound = new Set(sockets.map(socket => socket.port));
	expect(sockets.filter(({ to }) => bound.has(to))).toEqual([]);
});
