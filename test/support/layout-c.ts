import { TestRedis } from "./redis.ts";

// The specs of the whole again, unchanged, with two processes a service over Postgres, and a Redis.
process.env.SOUK_LAYOUT = "C";

let redis: TestRedis;
beforeAll(async () => {
	redis = await TestRedis.start();
	process.env.SOUK_REDIS = redis.url;
});
afterAll(() => redis.close());
