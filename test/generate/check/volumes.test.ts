import { describe, expect, test } from "vitest";
import { checkText } from "../../../src/api/collector.ts";

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
