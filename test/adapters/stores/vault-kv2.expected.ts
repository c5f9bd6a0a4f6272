import type { StoreExpected } from "../../contracts/store.ts";
import { canary } from "../../harness/canary.ts";
import { fakeVault } from "../../harness/fake-vault.ts";
import { reachWith } from "../../harness/store.ts";

const PATH = "apps/otel collector";
const KEY = encodeURIComponent("otel collector");
const OTHERS = { endpoint: "https://ingest.example.com", retries: 3, nested: { a: [1, null, "<&>"] } };

export const expected: StoreExpected = {
	world: "fake",
	asks: true,
	compares: true,
	creates: true,
	denies: true,
	fences: true,
	async open(start) {
		const credential = canary();
		const vault = fakeVault(credential.token);
		const at = `apps/${KEY}`;
		const latest = () => vault.secrets.get(at)?.at(-1)?.data ?? {};
		const put = (fields: Record<string, unknown>) =>
			vault.secrets.set(at, [...(vault.secrets.get(at) ?? []), { data: fields }]);
		put({ ...OTHERS, ...(start !== undefined && { token: start }) });
		return {
			settings: {
				url: "https://vault.example.com:8200",
				mount: "secret",
				path: PATH,
				field: "token",
				auth: "token",
				token: "file:/run/vault-token",
			},
			reach: reachWith({ request: vault.request }, { "file:/run/vault-token": credential.token }),
			isWrite: ({ method, url }) => method === "POST" && url.includes(KEY) && !url.endsWith(".crossfade"),
			held: async () => latest()["token"] as string | undefined,
			others: async () => ({ ...latest(), token: undefined }),
			meddle: async (value) => void put({ ...latest(), token: value }),
			deny: vault.deny,
			credentials: [credential],
		};
	},
};
