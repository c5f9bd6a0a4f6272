import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { store } from "../../../src/adapters/stores/vault-kv2/index.ts";
import { Secret } from "../../../src/token/secret.ts";
import { canary } from "../../harness/canary.ts";
import { etcd, startKubernetes } from "../../harness/kubernetes.ts";
import { startOpenBao } from "../../harness/openbao.ts";
import { kubeApiserver, needs, openbao } from "../../harness/parts.ts";
import { reachWith } from "../../harness/store.ts";

test(
	"a pod logs in to a real OpenBao, which asks a real kube-apiserver about its token",
	needs(openbao, kubeApiserver, etcd),
	async () => {
		const [bao, cluster] = await Promise.all([startOpenBao(), startKubernetes()]);
		const [old, fresh] = [canary(), canary()];
		const accounts = "api/v1/namespaces/default/serviceaccounts";
		await cluster.ask("POST", accounts, { metadata: { name: "rotator" } });
		const issued = await cluster.ask("POST", `${accounts}/rotator/token`, { spec: {} });
		const { token: jwt } = issued["status"] as { token: string };
		await bao.ask("POST", "secret/data/otel", { data: { token: old.token } });
		const policy = 'path "secret/data/otel" { capabilities = ["create", "read", "update"] }';
		await bao.ask("POST", "sys/policies/acl/otel", { policy });
		await bao.ask("POST", "sys/auth/kubernetes", { type: "kubernetes" });
		await bao.ask("POST", "auth/kubernetes/config", {
			kubernetes_host: cluster.url,
			kubernetes_ca_cert: cluster.ca,
			token_reviewer_jwt: cluster.tokens.admin,
			disable_local_ca_jwt: true,
		});
		await bao.ask("POST", "auth/kubernetes/role/otel", {
			bound_service_account_names: ["rotator"],
			bound_service_account_namespaces: ["default"],
			token_policies: ["otel"],
		});
		const open = (token: string) =>
			store.open(
				{ url: bao.url, mount: "secret", path: "otel", field: "token", auth: "kubernetes", role: "otel" },
				reachWith({}, { "file:/var/run/secrets/kubernetes.io/serviceaccount/token": token }),
			);
		const write = { operation: randomUUID(), expected: old.fingerprint, value: { token: Secret.of(fresh.token) } };
		expect(await open(jwt.replace(/.{20}$/, "A".repeat(20))).promote(write)).toMatchObject({
			did: "refused",
			why: expect.stringContaining("login"),
		});
		const inPod = open(jwt);
		expect(await inPod.check()).toMatchObject({ can: "proven" });
		expect(await inPod.promote(write)).toMatchObject({ did: "written" });
		await inPod.close?.();
	},
);
