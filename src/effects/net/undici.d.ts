// The parts of undici that keep connections and send, without those that a browser has: everything together takes three times as long to load.
declare module "undici/lib/api/api-request.js" {
	import type { Dispatcher } from "undici";
	export default function request(
		this: Dispatcher,
		options: Dispatcher.RequestOptions,
	): Promise<Dispatcher.ResponseData>;
}

declare module "undici/lib/dispatcher/agent.js" {
	export { Agent as default } from "undici";
}

declare module "undici/lib/llhttp/constants.js" {
	export const ERROR: Record<string, string | number>;
}
