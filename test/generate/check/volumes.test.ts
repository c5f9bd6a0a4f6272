import { describe, expect, test } from "vitest";
import { checkText } from "../../../src/api/collector.ts";
import { canary } from "../../harness/canary.ts";

const config = `receivers: {otlp: {protocols: {http: }}}
extensions: {bearertokenauth: {filename: /etc/crossfade/x.token}}
exporters: {otlp_http: {endpoint: "https://x.example.com", auth: {authenticator: bearertokenauth}}}
service: {extensions: [bearertokenauth], pipelines: {logs: {receivers: [otlp], exporters: [otlp_http]}}}
`;
const nested = (text: string, blanks: number) => text.replace(/^(?=.)/gm, " ".repeat(blanks));

/** A Deployment with its config; `volume` is what the token's folder is, `more` stands beside the collector's container. */
const pod = (volume: string, more = "", mount = "") => `kind: ConfigMap
metadata: {name: c}
data:
  relay: |
${nested(config, 4)}---
kind: Deployment
spec:
  template:
    spec:
${nested(more, 6)}      containers:
        - name: otelcol
          image: otel/opentelemetry-collector-contrib:0.155.0
          volumeMounts:
            - {name: t, mountPath: /etc/crossfade${mount}}
      volumes:
        - {name: t${volume}}
`;
const beside = (kind: string, container: string) => `${kind}:\n  - {name: w, image: w, ${container}}\n`;
const writes = "volumeMounts: [{name: t, mountPath: /out}]";

/** Everything but what is said about the config itself, and what it says of the volume. */
async function said(text: string, file = "pod.yaml"): Promise<string[]> {
	const found = await checkText(text, { distribution: "contrib", file, targetVersion: "0.155.0" });
	return found
		.filter(({ rule }) =>
			["cluster-unknown", "token-not-mounted", "written-once", "subpath", "immutable-secret"].includes(rule),
		)
		.map(({ severity, rule, what }) => `${severity} ${rule}: ${what}`);
}

describe("what a file tells of a new token's way into its volume", () => {
	test.each<[name: string, text: string, rule: string, part: string]>([
		["a Secret", pod(", secret: {secretName: s}"), "note cluster-unknown", "the Secret s is not in this file"],
		[
			"a projected Secret",
			pod(", projected: {sources: [{secret: {name: s}}]}"),
			"note cluster-unknown",
			"the Secret s is not in this file",
		],
		[
			"the secret store driver",
			pod(", csi: {driver: secrets-store.csi.k8s.io, readOnly: true, volumeAttributes: {secretProviderClass: c}}"),
			"note cluster-unknown",
			"rotation-poll-interval",
		],
		["another driver", pod(", csi: {driver: csi.example.com}"), "note cluster-unknown", "a CSI driver"],
		[
			"the secret store driver with subPath",
			pod(", csi: {driver: secrets-store.csi.k8s.io}", "", "/x.token, subPath: x.token"),
			"error subpath",
			"is mounted with subPath",
		],
		["an emptyDir alone", pod(", emptyDir: {}"), "warning token-not-mounted", "no other container"],
		[
			"an emptyDir and an init container",
			pod(", emptyDir: {medium: Memory}", beside("initContainers", writes)),
			"warning written-once",
			"only an init container",
		],
		[
			"an emptyDir and a sidecar that starts first",
			pod(", emptyDir: {}", beside("initContainers", `restartPolicy: Always, ${writes}`)),
			"note cluster-unknown",
			"whether the container that writes",
		],
		["a folder of the node", pod(", hostPath: {path: /x}"), "note cluster-unknown", "a folder of the node"],
		["a claim", pod(", persistentVolumeClaim: {claimName: c}"), "note cluster-unknown", "a volume of its own"],
		["a ConfigMap", pod(", configMap: {name: c}"), "note cluster-unknown", "comes from a ConfigMap"],
		[
			"a volume from elsewhere",
			pod(", emptyDir: {}").replace("- {name: t, emptyDir", "- {name: u, emptyDir"),
			"note cluster-unknown",
			"which this file does not define",
		],
	])("%s", async (_name, text, rule, part) => {
		const found = await said(text);
		expect(found.filter((each) => each.startsWith(`${rule}: `) && each.includes(part))).toHaveLength(1);
	});

	test("a token that the kubelet makes anew is no Secret of anybody", async () => {
		expect(await said(pod(", projected: {sources: [{serviceAccountToken: {path: x.token}}]}"))).toEqual([]);
	});

	test("an immutable Secret is found in a projected volume, too", async () => {
		const text = `${pod(", projected: {sources: [{secret: {name: s}}]}")}---\nkind: Secret\nmetadata: {name: s}\nimmutable: true\n`;
		expect(await said(text)).toEqual(["error immutable-secret: the Secret s is immutable"]);
	});
});

