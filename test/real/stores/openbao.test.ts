import { createSign, generateKeyPairSync, randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { store } from "../../../src/adapters/stores/vault-kv2/index.ts";
import { Secret } from "../../../src/token/secret.ts";
import { type StoreExpected, storeContract } from "../../contracts/store.ts";
import { canary } from "../../harness/canary.ts";
import { type OpenBao, startOpenBao } from "../../harness/openbao.ts";
import { needs, openbao } from "../../harness/parts.ts";
import { reachWith } from "../../harness/store.ts";

const OTHERS = { endpoint: "https://ingest.example.com", retries: 3, nested: { a: [1, null, "<&>"] } };
let bao: OpenBao;
let made = 0;

beforeAll(async () => {
	if (openbao.missing) return undefined;
	const ends: (() => Promise<void>)[] = [];
	bao = await startOpenBao((end) => ends.push(end));
	return async () => void (await Promise.all(ends.map((end) => end())));
});

/** A token with the rights of one policy on a secret and its fence. */
async function limited(path: string): Promise<{ readonly token: string; readonly policy: string }> {
	const rights = '{ capabilities = ["create", "read", "update"] }';
	const policy = `policy-${++made}`;
	const text = [path, `${path}.crossfade`, `${path}.crossfade-journal`]
		.map((each) => `path "secret/data/${each}" ${rights}`)
		.join("\n");
	await bao.ask("POST", `sys/policies/acl/${policy}`, { policy: text });
	const { data } = await bao.ask("POST", "auth/token/create", { policies: [policy], no_default_policy: false });
	return { token: (data as unknown as { auth: { client_token: string } }).auth.client_token, policy };
}

const expected: StoreExpected = {
	world: "real",
	asks: true,
	compares: true,
	creates: true,
	denies: true,
	fences: true,
	async open(start) {
		const path = `apps/otel ${++made}`;
		const at = `secret/data/${path.replace(" ", "%20")}`;
		const { token, policy } = await limited(path);
		const latest = async (): Promise<Record<string, unknown>> => {
			const { data } = await bao.ask("GET", at, undefined, [404]);
			return (data as { data?: { data: object } }).data?.data as Record<string, unknown>;
		};
		const put = (data: Record<string, unknown>) => bao.ask("POST", at, { data });
		await put({ ...OTHERS, ...(start !== undefined && { token: start }) });
		return {
			settings: { url: bao.url, mount: "secret", path, field: "token", auth: "token", token: "file:/t" },
			reach: reachWith({}, { "file:/t": token }),
			isWrite: ({ method, url }) => method === "POST" && !url.includes(".crossfade"),
			held: async () => (await latest())["token"] as string | undefined,
			others: async () => ({ ...(await latest()), token: undefined }),
			meddle: async (value) => void (await put({ ...(await latest()), token: value })),
			deny: async () => void (await bao.ask("DELETE", `sys/policies/acl/${policy}`)),
			credentials: [{ token, fingerprint: "" }],
		};
	},
};

describe("vault-kv2 on a real OpenBao", needs(openbao), () => {
	storeContract(store, expected);

	const [old, fresh] = [canary(), canary()];
	const write = { operation: randomUUID(), expected: old.fingerprint, value: { token: Secret.of(fresh.token) } };

	/** Reads, writes and gives the login back, with settings of its own. */
	async function rotate(more: Readonly<Record<string, string>>, secrets: Readonly<Record<string, string>>) {
		const settings = { url: bao.url, mount: "secret", path: "logins", field: "token", ...more };
		const opened = store.open(settings, reachWith({}, secrets));
		expect(await opened.read()).toMatchObject({ is: "token" });
		expect(await opened.check()).toMatchObject({ can: "proven" });
		expect(await opened.promote(write)).toMatchObject({ did: "written" });
		await opened.close?.();
	}

	test("by AppRole, and the login is given back", async () => {
		await bao.ask("POST", "secret/data/logins", { data: { token: old.token } });
		await bao.ask("POST", "sys/policies/acl/logins", {
			policy: 'path "secret/data/logins" { capabilities = ["create", "read", "update"] }',
		});
		await bao.ask("POST", "sys/auth/approle", { type: "approle" });
		await bao.ask("POST", "auth/approle/role/otel", { token_policies: ["logins"] });
		const role = (await bao.ask("GET", "auth/approle/role/otel/role-id")).data as unknown as {
			data: { role_id: string };
		};
		const secret = (await bao.ask("POST", "auth/approle/role/otel/secret-id", {})).data as unknown as {
			data: { secret_id: string };
		};
		const before = (await bao.ask("LIST", "auth/token/accessors")).data as unknown as { data: { keys: string[] } };
		await rotate(
			{ auth: "approle", "role-id": "file:/r", "secret-id": "file:/s" },
			{ "file:/r": role.data.role_id, "file:/s": secret.data.secret_id },
		);
		const after = (await bao.ask("LIST", "auth/token/accessors")).data as unknown as { data: { keys: string[] } };
		expect(after.data.keys.sort()).toEqual(before.data.keys.sort());
	});

	test("by a JWT, in a namespace", async () => {
		const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
		await bao.ask("POST", "sys/namespaces/team", {});
		await bao.ask("POST", "team/sys/mounts/secret", { type: "kv", options: { version: "2" } });
		await bao.ask("POST", "team/secret/data/logins", { data: { token: old.token } });
		await bao.ask("POST", "team/sys/policies/acl/logins", {
			policy: 'path "secret/data/logins" { capabilities = ["create", "read", "update"] }',
		});
		await bao.ask("POST", "team/sys/auth/ci", { type: "jwt" });
		await bao.ask("POST", "team/auth/ci/config", {
			jwt_validation_pubkeys: [publicKey.export({ type: "spki", format: "pem" })],
		});
		const role = { role_type: "jwt", user_claim: "sub", bound_subject: "pipeline", token_policies: ["logins"] };
		await bao.ask("POST", "team/auth/ci/role/otel", role);
		const part = (data: object) => Buffer.from(JSON.stringify(data)).toString("base64url");
		const now = Math.floor(Date.now() / 1000);
		const unsigned = `${part({ alg: "RS256", typ: "JWT" })}.${part({ sub: "pipeline", iat: now - 5, exp: now + 600 })}`;
		const jwt = `${unsigned}.${createSign("RSA-SHA256").update(unsigned).sign(privateKey, "base64url")}`;
		await rotate(
			{ auth: "jwt", "auth-mount": "ci", role: "otel", jwt: "file:/j", namespace: "team" },
			{ "file:/j": jwt },
		);
	});

	test("an engine of version 1 is refused", async () => {
		await bao.ask("POST", "sys/mounts/plain", { type: "kv", options: { version: "1" } });
		const opened = store.open(
			{ url: bao.url, mount: "plain", path: "a", field: "token", auth: "token", token: "file:/t" },
			reachWith({}, { "file:/t": bao.token }),
		);
		expect(await opened.promote({ ...write, expected: "nothing" })).toMatchObject({ did: "refused" });
		expect((await bao.ask("LIST", "plain", undefined, [404])).status).toBe(404);
	});
});
