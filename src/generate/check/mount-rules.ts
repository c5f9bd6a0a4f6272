import { CORE, MEASURED, type Rule } from "./rule.ts";

/** Rules about how a token gets into a container. */
export const mountRules = {
	"token-not-mounted": {
		severity: "error",
		title: "nothing mounts the token file",
		why: "A collector whose token file is missing does not start, with all its pipelines.",
		fix: "Mount the folder of the file into the collector's container.",
		source: MEASURED,
	},
	"immutable-secret": {
		severity: "error",
		title: "the Secret with the token is immutable",
		why: "Its value cannot be changed, and kubelets stop watching it: a rotation needs a new Secret and new pods.",
		fix: "Remove immutable: true (delete the Secret and create it again).",
		source: "https://kubernetes.io/docs/concepts/configuration/secret/#secret-immutable",
	},
	"secret-newline": {
		severity: "warning",
		title: "a value in a Secret ends with a line break",
		why: "A token that is read with ${file:…} or from a variable keeps it: the header is invalid and nothing is ever sent.",
		fix: "Write the value without one: kubectl create secret … --from-file with a file made by printf %s; in YAML use |- in place of |.",
		source: MEASURED,
	},
	"needless-restart": {
		severity: "warning",
		title: "a change of the Secret restarts a collector that follows the file by itself",
		why: "Every rotation restarts the pods for nothing: receivers are closed meanwhile, and what waits in a queue in memory can be lost.",
		fix: "Let only a change of the config restart it: remove the annotation for the Secret.",
		source: "https://github.com/stakater/Reloader",
	},
	"sidecar-group": {
		severity: "warning",
		title: "the collector's sidecar may not read its token file",
		why: "The operator copies container and volumes into the application's pod, but no securityContext: without the pod's own fsGroup a file with mode 0440 keeps the sidecar from starting.",
		fix: "Set securityContext.fsGroup in the pods that get the sidecar, or a defaultMode of 0444.",
		source: "https://github.com/open-telemetry/opentelemetry-operator",
	},
	"limit-without-total": {
		severity: "warning",
		title: "limit_percentage without a memory limit",
		why: "The percentage is of the container's memory limit; without one it is of the whole node, and the limiter acts too late.",
		fix: "Set resources.limits.memory, or limit_mib in place of limit_percentage.",
		source: `${CORE}/tree/v0.159.0/processor/memorylimiterprocessor`,
	},
	"cluster-unknown": {
		severity: "note",
		title: "only the cluster knows",
		why: "How the token file gets into the pod decides whether a rotation arrives; this file does not show it.",
		fix: "Check the mount (a folder, no subPath) and the Secret (not immutable) in the cluster.",
		source: "https://kubernetes.io/docs/concepts/configuration/secret/#using-secrets-as-files-from-a-pod",
	},
	"written-once": {
		severity: "warning",
		title: "a token is put in place only once",
		why: "What wrote it does so at the start of its pod or service, or when it is made, and not again: a new token arrives only with the next one.",
		fix: "Mount the Secret itself, or have something write the file that keeps running; otherwise start the pods or the service again after every rotation.",
		source: "https://kubernetes.io/docs/concepts/workloads/pods/init-containers/",
	},
	subpath: {
		severity: "error",
		title: "a token is mounted with subPath",
		why: "Kubernetes never updates a subPath mount: the collector keeps the old token until the pod is replaced.",
		fix: "Mount the Secret as a directory.",
		source: "https://kubernetes.io/docs/concepts/configuration/secret/#using-secrets-as-files-from-a-pod",
	},
	"file-mount": {
		severity: "error",
		title: "a token is mounted as a single file",
		why: "A bind mount of a file keeps the old inode: a replaced file is never seen inside the container.",
		fix: "Mount the directory that contains the file.",
		source: MEASURED,
	},
} as const satisfies Readonly<Record<string, Rule>>;