/** A Compose file in which the token's folder is mounted with these lines. */
const compose = (volumes: string, more = "") => `services:
  otelcol:
    image: otel/opentelemetry-collector-contrib:0.155.0
    volumes:
${nested(volumes, 6)}    configs: [c]
${more}configs:
  c:
    content: |
${nested(config, 6)}`;

describe("the same of Compose's volumes", () => {
	test.each<[name: string, text: string, expected: readonly string[]]>([
		[
			"a volume with a name",
			compose("- tokens:/etc/crossfade:ro\n"),
			[
				"note cluster-unknown: /etc/crossfade is the volume tokens: who writes a new token there, this file does not show",
			],
		],
		[
			"the same in the long form",
			compose("- {type: volume, source: tokens, target: /etc/crossfade}\n"),
			[
				"note cluster-unknown: /etc/crossfade is the volume tokens: who writes a new token there, this file does not show",
			],
		],
		[
			"a folder of the host under a name",
			compose(
				"- tokens:/etc/crossfade\n",
				"volumes: {tokens: {driver_opts: {type: none, o: bind, device: /etc/crossfade}}}\n",
			),
			[],
		],
		["a folder of the host", compose("- ./tokens:/etc/crossfade\n"), []],
		["a folder that a variable names", compose('- "${TOKENS}:/etc/crossfade"\n'), []],
		[
			"memory",
			compose("- {type: tmpfs, target: /etc/crossfade}\n"),
			["error token-not-mounted: /etc/crossfade is a tmpfs, which is empty when the container starts"],
		],
	])("%s", async (_name, text, expected) => {
		expect(await said(text, "compose.yaml")).toEqual(expected);
	});

	test("an image", async () => {
		const text = compose("- {type: image, source: tokens, target: /etc/crossfade}\n");
		const found = await checkText(text, { distribution: "contrib", file: "compose.yaml", targetVersion: "0.155.0" });
		expect(found.map(({ rule }) => rule)).toContain("file-mount");
	});
});

