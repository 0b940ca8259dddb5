import { createServer } from "node:http";

/** The least a Node server can do: the yardstick of the bench. */
const server = createServer((_request, response) => {
	response.setHeader("content-type", "application/json");
	response.end('{"hello":"world"}');
});
server.listen(Number(process.env.PORT), "127.0.0.1");
