import { connect } from "nats";
import { eventually } from "../support/eventually.ts";
import { describeWithNats, NatsServer } from "../support/nats-server.ts";
import { post, type Post } from "../support/post.ts";
import { crashed, removeCopies } from "../support/saga-shop.ts";

const PATIENT = { within: 20_000 };
const awake = () => undefined;
const count = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => `alice ${from + n}`);

describeWithNats("what the server has lost", () => {
	let server: NatsServer;
	const open: Post[] = [];
	const start = async (habits: Parameters<typeof post>[0], dataDir?: string) => {
		const made = await post(habits, dataDir, { TRANSPORTER: server.url });
		open.push(made);
		return made;
	};
	const end = (here: Post) => open.splice(open.indexOf(here), 1)[0]!.close();
	const reads = (here: Post, reader: string, letters: string[]) =>
		eventually(async () => expect(await here.diary(reader)).toEqual(letters), PATIENT);
	const allSent = (here: Post) => eventually(async () => expect(await here.underWay()).toBe(0), PATIENT);
	/** Somebody does this to the stream while everything runs. */
	const meddle = async (how: "delete" | "purge") => {
		const nats = await connect({ servers: server.url });
		await (await nats.jetstreamManager()).streams[how]("souk");
		await nats.close();
	};
	beforeEach(async () => {
		server = await new NatsServer().start();
	});
	afterEach(async () => {
		for (const one of open.splice(0)) await one.close();
		removeCopies();
		await server.close();
	});

	it("is sent again when its whole store is gone, and handled once", async () => {
		const asleep = Promise.withResolvers<void>();
		const here = await start({ ann: awake, ben: letter => (letter === "alice 0" ? asleep.promise : undefined) });
		// More than one consumer has under way, so that the server has something that nobody else has.
		await here.write(...count(0, 400));
		await allSent(here);
		await reads(here, "ann", count(0, 400));
		await server.stop("SIGKILL");
		server.restore();
		await here.write(...count(400, 405));
		await server.start();
		asleep.resolve();
		for (const reader of ["ann", "ben"]) await reads(here, reader, count(0, 405));
	});

	it("is sent again when an older copy of its store comes back", async () => {
		const here = await start({ ann: awake });
		await here.write(...count(0, 10));
		await allSent(here);
		await server.stop();
		server.copy("old");
		await server.start();
		await here.write(...count(10, 20));
		await allSent(here);
		await reads(here, "ann", count(0, 20));
		const folder = crashed(here);
		await end(here);
		await server.stop();
		server.restore("old");
		await server.start();
		// Who comes only now hears all of it, from the stream: the old part and the part that was lost.
		const again = await start({ ann: awake, carl: awake }, folder);
		await reads(again, "carl", count(0, 20));
		await reads(again, "ann", count(0, 20));
	});

	it("is sent again when the stream was wiped while every process was down", async () => {
		const stuck = Promise.withResolvers<void>();
		const here = await start({ ann: () => stuck.promise });
		await here.write(...count(0, 10));
		await allSent(here);
		const folder = crashed(here);
		stuck.resolve();
		await end(here);
		await server.stop();
		server.restore();
		await server.start();
		const again = await start({ ann: awake }, folder);
		await reads(again, "ann", count(0, 10));
	});

	it("is sent again when somebody deletes the stream while everything runs", async () => {
		const here = await start({ ann: awake });
		await here.write(...count(0, 10));
		await reads(here, "ann", count(0, 10));
		await meddle("delete");
		await here.write(...count(10, 15));
		await reads(here, "ann", count(0, 15));
		await allSent(here);
	});

	it("is sent again when another process has made a new stream, and events went on", async () => {
		const stuck = Promise.withResolvers<void>();
		const here = await start({ ann: letter => (letter === "alice 0" ? stuck.promise : undefined) });
		await here.write(...count(0, 400));
		await allSent(here);
		await meddle("delete");
		const other = await start({});
		await here.write("bob 1");
		await allSent(here);
		stuck.resolve();
		await end(other);
		await eventually(async () => {
			const diary = await here.diary("ann");
			expect(diary.filter(letter => letter !== "bob 1")).toEqual(count(0, 400));
			expect(diary).toContain("bob 1");
		}, PATIENT);
	});

	it("is sent again when somebody empties the stream before it was read", async () => {
		const stuck = Promise.withResolvers<void>();
		const here = await start({ ann: letter => (letter === "alice 0" ? stuck.promise : undefined) });
		await here.write(...count(0, 400));
		await allSent(here);
		await meddle("purge");
		await server.stop("SIGKILL");
		await server.start();
		stuck.resolve();
		await reads(here, "ann", count(0, 400));
	});
});

describeWithNats("a server that is away", () => {
	it("keeps no process from stopping", async () => {
		const server = await new NatsServer().start();
		const here = await post({ ann: awake }, undefined, { TRANSPORTER: server.url });
		await server.stop("SIGKILL");
		await here.write("alice 0");
		await here.close();
		await server.close();
	});

	it("loses nothing of what is committed meanwhile", async () => {
		const server = await new NatsServer().start();
		const here = await post({ ann: awake }, undefined, { TRANSPORTER: server.url });
		await here.write(...count(0, 3));
		await server.stop("SIGKILL");
		for (let n = 3; n < 50; n++) await here.write(`alice ${n}`);
		expect(await here.underWay()).toBeGreaterThan(0);
		await server.start();
		await eventually(async () => expect(await here.diary("ann")).toEqual(count(0, 50)), PATIENT);
		await eventually(async () => expect(await here.underWay()).toBe(0), PATIENT);
		await here.close();
		await server.close();
	});
});
