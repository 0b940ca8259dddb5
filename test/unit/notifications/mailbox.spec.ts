import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mailboxFolder } from "../../../services/notifications/mailbox.ts";

const mail = {
	key: "1-order.confirmed",
	sending: 1,
	to: { name: "Alice", address: "alice@souk.test" },
	subject: "Order Confirmation",
	text: "Your order 12 is confirmed.",
	at: "2026-01-02T03:04:05.678Z"
};

describe("a mailbox folder", () => {
	let root: string;
	beforeEach(() => (root = mkdtempSync(join(tmpdir(), "souk-"))));
	afterEach(() => rmSync(root, { recursive: true, force: true }));

	it("is made when it is missing, and keeps a mail from others' eyes", async () => {
		await mailboxFolder(join(root, "deep", "mailbox")).send(mail);
		const file = join(root, "deep", "mailbox", "1-order.confirmed.eml");
		expect(readFileSync(file, "utf8")).toContain("Your order 12 is confirmed.");
		expect(statSync(file).mode & 0o077).toBe(0);
	});

	it("has one file of a mail that is sent twice, and nothing half written", async () => {
		const mailer = mailboxFolder(root);
		await mailer.send(mail);
		await mailer.send({ ...mail, sending: 2 });
		expect(readdirSync(root)).toEqual(["1-order.confirmed.eml"]);
		expect(readFileSync(join(root, "1-order.confirmed.eml"), "utf8")).toContain(".2@souk.test>");
	});

	it("fails when the folder cannot be one", async () => {
		writeFileSync(join(root, "mailbox"), "a file is in the way");
		await expect(mailboxFolder(join(root, "mailbox")).send(mail)).rejects.toMatchObject({ code: "EEXIST" });
	});
});
