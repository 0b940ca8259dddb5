import { stopServer } from "./postgres-setup.ts";

export default stopServer;
