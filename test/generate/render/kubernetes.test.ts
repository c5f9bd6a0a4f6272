import { describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import type { Distribution } from "../../../src/adapters/collectors/distribution.ts";
import { distributionIds, loadDistribution } from "../../../src/adapters/collectors/registry.ts";
import type { Flags } from "../../../src/spec/flags.ts";
import { bundleOf } from "../../contracts/collector.ts";

/**
 * What we write for Kubernetes, against rules of its API and of its Pod Security Standards. A real API server is asked by
 * test/real/kubernetes-manifests.test.ts.
 */

// biome-ignore lint/suspicious/noExplicitAny: manifests are read as any program would
type Loose = any;

const all = await Promise.all(distributionIds.map(async (id) => [id, await loadDistribution(id)] as const));
const inKubernetes = all.flatMap(([id, found]) => (found?.hosts.kubernetes ? [[id, found] as const] : []));
const base = (id: string): Flags => ({ distribution: id, platform: "kubernetes", name: "acme" });

async function written(id: string, flags: Flags = {}) {
	const files = await bundleOf(id, { ...base(id), ...flags });
	const documents: Loose[] = parseAllDocuments(files.get("kubernetes.yaml") ?? "").map((each) => each.toJS());
	const of = (kind: string) => documents.find((each) => each.kind === kind);
	const values: Loose = parse(files.get("values.yaml") ?? "{}");
	const pod = of("Deployment").spec.template;
	return { files, of, values, pod, container: pod.spec.containers[0], runbook: files.get("RUNBOOK.md") ?? "" };
}

/** A value of nested maps, by keys with dots between them. */
const at = (map: Loose, path: readonly string[] | undefined): Loose => path?.reduce((each, key) => each?.[key], map);

describe.each(inKubernetes)("%s in Kubernetes", (id, distribution: Distribution) => {
	const host = distribution.hosts.kubernetes;
	const helm = host?.helm;
	const isRoot = host?.owner.startsWith("0:");

	if (isRoot) {
		test("says that it runs as root", async () => {
			expect((await written(id)).runbook).toMatch(/as root/);
		});
	} else
		test("runs where restricted pods are enforced, from the manifests and from the chart", async () => {
			const { pod, container, values } = await written(id);
			const forPod = { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } };
			const forContainer = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };
			expect(pod.spec.securityContext).toMatchObject(forPod);
			expect(pod.spec.securityContext.runAsUser).toBeGreaterThan(0);
			expect(container.securityContext).toEqual(forContainer);
			if (!helm) return;
			expect(at(values, helm.podSecurity)).toMatchObject(forPod);
			for (const path of helm.containerSecurity ?? []) expect(at(values, path)).toEqual(forContainer);
		});

	test("has a memory limit for the percentages of its memory limiter", async () => {
		const { container, values } = await written(id);
		expect(container.resources.limits.memory).toMatch(/^\d+Mi$/);
		if (helm?.resources) expect(at(values, helm.resources).limits.memory).toBe(container.resources.limits.memory);
	});

	test("serves its own metrics to the outside of the pod, and not through the Service, which balances", async () => {
		const { of, container, files } = await written(id);
		const port = Number(new URL(distribution.metrics.url).port);
		expect(container.ports).toContainEqual({ name: "metrics", containerPort: port });
		const served = of("Service").spec.ports.map((each: { port: number }) => each.port);
		expect(served).toEqual([4317, 4318]);
		const config = files.get(distribution.configFile) ?? "";
		const listens = distribution.dialect === "alloy" ? JSON.stringify(container.args) : config;
		expect(listens).toMatch(new RegExp(`0\\.0\\.0\\.0:${port}|host: 0\\.0\\.0\\.0\\s+port: ${port}`));
	});

	test("overwrites nobody's objects: all of them have the backend's name", async () => {
		const { of, pod } = await written(id);
		for (const kind of ["ConfigMap", "Deployment", "Service"]) expect(of(kind).metadata.name).toBe("otelcol-acme");
		expect(pod.spec.volumes[0].configMap.name).toBe("otelcol-acme");
	});

	test("keeps a queue on disk on a claim with one writer", async () => {
		const { files, pod, of, values } = await written(id, { queue: "persistent" });
		const claim = of("PersistentVolumeClaim");
		expect(claim).toMatchObject({ metadata: { name: "acme-queue" }, spec: { accessModes: ["ReadWriteOnce"] } });
		const [, forChart] = / echo '(\{"apiVersion.*)' \| kubectl/.exec(files.get("RUNBOOK.md") ?? "") ?? [];
		if (helm) expect(JSON.parse(forChart ?? "null")).toEqual(claim);
		const volume = { name: "queue", persistentVolumeClaim: { claimName: claim.metadata.name } };
		expect(pod.spec.volumes).toContainEqual(volume);
		expect(of("Deployment").spec.strategy).toEqual({ type: "Recreate" });
		if (helm) expect(at(values, helm.volumes)).toContainEqual(volume);
		if (helm?.recreate) expect(at(values, helm.recreate.path)).toEqual(helm.recreate.value);
		expect([...files.values()].join("\n")).not.toContain("emptyDir");
	});

	if (helm)
		test("has a chart's release install this version, and open no port at which nothing listens", async () => {
			const { values, container } = await written(id);
			if (!helm?.release) expect(at(values, helm?.tag)).toBe(container.image.split(":").at(-1));
			const ports = helm?.ports?.form === "map" ? (at(values, helm.ports.path) ?? {}) : {};
			const open = Object.entries<Loose>(ports).filter(([, port]) => port.enabled !== false);
			expect(open.filter(([name]) => /jaeger|zipkin/.test(name))).toEqual([]);
			if (helm?.ports?.hasOtlp === false) expect(JSON.stringify(at(values, helm.ports.path))).toMatch(/4317.*4318/);
		});

	test("names in its runbook the workload that the manifests and the chart make, and every pod of it", async () => {
		const { runbook, pod, of } = await written(id, { delivery: "auto" });
		const selectors = [...runbook.matchAll(/ -l (\S+)/g)].map(([, text = ""]) => text);
		const labels = (text: string) => Object.fromEntries(text.split(",").map((each) => each.split("=")));
		expect(selectors.length).toBeGreaterThan(0);
		for (const selector of host?.pods ? [] : selectors) {
			expect(pod.metadata.labels).toMatchObject(labels(selector));
			expect(of("Deployment").metadata.labels).toMatchObject(labels(selector));
			if (helm) expect(runbook).toContain("helm upgrade --install acme ");
		}
		expect(runbook).not.toMatch(/port-forward|deployment\/|--force-conflicts -f|RELEASE/);
	});
});

test("the page that counts senders is a port of the pods alone", async () => {
	const { container, of, values, runbook } = await written("contrib", { attribute: "senders" });
	expect(container.ports).toContainEqual({ name: "attribution", containerPort: 9464 });
	expect(JSON.stringify(of("Service"))).not.toContain("9464");
	expect(values.ports.attribution).toMatchObject({ enabled: true, containerPort: 9464 });
	expect(runbook).toContain("$pod:9464/proxy/metrics");
});
