declare module "autocannon" {
	export interface Result {
		"2xx": number;
		non2xx: number;
		errors: number;
		mismatches: number;
		duration: number;
		latency: { p50: number; p99: number };
	}
	export default function autocannon(options: object): Promise<Result>;
}
