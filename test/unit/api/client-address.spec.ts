import type { IncomingMessage } from "node:http";
import { clientAddress } from "../../../services/api/client-address.ts";

const from = (remoteAddress: string, forwarded?: string): IncomingMessage =>
	({ socket: { remoteAddress }, headers: forwarded === undefined ? {} : { "x-forwarded-for": forwarded } }) as never;

describe("the address a request is counted under", () => {
	it("is the socket's, whatever the client writes", () => {
		expect(clientAddress(from("203.0.113.9", "198.51.100.1"), 0)).toBe("203.0.113.9");
	});

	it("is what the outermost trusted proxy saw", () => {
		expect(clientAddress(from("10.0.0.1", "1.1.1.1, 198.51.100.7"), 1)).toBe("198.51.100.7");
		expect(clientAddress(from("10.0.0.1", "1.1.1.1, 198.51.100.7, 10.0.0.2"), 2)).toBe("198.51.100.7");
	});

	it.each([
		["nothing", undefined],
		["too few hops", "198.51.100.7"],
		["no address", "evil, 10.0.0.2"],
		["an empty hop", " , 10.0.0.2"]
	])("is the socket's when a proxy forwards %s", (_, forwarded) => {
		expect(clientAddress(from("10.0.0.1", forwarded), 2)).toBe("10.0.0.1");
	});

	it("is one for a whole IPv6 network, and IPv4 where that is what it is", () => {
		const network = "2001:db8:1:2::/64";
		for (const address of ["2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:0db8:0001:0002:0:0:0:9"])
			expect(clientAddress(from(address), 0)).toBe(network);
		expect(clientAddress(from("2001:db8:1:3::1"), 0)).not.toBe(network);
		expect(clientAddress(from("::ffff:192.0.2.1"), 0)).toBe("192.0.2.1");
		expect(clientAddress(from("::1"), 0)).toBe("0:0:0:0::/64");
		expect(clientAddress(from("fe80::1%eth0"), 0)).toBe("fe80:0:0:0::/64");
	});
});
