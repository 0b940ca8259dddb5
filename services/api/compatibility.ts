/** Resources that earlier systems served at the root, without a version. */
const AT_THE_ROOT = ["/users", "/products", "/stock", "/auth/verify", "/notifications", "/tasks", "/categories"];
/** Resources that one of them wrapped, with the name of the service that answered. */
const WRAPPED: Readonly<Record<string, string>> = {
	"GET /users/:id": "user-service",
	"GET /orders/:id": "order-service"
};

/** An address from before Souk. */
export interface OldAddress {
	path: string;
	/** The answer comes as `{ service, data }`. */
	service?: string;
}

/** Where clients of earlier systems look for a route; the answers have today's shape. */
export function oldAddresses(method: string, path: string): OldAddress[] {
	const service = WRAPPED[`${method} ${path}`];
	const atTheRoot = AT_THE_ROOT.some(resource => path === resource || path.startsWith(`${resource}/`));
	return [...(atTheRoot ? [{ path }] : []), ...(service ? [{ path: `/api${path}`, service }] : [])];
}
