import type { StoreReach, StoreRequest } from "../../src/adapters/stores/store.ts";
import { answer } from "./store.ts";

interface Version {
	readonly data: Record<string, unknown> | null;
}

/** A KV engine of version 2 with the answers that OpenBao 2.7.2 gave, for one token; `secrets` is by path, each with its versions. */
export function fakeVault(token: string) {
	const secrets = new Map<string, Version[]>();
	let isDenied = false;
	const request: StoreReach["request"] = async ({ method, url, headers = {}, body }: StoreRequest) => {
		const { pathname } = new URL(url);
		if (isDenied || headers["x-vault-token"] !== token) return answer(403, { errors: ["permission denied"] });
		if (pathname === "/v1/sys/internal/ui/mounts/secret")
			return answer(200, { data: { type: "kv", options: { version: "2" } } });
		const path = /^\/v1\/secret\/data\/(.+)$/.exec(pathname)?.[1];
		if (path === undefined) return answer(404, { errors: ["no handler for route"] });
		const versions = secrets.get(path) ?? [];
		if (method === "POST") {
			const sent = JSON.parse(String(body));
			if (sent.options.cas !== versions.length)
				return answer(400, { errors: ["check-and-set parameter did not match the current version"] });
			secrets.set(path, [...versions, { data: sent.data }]);
			return answer(200, { data: { version: versions.length + 1 } });
		}
		const latest = versions.at(-1);
		if (latest === undefined) return answer(404, { errors: [] });
		const data = { data: latest.data, metadata: { version: versions.length } };
		return answer(latest.data === null ? 404 : 200, { data });
	};
	return {
		request,
		secrets,
		deny: () => {
			isDenied = true;
		},
	};
}
