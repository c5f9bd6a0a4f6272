import type { StoreReach } from "../../../src/adapters/stores/store.ts";
import type { StoreExpected } from "../../contracts/store.ts";
import { canary } from "../../harness/canary.ts";
import { answer, reachWith } from "../../harness/store.ts";

/** Variables by name without the prefix. `knowsDryRuns` is false for a release that stores what is sent as one. */
export function fakeFleet(token: string, knowsDryRuns = true) {
	const variables = new Map<string, { value: string; updated_at: string }>();
	let writes = 0;
	let isDenied = false;
	const put = (name: string, value: string) =>
		variables.set(name, { value, updated_at: new Date(1_700_000_000_000 + ++writes * 1000).toISOString() });
	const request: StoreReach["request"] = async ({ method, url, headers = {}, body }) => {
		const { pathname } = new URL(url);
		if (headers["authorization"] !== `Bearer ${token}`)
			return answer(401, { message: "Authentication required", errors: [] });
		if (isDenied) return answer(403, { message: "Permission Denied", errors: [{ name: "base", reason: "forbidden" }] });
		if (method === "GET" && pathname === "/api/latest/fleet/custom_variables") {
			const list = [...variables].map(([name, { updated_at }], id) => ({ id, name, updated_at }));
			return answer(200, { custom_variables: list, count: list.length });
		}
		if (method !== "PUT" || pathname !== "/api/latest/fleet/spec/secret_variables")
			return answer(404, { message: "not found" });
		const { dry_run: isDryRun, secrets } = JSON.parse(String(body));
		if (isDryRun && knowsDryRuns) return answer(200, {});
		for (const { name, value } of secrets) put(name.replace("FLEET_SECRET_", ""), value);
		return answer(200, {});
	};
	return {
		request,
		variables,
		put,
		deny: () => {
			isDenied = true;
		},
	};
}

export const expected: StoreExpected = {
	world: "fake",
	asks: true,
	compares: false,
	creates: false,
	denies: true,
	async open(start) {
		const credential = canary();
		const fleet = fakeFleet(credential.token);
		if (start !== undefined) fleet.put("CROSSFADE_TOKEN", start);
		fleet.put("OTHER", "kept");
		return {
			settings: { url: "https://fleet.example.com", name: "FLEET_SECRET_CROSSFADE_TOKEN", token: "file:/t" },
			reach: reachWith({ request: fleet.request }, { "file:/t": credential.token }),
			isWrite: ({ method }) => method === "PUT",
			held: async () => fleet.variables.get("CROSSFADE_TOKEN")?.value,
			others: async () => [...fleet.variables].filter(([name]) => name !== "CROSSFADE_TOKEN"),
			meddle: async (value) => void fleet.put("CROSSFADE_TOKEN", value),
			deny: fleet.deny,
			credentials: [credential],
		};
	},
};
