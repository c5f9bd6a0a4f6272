import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { store } from "../../../src/adapters/stores/kubernetes-secret/index.ts";
import type { StoreReach, StoreRequest } from "../../../src/adapters/stores/store.ts";
import { Secret } from "../../../src/token/secret.ts";
import { canary, leaks } from "../../harness/canary.ts";
import { fakeKubernetes } from "../../harness/fake-kubernetes.ts";
import { answer, memoryFiles, reachWith } from "../../harness/store.ts";

const [old, fresh, credential] = [canary(), canary(), canary()];
const write = { operation: randomUUID(), expected: old.fingerprint, value: { token: Secret.of(fresh.token) } };
const encoded = (value: string) => Buffer.from(value).toString("base64");
const PEM = "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n";

/** A kubeconfig with this user and cluster. */
const config = (user: object, cluster: object = {}) =>
	JSON.stringify({
		"current-context": "prod",
		contexts: [
			{ name: "prod", context: { cluster: "c", user: "u", namespace: "telemetry" } },
			{ name: "lost", context: { cluster: "c", user: "nobody" } },
		],
		clusters: [{ name: "c", cluster: { server: "https://k.example.com:6443", ...cluster } }],
		users: [{ name: "u", user }],
	});

interface World {
	readonly files?: Readonly<Record<string, string>>;
	readonly settings?: Readonly<Record<string, string>>;
	readonly variables?: Readonly<Record<string, string>>;
	readonly parts?: Partial<StoreReach>;
	/** Fields of the Secret besides its data. */
	readonly secret?: object;
	readonly data?: Readonly<Record<string, string>>;
}

function open({ files = {}, settings = {}, variables = {}, parts = {}, secret = {}, data }: World = {}) {
	const cluster = fakeKubernetes(credential.token);
	const thing = { kind: "Secret", data: data ?? { token: encoded(old.token) }, metadata: { name: "otel" }, ...secret };
	cluster.stored("/api/v1/namespaces/telemetry/secrets/otel", thing);
	const sent: StoreRequest[] = [];
	const reach = reachWith(
		{
			async request(request) {
				sent.push(request);
				return cluster.request(request);
			},
			files: memoryFiles({ "/k/config": config({ token: credential.token }), ...files }).files,
			...parts,
		},
		{},
		variables,
	);
	return {
		cluster,
		sent,
		opened: store.open({ name: "otel", key: "token", kubeconfig: "/k/config", ...settings }, reach),
	};
}

describe("a Secret that cannot be changed, or not for long", () => {
	test("one that is immutable is refused before anything is sent", async () => {
		const { opened, sent } = open({ secret: { immutable: true } });
		const words = expect.stringContaining("immutable");
		expect(await opened.check()).toMatchObject({ can: "no", how: words });
		expect(await opened.promote(write)).toMatchObject({ did: "refused", why: words });
		expect(sent.every(({ method }) => method === "GET")).toBe(true);
	});

	test("one that is not there is to be created first", async () => {
		const { opened } = open({ settings: { name: "other" } });
		expect(await opened.check()).toMatchObject({ can: "no", nextStep: expect.stringContaining("create it") });
		expect(await opened.promote({ ...write, expected: "nothing" })).toMatchObject({ did: "refused" });
	});

	test.each([
		["an owner", { ownerReferences: [{ kind: "ExternalSecret", name: "otel" }] }, "ExternalSecret otel"],
		[
			"a manager that applies the key",
			{ managedFields: [{ manager: "argocd", operation: "Apply", fieldsV1: { "f:data": { "f:token": {} } } }] },
			"argocd",
		],
	])("%s is named: it can put the old token back", async (_, metadata, who) => {
		const { opened } = open({ secret: { metadata: { name: "otel", ...metadata } } });
		expect(await opened.check()).toMatchObject({
			can: "proven",
			nextStep: expect.stringContaining(`${who} manages it`),
		});
	});

	test("a manager of other keys is no matter", async () => {
		const managedFields = [{ manager: "argocd", operation: "Apply", fieldsV1: { "f:data": { "f:endpoint": {} } } }];
		const { opened } = open({ secret: { metadata: { name: "otel", managedFields } } });
		expect(await opened.check()).toEqual({ can: "proven", how: expect.any(String) });
	});
});

test("a pair is written in one patch, and another key that somebody writes meanwhile is kept", async () => {
	const { opened, cluster, sent } = open({
		settings: { "public-key": "id" },
		data: { token: encoded(old.token), x: encoded("1") },
	});
	const pair = { ...write, value: { ...write.value, publicId: "pk-2" } };
	expect(await opened.promote(write)).toMatchObject({ did: "refused" });
	expect(await opened.promote(pair)).toMatchObject({ did: "written" });
	expect(cluster.things.get("/api/v1/namespaces/telemetry/secrets/otel")?.["data"]).toEqual({
		token: encoded(fresh.token),
		id: encoded("pk-2"),
		x: encoded("1"),
	});
	expect(sent.filter(({ method }) => method === "PATCH")).toHaveLength(1);
	expect(await opened.read()).toMatchObject({ is: "token", value: { publicId: "pk-2" } });
});

