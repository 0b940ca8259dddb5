import { ServiceBroker, type ServiceSchema } from "moleculer";
import ApiGateway from "moleculer-web";

/** The least a moleculer-web gateway can do: one action that answers a constant. */
const broker = new ServiceBroker({ logger: false });
broker.createService({ name: "hello", actions: { world: () => ({ hello: "world" }) } });
broker.createService({
	name: "api",
	mixins: [ApiGateway as unknown as Partial<ServiceSchema>],
	settings: {
		port: Number(process.env.PORT),
		ip: "127.0.0.1",
		routes: [{ path: "/", aliases: { "GET hello": "hello.world" }, mappingPolicy: "restrict", bodyParsers: false }]
	}
} as ServiceSchema);
await broker.start();
