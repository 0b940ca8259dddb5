import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eml } from "../../../services/notifications/eml.ts";
import { mailboxFolder, mailsIn } from "../../../services/notifications/mailbox.ts";
import type { Message } from "../../../services/notifications/outlet.ts";
import { message } from "./messages.ts";

const letterhead = { from: "no-reply@souk.test", linkFor: () => "https://souk.test/unsubscribe/1" };
const compose = (one: Message) => eml(one, letterhead);

describe("a mailbox folder", () => {
	let root: string;
	beforeEach(() => (root = mkdtempSync(join(tmpdir(), "souk-"))));
	afterEach(() => rmSync(root, { recursive: true, force: true }));

	it("is made when it is missing, and keeps a mail from others' eyes", async () => {
		await mailboxFolder(join(root, "deep", "mailbox"), compose).send(message);
		const file = join(root, "deep", "mailbox", "12-order.confirmed.eml");
		expect(readFileSync(file, "utf8")).toContain("Your order 12 is confirmed.");
		expect(statSync(file).mode & 0o077).toBe(0);
	});

	it("has one file of a mail that is sent twice, and nothing half written", async () => {
		const mailbox = mailboxFolder(root, compose);
		await mailbox.send(message);
		await mailbox.send({ ...message, messageId: "another@souk.test" });
		expect(readdirSync(root)).toEqual(["12-order.confirmed.eml"]);
		expect(readFileSync(join(root, "12-order.confirmed.eml"), "utf8")).toContain("<another@souk.test>");
	});

	it("fails when the folder cannot be one", async () => {
		writeFileSync(join(root, "mailbox"), "a file is in the way");
		const folder = join(root, "mailbox");
		await expect(mailboxFolder(folder, compose).send(message)).rejects.toMatchObject({ code: "EEXIST" });
		await expect(mailsIn(folder, 10)).rejects.toMatchObject({ code: "ENOTDIR" });
	});

	it("lists its mails by number, the newest first, and nothing else that lies there", async () => {
		const mailbox = mailboxFolder(root, compose);
		const long = "Ein ziemlich langer Betreff, über den man sich nur wundern kann, wenn überhaupt: ß";
		for (const id of [2, 10, 9])
			await mailbox.send({
				...message,
				key: `${id}-message`,
				subject: long,
				to: { name: "Łukasz", address: "l@x.test" }
			});
		writeFileSync(join(root, ".11-message.draft"), "");
		writeFileSync(join(root, "notes.txt"), "");
		expect(await mailsIn(root, 2)).toEqual([
			{
				id: 10,
				file: "10-message.eml",
				to: "Łukasz <l@x.test>",
				subject: long,
				at: expect.any(String) as string,
				bytes: statSync(join(root, "10-message.eml")).size
			},
			expect.objectContaining({ id: 9 })
		]);
		expect((await mailsIn(root, 2, 9)).map(({ id }) => id)).toEqual([2]);
		expect(await mailsIn(join(root, "none"), 2)).toEqual([]);
	});
});
