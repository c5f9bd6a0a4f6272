import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { store } from "../../../src/adapters/stores/kubernetes-secret/index.ts";
import type { StoreReach } from "../../../src/adapters/stores/store.ts";
import { Secret } from "../../../src/token/secret.ts";
import { type StoreExpected, storeContract } from "../../contracts/store.ts";
import { canary } from "../../harness/canary.ts";
import { scratch } from "../../harness/cli.ts";
import { etcd, type Kubernetes, startKubernetes } from "../../harness/kubernetes.ts";
import { kubeApiserver, needs } from "../../harness/parts.ts";
import { memoryFiles, reachWith } from "../../harness/store.ts";

let cluster: Kubernetes;
let made = 0;
const encoded = (value: string) => Buffer.from(value).toString("base64");
const rbac = "apis/rbac.authorization.k8s.io/v1";

beforeAll(async () => {
	if (kubeApiserver.missing || etcd.missing) return undefined;
	const ends: (() => Promise<void>)[] = [];
	cluster = await startKubernetes((end) => ends.push(end));
	return async () => void (await Promise.all(ends.map((end) => end())));
});

const config = (user: object, namespace: string) =>
	JSON.stringify({
		"current-context": "test",
		contexts: [{ name: "test", context: { cluster: "c", user: "u", namespace } }],
		clusters: [{ name: "c", cluster: { server: cluster.url, "certificate-authority-data": encoded(cluster.ca) } }],
		users: [{ name: "u", user }],
	});

/** A namespace with a Secret, in which the account ci may do what a store needs and no more. */
async function place(data: Readonly<Record<string, string>>, more: object = {}) {
	const namespace = `n${++made}`;
	await cluster.ask("POST", "api/v1/namespaces", { metadata: { name: namespace } });
	const at = `api/v1/namespaces/${namespace}/secrets`;
	await cluster.ask("POST", at, { metadata: { name: "otel", labels: { app: "otel" } }, type: "Opaque", data, ...more });
	await cluster.ask("POST", `${rbac}/namespaces/${namespace}/roles`, {
		metadata: { name: "rotate" },
		rules: [
			{
				apiGroups: [""],
				resources: ["secrets"],
				resourceNames: ["otel", "otel-crossfade-journal"],
				verbs: ["get", "patch"],
			},
			// The name of what is made cannot be restricted.
			{ apiGroups: [""], resources: ["secrets"], verbs: ["create"] },
			{ apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["get", "create", "patch"] },
		],
	});
	await cluster.ask("POST", `${rbac}/namespaces/${namespace}/rolebindings`, {
		metadata: { name: "rotate" },
		roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "rotate" },
		subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "ci" }],
	});
	const { files } = memoryFiles({ "/kubeconfig": config({ token: cluster.tokens.ci }, namespace) });
	return {
		namespace,
		path: `${at}/otel`,
		settings: { name: "otel", key: "token", kubeconfig: "/kubeconfig" },
		reach: reachWith({ files }),
	};
}

const expected: StoreExpected = {
	world: "real",
	asks: true,
	compares: true,
	creates: true,
	denies: true,
	fences: true,
	async open(start) {
		const all = {
			endpoint: encoded("https://ingest.example.com"),
			...(start !== undefined && { token: encoded(start) }),
		};
		const { namespace, path, settings, reach } = await place(all);
		const now = () =>
			cluster.ask("GET", path) as Promise<{ data: Record<string, string>; metadata: Record<string, unknown> }>;
		return {
			settings,
			reach,
			isWrite: ({ method, url }) => method === "PATCH" && url.includes("/secrets/"),
			held: async () => {
				const value = (await now()).data["token"];
				return value === undefined ? undefined : Buffer.from(value, "base64").toString();
			},
			others: async () => {
				const { data, metadata, ...rest } = await now();
				// Which manager wrote which field when is the server's own record.
				return {
					...rest,
					data: { ...data, token: "" },
					metadata: { ...metadata, resourceVersion: "", managedFields: [] },
				};
			},
			meddle: async (value) => void (await cluster.ask("PATCH", path, { data: { token: encoded(value) } })),
			deny: async () => void (await cluster.ask("DELETE", `${rbac}/namespaces/${namespace}/rolebindings/rotate`)),
			credentials: [{ token: cluster.tokens.ci, fingerprint: "" }],
		};
	},
};

describe("kubernetes-secret on a real kube-apiserver", needs(kubeApiserver, etcd), () => {
	storeContract(store, expected);

	const [old, fresh] = [canary(), canary()];
	const write = { operation: randomUUID(), expected: old.fingerprint, value: { token: Secret.of(fresh.token) } };

	test("a dry run stores nothing, not even a new resourceVersion", async () => {
		const { path, settings, reach } = await place({ token: encoded(old.token) });
		const before = await cluster.ask("GET", path);
		expect(await store.open(settings, reach).check()).toEqual({
			can: "proven",
			how: "the server did the patch as a dry run",
		});
		expect(await cluster.ask("GET", path)).toEqual(before);
	});

	test("an immutable Secret is refused as the server would", async () => {
		const { path, settings, reach } = await place({ token: encoded(old.token) }, { immutable: true });
		expect(await store.open(settings, reach).promote(write)).toMatchObject({
			did: "refused",
			why: expect.stringContaining("immutable"),
		});
		const patch = await cluster.ask("PATCH", path, { data: { token: encoded(fresh.token) } }, [422]);
		expect(patch).toMatchObject({ reason: "Invalid", message: expect.stringContaining("immutable") });
	});

	test("a token of a service account, from within a pod", async () => {
		const { namespace, settings } = await place({ token: encoded(old.token) });
		const accounts = `api/v1/namespaces/${namespace}/serviceaccounts`;
		await cluster.ask("POST", accounts, { metadata: { name: "rotator" } });
		const subject = { kind: "ServiceAccount", name: "rotator", namespace };
		await cluster.ask("PATCH", `${rbac}/namespaces/${namespace}/rolebindings/rotate`, { subjects: [subject] });
		const issued = await cluster.ask("POST", `${accounts}/rotator/token`, { spec: {} });
		const { token } = issued["status"] as { token: string };
		const pod = "/var/run/secrets/kubernetes.io/serviceaccount";
		const { hostname, port } = new URL(cluster.url);
		const variables = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
		// The kubelet, which there is none of, would have put the certificate there.
		const request: StoreReach["request"] = (each) => {
			expect(each.tls).toEqual({ ca: `${pod}/ca.crt` });
			return reachWith().request({ ...each, tls: { ca: cluster.ca } });
		};
		const inPod = reachWith({ request }, { [`file:${pod}/token`]: token }, variables);
		const { name, key } = settings;
		expect(await store.open({ name, key }, inPod).promote(write)).toMatchObject({ did: "written" });
	});

	test("an exec plugin gives the token", async () => {
		const { namespace, settings } = await place({ token: encoded(old.token) });
		const apiVersion = "client.authentication.k8s.io/v1";
		const status = { kind: "ExecCredential", apiVersion, status: { token: cluster.tokens.ci } };
		const folder = scratch({ "status.json": JSON.stringify(status) });
		const script = 'case $KUBERNETES_EXEC_INFO in *ExecCredential*) cat "$0" ;; esac';
		const exec = { apiVersion, command: "sh", args: ["-c", script, join(folder, "status.json")] };
		const { files } = memoryFiles({ "/kubeconfig": config({ exec }, namespace) });
		expect(await store.open(settings, reachWith({ files })).check()).toMatchObject({ can: "proven" });
	});
});