describe("what writes a token only once", () => {
	const read = (file: string) => config.replace("/etc/crossfade/x.token", file);
	const OF_UNIT = "is a credential of a systemd unit, which stays as it is until the service starts again";

	test.each<[file: string, expected: readonly string[]]>([
		[
			"/run/credentials/otelcol.service/token",
			[`warning written-once: /run/credentials/otelcol.service/token ${OF_UNIT}`],
		],
		['"${env:CREDENTIALS_DIRECTORY}/token"', [`warning written-once: \${env:CREDENTIALS_DIRECTORY}/token ${OF_UNIT}`]],
		[
			"/run/secrets/token",
			[
				"note written-once: /run/secrets/token is where container engines put secrets: if this is one, it stays as it is for as long as the container lives",
			],
		],
		["/run/secrets/otel/token", []],
		["/etc/otelcol/token", []],
	])("a config that reads %s", async (file, expected) => {
		expect(await said(read(file), "c.yaml")).toEqual(expected);
	});

	test("Alloy that reads such a file", async () => {
		const alloy = (name: string) => `local.file "t" {
	filename       = ${name}
	is_secret      = true
	poll_frequency = "1s"
}

otelcol.auth.bearer "t" {
	token = local.file.t.content
}
`;
		const rules = async (name: string) =>
			(await checkText(alloy(name), { distribution: "alloy", file: "a.alloy" })).map(({ rule }) => rule);
		expect(await rules('"/run/credentials/alloy.service/t"')).toContain("written-once");
		expect(await rules('sys.env("CREDENTIALS_DIRECTORY") + "/t"')).toContain("written-once");
		expect(await rules('"/etc/alloy/t"')).not.toContain("written-once");
	});

	test("a unit that hands credentials on, one of them with its value", async () => {
		const { token } = canary();
		const unit = `[Service]\nLoadCredential=token:/etc/a\nLoadCredentialEncrypted=tls\nSetCredential=b:${token}\nSetCredential=c:short\nExecStart=/usr/bin/otelcol\n`;
		const found = await checkText(unit, { distribution: "contrib", file: "otelcol.service" });
		expect(found.map(({ line, severity, rule }) => `${line} ${severity} ${rule}`)).toEqual([
			"1 note mounts-only",
			"2 warning written-once",
			"3 note written-once",
			"4 note written-once",
			"4 error token-literal",
			"5 note written-once",
		]);
		expect(JSON.stringify(found)).not.toContain(token);
	});

	test.each<[spec: string, expected: readonly string[]]>([
		["refreshInterval: 1h", []],
		["refreshInterval: 10m0s", []],
		[
			'refreshInterval: "0"',
			["warning written-once: the Secret s is not fetched again by itself (refreshInterval: 0)"],
		],
		[
			"refreshInterval: 0s",
			["warning written-once: the Secret s is not fetched again by itself (refreshInterval: 0s)"],
		],
		[
			"refreshPolicy: CreatedOnce",
			["warning written-once: the Secret s is not fetched again by itself (refreshPolicy: CreatedOnce)"],
		],
		[
			"refreshPolicy: OnChange",
			["warning written-once: the Secret s is not fetched again by itself (refreshPolicy: OnChange)"],
		],
		["target: {immutable: true}", ["error immutable-secret: the Secret s is made immutable"]],
	])("an ExternalSecret with %s", async (spec, expected) => {
		const text = `${pod(", secret: {secretName: s}")}---\nkind: ExternalSecret\nmetadata: {name: s}\nspec: {${spec}}\n`;
		expect(await said(text)).toEqual([
			"note cluster-unknown: the Secret s is written by the controller of an ExternalSecret: whether a new token has come there, only the cluster knows",
			...expected,
		]);
	});
});

test("ConfigMaps that the operator mounts are mounts", async () => {
	const resource = (file: string) =>
		`kind: OpenTelemetryCollector\nmetadata: {name: a}\nspec:\n  configmaps: [{name: m, mountpath: /x/}]\n  config:\n${nested(config.replace("/etc/crossfade/x.token", file), 4)}`;
	expect(await said(resource("/var/conf/x/configmap-m/token"))).toEqual([
		"note cluster-unknown: /var/conf/x/configmap-m comes from a ConfigMap: who writes a token there, and who may read it, only the cluster knows",
	]);
	expect(await said(resource("/var/conf/m/token"))).toEqual([expect.stringMatching(/^error token-not-mounted/)]);
});

test.each<[annotations: string, expected: readonly string[]]>([
	['reloader.stakater.com/auto: "true"', ["warning"]],
	['secretproviderclass.reloader.stakater.com/auto: "true"', ["warning"]],
	['reloader.stakater.com/search: "true"', ["note"]],
	['reloader.stakater.com/auto: "true", secrets.exclude.reloader.stakater.com/reload: s', ["note"]],
	['reloader.stakater.com/auto: "false"', []],
	['configmap.reloader.stakater.com/auto: "true"', []],
])("Reloader with %s", async (annotations, expected) => {
	const text = `${pod(", secret: {secretName: s}")}---\nkind: Deployment\nmetadata: {annotations: {${annotations}}}\n`;
	const found = await checkText(text, { distribution: "contrib", file: "pod.yaml", targetVersion: "0.155.0" });
	expect(found.filter(({ rule }) => rule === "needless-restart").map(({ severity }) => severity)).toEqual(expected);
});
