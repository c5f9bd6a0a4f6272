import { join } from "node:path";
import { expect, test } from "vitest";
import { exitCodes } from "../../../src/base/errors.ts";
import { etcd, startKubernetes } from "../../harness/kubernetes.ts";
import { startMoto } from "../../harness/moto.ts";
import { startOpenBao } from "../../harness/openbao.ts";
import { kubeApiserver, moto, needs, openbao } from "../../harness/parts.ts";
import { rotationWorld } from "../../harness/rotate.ts";

const encoded = (value: string) => Buffer.from(value).toString("base64");

test(
	"one rotation by the command line into a real OpenBao, a real kube-apiserver, moto, a file of variables and a token file, and back",
	needs(openbao, kubeApiserver, etcd, moto),
	async () => {
		const [bao, cluster, aws, world] = await Promise.all([
			startOpenBao(),
			startKubernetes(),
			startMoto(),
			rotationWorld("torii"),
		]);
		const { first, cwd } = world;
		await bao.ask("POST", "secret/data/otel", { data: { token: first, endpoint: "kept" } });
		await cluster.ask("POST", "api/v1/namespaces/default/secrets", {
			metadata: { name: "otel" },
			data: { token: encoded(first), endpoint: encoded("kept") },
		});
		await aws.ask("CreateSecret", { Name: "otel", SecretString: JSON.stringify({ endpoint: "kept", token: first }) });
		world.write("app.env", `ENDPOINT=kept\nOTEL_TOKEN='${first}'\n`);
		world.write("bao.token", bao.token);
		const config = {
			"current-context": "test",
			contexts: [{ name: "test", context: { cluster: "c", user: "u" } }],
			clusters: [{ name: "c", cluster: { server: cluster.url, "certificate-authority-data": encoded(cluster.ca) } }],
			users: [{ name: "u", user: { token: cluster.tokens.admin } }],
		};
		world.write("kubeconfig", JSON.stringify(config));
		const stores = [
			`  vault: { kind: vault-kv2, url: "${bao.url}", path: otel, token: "file:bao.token", confirm: person }`,
			"  cluster: { kind: kubernetes-secret, name: otel, kubeconfig: kubeconfig, confirm: person }",
			`  aws: { kind: aws-secrets-manager, secret-id: otel, field: token, endpoint: "${aws.url}", confirm: person }`,
			"  env: { kind: env-file, path: app.env, key: OTEL_TOKEN, reader: systemd, confirm: person }",
		];
		const names = ["file", "vault", "cluster", "aws", "env"];
		world.write(
			"crossfade.yaml",
			world.fleet
				.replace("rotations:", [...stores, "rotations:"].join("\n"))
				.replace("stores: [file]", `stores: [${names.join(", ")}]`),
		);
		const env = {
			AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
			AWS_SECRET_ACCESS_KEY: "not-a-key-of-anybody-at-all",
			AWS_REGION: "eu-central-1",
			AWS_EC2_METADATA_DISABLED: "true",
		};
		const rotate = async (exit: keyof typeof exitCodes, verb: string, ...flags: string[]) => {
			const { code, stdout, stderr } = await world.process(verb, flags, { env });
			expect(`${verb}: ${code}\n${stdout}${stderr}`).toMatch(new RegExp(`^${verb}: ${exitCodes[exit][0]}\n`));
			return stdout + stderr;
		};
		const held = async () => {
			const kept = (await bao.ask("GET", "secret/data/otel")).data as unknown as {
				data: { data: Record<string, string> };
			};
			const { data } = (await cluster.ask("GET", "api/v1/namespaces/default/secrets/otel")) as {
				data: Record<string, string>;
			};
			const secret = await aws.ask("GetSecretValue", { SecretId: "otel", VersionStage: "AWSCURRENT" });
			const all = [
				kept.data.data,
				Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString()])),
				JSON.parse(String(secret["SecretString"])),
			];
			for (const each of all) expect(each["endpoint"]).toBe("kept");
			const [, variable] = /^ENDPOINT=kept\nOTEL_TOKEN='(.*)'\n$/.exec(world.read("app.env")) ?? [];
			return [world.read("live.token"), ...all.map((each) => each["token"]), variable];
		};
		const everywhere = (token: string) => names.map(() => token);

		await rotate("ok", "plan");
		expect(await held()).toEqual(everywhere(first));
		await rotate("personNeeded", "start");
		const fresh = await world.click();
		await rotate("personNeeded", "resume", "--token", `file:${join(cwd, "new.token")}`);
		expect(await held()).toEqual(everywhere(fresh));
		await rotate("personNeeded", "rollback");
		expect(await held()).toEqual(everywhere(first));
		await rotate("personNeeded", "resume", "--forward");
		expect(await held()).toEqual(everywhere(fresh));
		for (const name of names.slice(1))
			await rotate("personNeeded", "resume", "--confirmed", name, "--because", "seen in its log");
		await rotate("waiting", "resume", "--confirmed", "file", "--because", "seen in its log");
		await world.later("24h2m");
		expect(await rotate("ok", "resume")).toContain("this operation is over: done");
		expect(await held()).toEqual(everywhere(fresh));
	},
);
