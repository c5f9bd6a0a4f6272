import sodium from "libsodium-wrappers";
import type { StoreReach } from "../../../src/adapters/stores/store.ts";
import type { StoreExpected } from "../../contracts/store.ts";
import { canary } from "../../harness/canary.ts";
import { answer, reachWith } from "../../harness/store.ts";

/** Secrets below one folder of the API, opened by libsodium with the private key. */
export async function fakeGithub(token: string, folder: string) {
	await sodium.ready;
	const pair = sodium.crypto_box_keypair();
	const secrets = new Map<string, { value: string; updated_at: string; more: Record<string, unknown> }>();
	let writes = 0;
	let isDenied = false;
	const put = (name: string, value: string, more: Record<string, unknown> = {}) =>
		secrets.set(name, { value, updated_at: new Date(1_700_000_000_000 + ++writes * 1000).toISOString(), more });
	const request: StoreReach["request"] = async ({ method, url, headers = {}, body }) => {
		const { pathname, hostname } = new URL(url);
		if (hostname !== "api.github.com") return answer(404, { message: "Not Found" });
		if (headers["authorization"] !== `Bearer ${token}`) return answer(401, { message: "Bad credentials" });
		if (!headers["user-agent"]) return answer(403, "Request forbidden by administrative rules.");
		if (isDenied) return answer(403, { message: "Resource not accessible by personal access token" });
		const name = pathname.replace(`/${folder}/`, "");
		if (name === "public-key")
			return answer(200, {
				key_id: "568250167242549743",
				key: sodium.to_base64(pair.publicKey, sodium.base64_variants.ORIGINAL),
			});
		const found = secrets.get(name.replace(/\/repositories$/, ""));
		if (method === "GET" && name.endsWith("/repositories") && found) return answer(200, found.more["repositories"]);
		if (method === "GET" && found) return answer(200, { name, updated_at: found.updated_at, ...found.more });
		if (method !== "PUT") return answer(404, { message: "Not Found" });
		const { encrypted_value: sealed, key_id: id, ...more } = JSON.parse(String(body));
		if (id !== "568250167242549743") return answer(422, { message: "Validation Failed" });
		const bytes = sodium.crypto_box_seal_open(
			sodium.from_base64(sealed, sodium.base64_variants.ORIGINAL),
			pair.publicKey,
			pair.privateKey,
		);
		put(name, sodium.to_string(bytes), { ...found?.more, ...more });
		return answer(found ? 204 : 201, found ? "" : {});
	};
	return {
		request,
		secrets,
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
		const github = await fakeGithub(credential.token, "repos/acme/otel/environments/prod%20eu/secrets");
		if (start !== undefined) github.put("OTEL_TOKEN", start);
		github.put("OTHER", "kept");
		return {
			settings: {
				owner: "acme",
				repository: "otel",
				environment: "prod eu",
				name: "OTEL_TOKEN",
				token: "file:/t",
				url: "https://api.github.com",
			},
			reach: reachWith({ request: github.request }, { "file:/t": credential.token }),
			isWrite: ({ method }) => method === "PUT",
			held: async () => github.secrets.get("OTEL_TOKEN")?.value,
			others: async () => github.secrets.get("OTHER"),
			meddle: async (value) => void github.put("OTEL_TOKEN", value),
			deny: github.deny,
			credentials: [credential],
		};
	},
};
