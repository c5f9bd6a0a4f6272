import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { crossfade } from "../harness/command.ts";
import { etcd, startKubernetes } from "../harness/kubernetes.ts";
import { kubeApiserver, needs, program } from "../harness/parts.ts";
import { rotationWorld } from "../harness/rotate.ts";

const promtool = program("promtool");

const systemdAnalyze = program("systemd-analyze");

test.each([
	["a plain path", "fleet"],
	["a path that a unit would expand", 'a $HOME 100%i "q" \\b'],
])("systemd-analyze has no remark on the units for %s", needs(systemdAnalyze), async (_, name) => {
	const world = await rotationWorld("torii");
	const folder = join(world.cwd, name);
	mkdirSync(folder);
	writeFileSync(join(folder, "crossfade.yaml"), world.fleet);
	const bin = join(folder, "bin");
	mkdirSync(bin);
	writeFileSync(join(bin, "crossfade"), "#!/bin/sh\n", { mode: 0o755 });
	const env = { PATH: `${bin}:${process.env["PATH"]}`, USER: "root" };
	const args = ["rotate", "schedule", "systemd", "it", "--every", "30d", "--fleet", join(folder, "crossfade.yaml")];
	const { code, stderr } = await crossfade([...args, "--out", "units"], { cwd: world.cwd, env });
	expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
	const units = ["service", "timer"].map((kind) => join(world.cwd, `units/crossfade-rotate-it.${kind}`));
	const said = spawnSync(systemdAnalyze.path, ["verify", "--man=no", ...units], { encoding: "utf8" });
	expect({ status: said.status, stderr: said.stderr }).toEqual({ status: 0, stderr: "" });
});

test(
	"a real kube-apiserver takes the CronJob, and its pod in a restricted namespace",
	needs(kubeApiserver, etcd),
	async () => {
		const world = await rotationWorld("torii", { store: "confirm: person, within: 1h" });
		const job = parse(await world.rotateAny("ok", "schedule", "kubernetes", "it", "--every", "30d"));
		const cluster = await startKubernetes();
		const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
		await cluster.ask("POST", "api/v1/namespaces", { metadata: { name: "it", labels } });
		const dry = "dryRun=All&fieldValidation=Strict";
		await cluster.ask("POST", `apis/batch/v1/namespaces/it/cronjobs?${dry}`, job);
		// No controller is here, which would make the account and, from the CronJob, the pod.
		await cluster.ask("POST", "api/v1/namespaces/it/serviceaccounts", { metadata: { name: "default" } }, [409]);
		const pod = { metadata: { name: "it" }, spec: job.spec.jobTemplate.spec.template.spec };
		const made = await cluster.ask("POST", `api/v1/namespaces/it/pods?${dry}`, pod);
		expect(made).toMatchObject({ kind: "Pod", spec: { restartPolicy: "Never" } });
		pod.spec.containers[0].securityContext.allowPrivilegeEscalation = true;
		expect(await cluster.ask("POST", `api/v1/namespaces/it/pods?${dry}`, pod, [403])).toMatchObject({ code: 403 });
	},
);

test("promtool has no remark on status --prometheus", needs(promtool), async () => {
	const world = await rotationWorld("torii");
	await world.rotate("personNeeded", "start");
	await world.click();
	await world.rotate("personNeeded", "resume", "--token", "file:new.token");
	await world.rotate("personNeeded", "status", "--prometheus", "crossfade.prom");
	const said = execFileSync(promtool.path, ["check", "metrics"], {
		input: world.read("crossfade.prom"),
		encoding: "utf8",
		stdio: ["pipe", "pipe", "pipe"],
	});
	expect(said).toBe("");
});
