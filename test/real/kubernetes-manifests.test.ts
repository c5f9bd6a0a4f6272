import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { distributionIds, loadDistribution } from "../../src/adapters/collectors/registry.ts";
import { scratch } from "../harness/cli.ts";
import { crossfade } from "../harness/command.ts";
import { etcd, type Kubernetes, startKubernetes } from "../harness/kubernetes.ts";
import { kubeApiserver, needs } from "../harness/parts.ts";

interface Resource {
	readonly apiVersion: string;
	readonly kind: string;
	readonly metadata: { readonly name: string };
	readonly spec?: { readonly template: { readonly metadata: object; readonly spec: object } };
}

/** All resources that `crossfade collector --platform kubernetes` writes for a distribution. */
async function written(id: string): Promise<Resource[]> {
	const cwd = scratch();
	const { code, stderr } = await crossfade(["collector", "-d", id, "--platform", "kubernetes", "--out", "out"], {
		cwd,
	});
	expect(code, stderr).toBe(0);
	const files = readdirSync(join(cwd, "out"), { recursive: true, encoding: "utf8" });
	return files
		.filter((name) => name.endsWith(".yaml"))
		.flatMap((name) => parseAllDocuments(readFileSync(join(cwd, "out", name), "utf8")).map((each) => each.toJS()))
		.filter((each) => each?.apiVersion !== undefined && each?.kind !== undefined);
}

const DRY = "dryRun=All&fieldValidation=Strict";

function pathOf({ apiVersion, kind }: Resource, namespace: string): string {
	const group = apiVersion.includes("/") ? `apis/${apiVersion}` : `api/${apiVersion}`;
	return `${group}/namespaces/${namespace}/${kind.toLowerCase()}s?${DRY}`;
}

/** A namespace that takes only restricted pods, and one that takes all. */
async function withNamespaces(): Promise<Kubernetes> {
	const cluster = await startKubernetes();
	for (const [name, level] of [
		["restricted", "restricted"],
		["any", "privileged"],
	]) {
		const labels = { "pod-security.kubernetes.io/enforce": level };
		await cluster.ask("POST", "api/v1/namespaces", { metadata: { name, labels } });
		// No controller is here, which would make it.
		await cluster.ask("POST", `api/v1/namespaces/${name}/serviceaccounts`, { metadata: { name: "default" } }, [409]);
	}
	return cluster;
}

describe(
	"a real kube-apiserver takes what is written for Kubernetes, field by field",
	needs(kubeApiserver, etcd),
	() => {
		test("of every distribution, and its pods where restricted ones are enforced, unless they say that they run as root", async () => {
			const cluster = await withNamespaces();
			const taken: string[] = [];
			for (const id of distributionIds) {
				const host = (await loadDistribution(id))?.hosts.kubernetes;
				if (!host) continue;
				const namespace = host.owner.startsWith("0:") ? "any" : "restricted";
				for (const resource of await written(id)) {
					await cluster.ask("POST", pathOf(resource, namespace), resource);
					taken.push(`${id} ${resource.kind}`);
					// Nothing makes a pod of it here, so that the admission of pods has to be asked for it.
					const { metadata, spec } = resource.spec?.template ?? {};
					if (!spec) continue;
					const pod = { metadata: { ...metadata, name: "pod" }, spec };
					expect(await cluster.ask("POST", `api/v1/namespaces/${namespace}/pods?${DRY}`, pod)).toMatchObject({
						kind: "Pod",
					});
				}
			}
			expect(taken).toContain("contrib Deployment");
			expect(taken.length).toBeGreaterThan(20);
		});

		test("and refuses a misspelt field, and there a pod that is not restricted", async () => {
			const cluster = await withNamespaces();
			const [config] = (await written("contrib")).filter(({ kind }) => kind === "ConfigMap");
			if (!config) throw new Error("a ConfigMap");
			const misspelt = cluster.ask("POST", pathOf(config, "any"), { ...config, dta: {} });
			await expect(misspelt).rejects.toThrow(/unknown field .*dta/);
			const pod = { metadata: { name: "pod" }, spec: { containers: [{ name: "a", image: "a" }] } };
			const unrestricted = cluster.ask("POST", `api/v1/namespaces/restricted/pods?${DRY}`, pod);
			await expect(unrestricted).rejects.toThrow(/violates PodSecurity/);
		});
	},
);
