import { StoreUnavailable } from "../../../../broker/errors.ts";
import { postgresAdapter } from "../../../../broker/sql/sequelize.ts";
import { freePort } from "../../../support/nats-server.ts";

it("a process that begins while its store is away is told so in the store's name", async () => {
	const adapter = postgresAdapter(`postgres://souk@127.0.0.1:${await freePort()}/shop`, "shop");
	await expect(adapter.connect()).rejects.toThrow(StoreUnavailable);
});