describe("reaching the cluster", () => {
	test("certificates as data or as files beside the kubeconfig, and another namespace", async () => {
		const user = { "client-certificate-data": encoded(PEM), "client-key": "keys/u.key", token: credential.token };
		const { opened, sent } = open({
			files: {
				"/k/config": config(user, { "certificate-authority": "/ca.pem" }),
				"/k/keys/u.key": "KEY",
				"/ca.pem": PEM,
			},
			settings: { namespace: "team a" },
		});
		expect(await opened.read()).toEqual({ is: "empty" });
		expect(sent[0]).toMatchObject({
			url: "https://k.example.com:6443/api/v1/namespaces/team%20a/secrets/otel",
			tls: { ca: "/ca.pem", cert: PEM, key: "/k/keys/u.key" },
		});
	});

	test("a file with a token, read again after some time", async () => {
		let now = 0;
		let token = canary().token;
		const secret: StoreReach["secret"] = async (reference) => Secret.of(reference === "file:/k/t" ? token : "");
		const { opened } = open({ files: { "/k/config": config({ tokenFile: "t" }) }, parts: { secret, now: () => now } });
		expect(await opened.read()).toMatchObject({ is: "unreachable", why: expect.stringContaining("401") });
		token = credential.token;
		now += 10 * 60_000;
		expect((await opened.read()).is).toBe("token");
	});

	test("from within a pod: its namespace is in its token", async () => {
		const pod = "/var/run/secrets/kubernetes.io/serviceaccount";
		const claims = Buffer.from(JSON.stringify({ "kubernetes.io": { namespace: "telemetry" } })).toString("base64url");
		const jwt = `${canary().token}.${claims}.${canary().token}`;
		const cluster = fakeKubernetes(jwt);
		const data = { token: encoded(old.token) };
		cluster.stored("/api/v1/namespaces/telemetry/secrets/otel", { kind: "Secret", data, metadata: { name: "otel" } });
		const sent: StoreRequest[] = [];
		const request: StoreReach["request"] = async (each) => {
			sent.push(each);
			return cluster.request(each);
		};
		const variables = { KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "6443" };
		const opened = store.open(
			{ name: "otel", key: "token" },
			reachWith({ request }, { [`file:${pod}/token`]: jwt }, variables),
		);
		expect((await opened.read()).is).toBe("token");
		expect(sent).toMatchObject([
			{ url: "https://[fd00::1]:6443/api/v1/namespaces/telemetry/secrets/otel", tls: { ca: `${pod}/ca.crt` } },
		]);
	});

	test("a plugin gets its variables and says when its token ends; then it is asked again", async () => {
		let now = Date.parse("2026-01-01T00:00:00Z");
		const runs: unknown[] = [];
		const exec = {
			apiVersion: "client.authentication.k8s.io/v1",
			command: "./bin/get-token",
			args: ["--cluster", "prod"],
			env: [{ name: "AWS_PROFILE", value: "ops" }],
			interactiveMode: "Never",
		};
		const run: StoreReach["run"] = async (program, args, { variables }) => {
			runs.push([
				program,
				args,
				{ ...variables, KUBERNETES_EXEC_INFO: JSON.parse(variables?.["KUBERNETES_EXEC_INFO"] ?? "") },
			]);
			const status = { token: credential.token, expirationTimestamp: new Date(now + 600_000).toISOString() };
			return { code: 0, stdout: JSON.stringify({ kind: "ExecCredential", status }), stderr: "" };
		};
		const { opened } = open({ files: { "/k/config": config({ exec }) }, parts: { run, now: () => now } });
		expect((await opened.read()).is).toBe("token");
		expect((await opened.promote(write)).did).toBe("written");
		const info = { apiVersion: exec.apiVersion, kind: "ExecCredential", spec: { interactive: false } };
		expect(runs).toEqual([["/k/bin/get-token", exec.args, { AWS_PROFILE: "ops", KUBERNETES_EXEC_INFO: info }]]);
		now += 580_000;
		expect((await opened.read()).is).toBe("token");
		expect(runs).toHaveLength(2);
	});

	test("a plugin that fails is named, without what it could have leaked", async () => {
		const run: StoreReach["run"] = async () => ({
			code: 1,
			stdout: credential.token,
			stderr: `no session for ${credential.token}`,
		});
		const exec = { command: "aws", apiVersion: "client.authentication.k8s.io/v1" };
		const { opened } = open({ files: { "/k/config": config({ exec }) }, parts: { run } });
		const holds = await opened.read();
		expect(holds).toMatchObject({
			is: "unreachable",
			why: expect.stringContaining("the plugin aws of the kubeconfig failed: no session"),
		});
		expect(leaks([credential], { holds: JSON.stringify(holds) })).toEqual([]);
	});

	test.each([
		["no such file", {}, { kubeconfig: "/none" }, "/none does not exist"],
		["no YAML", { "/k/config": `a: [\ntoken: ${credential.token}` }, {}, "/k/config is not YAML"],
		["no such context", {}, { context: "dev" }, "/k/config has no context of the name dev"],
		["no such user", {}, { context: "lost" }, "/k/config has no user of the name nobody"],
		[
			"TLS that is not checked",
			{ "/k/config": config({}, { "insecure-skip-tls-verify": true }) },
			{},
			"insecure-skip-tls-verify is not supported",
		],
	])("%s: %s", async (_, files, settings, why) => {
		const { opened, sent } = open({ files, settings });
		const words = expect.stringContaining(why);
		expect(await opened.read()).toMatchObject({ is: "unreachable", why: words });
		expect(await opened.promote(write)).toMatchObject({ did: "refused", why: words });
		expect(await opened.fence?.take("a", "b")).toMatchObject({ is: "unreachable", why: words });
		expect(sent).toEqual([]);
	});

	test("another server at that address is not taken for a cluster", async () => {
		const { opened } = open({ parts: { request: async () => answer(404, "<html>not found</html>") } });
		expect(await opened.read()).toMatchObject({ is: "unreachable", why: "k.example.com:6443 answered 404" });
		const page = open({ parts: { request: async () => answer(200, "<html>sign in</html>") } });
		expect(await page.opened.promote(write)).toMatchObject({
			did: "refused",
			why: expect.stringContaining("no Secret"),
		});
	});
});
