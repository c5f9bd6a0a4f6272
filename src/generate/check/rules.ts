export type Severity = "error" | "warning" | "note";

/** A rule, for `--explain` and SARIF. */
export interface Rule {
	readonly severity: Severity;
	readonly title: string;
	/** The consequence of ignoring it. */
	readonly why: string;
	readonly fix: string;
	/** Source of the fact behind it. */
	readonly source: string;
}

const CORE = "https://github.com/open-telemetry/opentelemetry-collector";
const CONTRIB = "https://github.com/open-telemetry/opentelemetry-collector-contrib";
const MEASURED = "measured on otelcol 0.155.0, see test/real";

/** Every rule by id. Ids are stable: suppressions, dashboards and CI logs use them. */
export const rules = {
	syntax: {
		severity: "error",
		title: "the file cannot be parsed",
		why: "The collector refuses to start, and a running one exits on reload.",
		fix: "Correct the named place.",
		source: "https://yaml.org/spec/1.2.2/",
	},
	"no-config": {
		severity: "error",
		title: "nothing was checked",
		why: "A file without a collector config that can be read proves nothing about any collector.",
		fix: "Name the file that holds the pipelines.",
		source: "https://opentelemetry.io/docs/collector/configuration/",
	},
	"no-pipelines": {
		severity: "error",
		title: "the config has no pipelines",
		why: "The collector refuses it, and nothing of what would be sent was checked.",
		fix: "Name the file that has service.pipelines; of several --config files, check the merged config (print-config).",
		source: `${CORE}/blob/main/otelcol/config.go`,
	},
	"second-document": {
		severity: "error",
		title: "a config that the collector does not read",
		why: "Of a file with several YAML documents the collector reads the first alone.",
		fix: "Write it to a file of its own, or remove what stands before it.",
		source: MEASURED,
	},
	"mounts-only": {
		severity: "note",
		title: "only mounts and Secrets were checked",
		why: "A manifest or compose file without a collector config says how the token arrives, and nothing of what is sent.",
		fix: "Check the collector's config, too.",
		source: "https://kubernetes.io/docs/concepts/configuration/secret/",
	},
	"unknown-section": {
		severity: "error",
		title: "a top-level section is unknown",
		why: "The collector refuses the whole config.",
		fix: "Use receivers, processors, exporters, connectors, extensions or service; check the spelling.",
		source: `${CORE}/blob/main/otelcol/unmarshaler.go`,
	},
	"unknown-component": {
		severity: "error",
		title: "this distribution has no such component",
		why: "The collector refuses the whole config, although another build would take it.",
		fix: "Use a component of this distribution, or run a build that has it.",
		source: `${CORE}-releases`,
	},
	"deprecated-component": {
		severity: "warning",
		title: "the component was renamed",
		why: "The old name is an alias that will be removed; until then every start logs a deprecation warning.",
		fix: "Use the new name.",
		source: `${CONTRIB}/blob/main/CHANGELOG.md`,
	},
	"unknown-field": {
		severity: "error",
		title: "a component has no such setting",
		why: "The collector refuses a config with unknown settings.",
		fix: "Check the spelling and the indentation.",
		source: `${CORE}/tree/v0.159.0`,
	},
	"wrong-type": {
		severity: "error",
		title: "a value has the wrong type",
		why: "The collector refuses the whole config: it makes no number or boolean of a text, and no list of a word.",
		fix: "Write it as the setting wants it: numbers, true and false without quotes, lists in brackets.",
		source: MEASURED,
	},
	"refused-value": {
		severity: "error",
		title: "a value that the collector refuses",
		why: "The collector does not start: a size or time is out of bounds or does not fit to another one, its default included, or a processor is listed twice.",
		fix: "Change one of the two values.",
		source: MEASURED,
	},
	"no-scheme": {
		severity: "error",
		title: "an HTTP exporter's address does not begin with http:// or https://",
		why: "The collector starts, and every export fails: what waits in the queue is retried, then dropped.",
		fix: "Write https:// in front of it.",
		source: MEASURED,
	},
	"missing-setting": {
		severity: "error",
		title: "a component lacks a setting without which it does not start",
		why: "The collector refuses the whole config.",
		fix: "Add the setting.",
		source: MEASURED,
	},
	"invalid-id": {
		severity: "error",
		title: "no component or pipeline can have this name",
		why: "The collector refuses the whole config.",
		fix: "Use TYPE or TYPE/NAME, without blanks and with a name behind the slash.",
		source: `${CORE}/blob/main/component/identifiable.go`,
	},
	"not-read": {
		severity: "warning",
		title: "a part of the config is not in this file",
		why: "What a provider such as ${file:…} or ${env:…} puts in was not looked at. An error where the pipelines are such a part: then nothing of what is sent was checked.",
		fix: "Check the config as the collector puts it together (print-config), too.",
		source: `${CORE}/blob/main/confmap/README.md`,
	},
	"duplicate-block": {
		severity: "error",
		title: "something is defined twice",
		why: "Alloy refuses the whole config.",
		fix: "Remove one, or give it another label.",
		source: "https://grafana.com/docs/alloy/latest/get-started/configuration-syntax/syntax/",
	},
	"connector-cycle": {
		severity: "error",
		title: "what is sent comes back to where it was",
		why: "The collector refuses the whole config.",
		fix: "Take out one of the connections.",
		source: MEASURED,
	},
	"missing-reference": {
		severity: "error",
		title: "a reference to an undefined component",
		why: "The collector refuses the whole config.",
		fix: "Define it, or correct the name.",
		source: `${CORE}/blob/main/otelcol/config.go`,
	},
	"not-in-this-file": {
		severity: "warning",
		title: "a reference that only a Helm chart or another values file can define",
		why: "Charts merge the config in the values with their own; if neither has the component, the collector refuses the whole config.",
		fix: "Check the rendered config: helm template, then crossfade check.",
		source: "https://helm.sh/docs/chart_template_guide/values_files/",
	},
	"unused-component": {
		severity: "note",
		title: "a component is defined but not used",
		why: "It is never started and has no effect.",
		fix: "Add it to a pipeline or to service.extensions, or remove it.",
		source: `${CORE}/blob/main/service/config.go`,
	},
	"unlisted-extension": {
		severity: "error",
		title: "an extension is used but missing from service.extensions",
		why: "Validation passes, but the collector fails at start.",
		fix: "Add it to the list service.extensions.",
		source: MEASURED,
	},
	"empty-pipeline": {
		severity: "error",
		title: "a pipeline has no receivers or no exporters",
		why: "The collector refuses the whole config.",
		fix: "Add at least one of each.",
		source: `${CORE}/blob/main/service/pipelines/config.go`,
	},
	"unknown-signal": {
		severity: "error",
		title: "a pipeline's name does not begin with a signal",
		why: "The collector refuses the whole config.",
		fix: "Begin the name with traces, metrics, logs or profiles, e.g. logs/edge.",
		source: `${CORE}/blob/main/pipeline/pipeline.go`,
	},
	"one-sided-connector": {
		severity: "error",
		title: "a connector has nothing on one of its sides",
		why: "The collector refuses the whole config: a connector must be an exporter of one pipeline and a receiver of another, of a signal that it makes.",
		fix: "Also use it on the other side, in a pipeline of a signal that it makes.",
		source: `${CORE}/blob/main/otelcol/config.go`,
	},
	"token-from-env": {
		severity: "warning",
		title: "a token comes from an environment variable",
		why: "A running process never sees a new value, whatever signal it gets: it stays on the old token, and once that expires, every event is permanently dropped. An error for a token that is certainly rotated: that of a provider in our tables, or of an exporter that crossfade added.",
		fix: "Read the token from a watched file (bearertokenauth.filename; Alloy: local.file), or restart after every rotation.",
		source: MEASURED,
	},
	"token-literal": {
		severity: "error",
		title: "the file contains a token",
		why: "Anyone who can read the file, its backups or its repository has the token, and rotating it means editing and reloading.",
		fix: "Put it in a separate file (0400) and rotate it: treat it as leaked.",
		source: "https://owasp.org/www-project-top-ten/",
	},
	"token-in-url": {
		severity: "error",
		title: "a URL contains a credential",
		why: "Endpoints are not redacted: they are printed with every failed export and become a label of the collector's own metrics.",
		fix: "Remove it from the URL and use an authenticator extension.",
		source: `${CORE}/blob/main/exporter/otlphttpexporter/otlp.go`,
	},
	"token-read-once": {
		severity: "warning",
		title: "a token is fetched only when the config is read",
		why: "Of the providers that put values into a config, none of the upstream ones notices a new value: the collector keeps the old token until it reloads.",
		fix: "Read the token from a watched file (bearertokenauth.filename), or reload after every rotation; of a distribution's own provider, see its documentation.",
		source: `${CONTRIB}/tree/v0.159.0/confmap/provider`,
	},
	"file-newline": {
		severity: "warning",
		title: "a header is read with ${file:…}, which keeps a line break",
		why: "A trailing newline in the file makes the header invalid: validation passes, but nothing is ever sent.",
		fix: "Write the file without a line break (printf %s), or use bearertokenauth.filename, which trims it.",
		source: MEASURED,
	},
	"grpc-first-token": {
		severity: "error",
		title: "a gRPC exporter keeps the first token",
		why: "Before 0.120.0 the authenticator reads the file again, but gRPC exporters go on sending the token they started with.",
		fix: "Upgrade to 0.120.0 or later, use the OTLP/HTTP exporter, or restart after every rotation.",
		source: `${CONTRIB}/pull/36749`,
	},
	"watch-broken": {
		severity: "error",
		title: "this release loses sight of a replaced token file",
		why: "Releases 0.140.0 to 0.150.x do not notice when Kubernetes replaces the files of a mounted Secret, and may miss a rename.",
		fix: "Upgrade to 0.151.0 or later, or restart after every rotation.",
		source: `${CONTRIB}/pull/45953`,
	},
	"header-not-forwarded": {
		severity: "error",
		title: "a header of the client does not reach the exporter",
		why: "headers_setter takes it from the request's context; without it the exporter sends no header, and the backend refuses the data or takes it for another's.",
		fix: "Set include_metadata on the receiver, and list the header in metadata_keys of every batch in between.",
		source: `${CONTRIB}/tree/v0.159.0/extension/headerssetterextension`,
	},
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
	"queue-off": {
		severity: "error",
		title: "an exporter has no queue",
		why: "Its failures reach the receivers, so clients resend everything, also to the other exporters.",
		fix: "Leave sending_queue.enabled on and wait_for_result off.",
		source: `${CORE}/blob/main/exporter/exporterhelper/README.md`,
	},
	"unbounded-retry": {
		severity: "warning",
		title: "endless retries without an explicit queue size",
		why: "While the backend is down, memory or disk fills up.",
		fix: "Set sending_queue.queue_size together with retry_on_failure.max_elapsed_time: 0s.",
		source: `${CORE}/blob/main/exporter/exporterhelper/README.md`,
	},
	"metadata-in-queue": {
		severity: "error",
		title: "client headers reach a queue on disk",
		why: "With include_metadata, every client's Authorization header is written to the queue's files in clear text.",
		fix: "Put a batch processor between the receiver and the exporter, without that header in metadata_keys, or turn include_metadata off.",
		source: `${CORE}/blob/main/pdata/xpdata/request/context.go`,
	},
	"slow-poll": {
		severity: "warning",
		title: "a token file is polled only once a minute",
		why: "The file watch is lost when the file is first replaced; the next rotation is noticed up to a minute late.",
		fix: 'Add poll_frequency = "1s" to the local.file block.',
		source: "measured on Alloy 1.18",
	},
	"not-secret": {
		severity: "error",
		title: "a token file is not marked as secret",
		why: "The user interface and exported state show its content.",
		fix: "Add is_secret = true to the local.file block.",
		source: "https://grafana.com/docs/alloy/latest/reference/components/local/local.file/",
	},
	"stability-level": {
		severity: "note",
		title: "a component needs a lower stability level",
		why: "Alloy refuses the config unless it is started with that level.",
		fix: "Start Alloy with the named --stability.level.",
		source: "https://grafana.com/docs/alloy/latest/reference/cli/run/",
	},
	"written-once": {
		severity: "warning",
		title: "a token file is written only when its pod starts",
		why: "An init container has ended when the collector starts: a new token arrives only with the next pod.",
		fix: "Mount the Secret itself, or have a sidecar write the file; otherwise replace the pods after every rotation.",
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
	"reload-unvalidated": {
		severity: "warning",
		title: "a reload without validation",
		why: "A collector that reloads a broken config exits.",
		fix: "Run the collector's validate on the same host, as the same user, before the signal.",
		source: MEASURED,
	},
	"sighup-stops": {
		severity: "error",
		title: "SIGHUP stops this collector",
		why: "Upstream reloads its config on SIGHUP; builds with their own start-up code exit on it, as on SIGTERM.",
		fix: "Restart it instead, or use a watched token file, which needs neither.",
		source: `${CORE}/blob/main/otelcol/collector.go`,
	},
	"binary-validate": {
		severity: "error",
		title: "the collector's own validate refuses the file",
		why: "This is the binary that will run it.",
		fix: "Fix what it reports.",
		source: `${CORE}/blob/main/otelcol/command_validate.go`,
	},
} as const satisfies Readonly<Record<string, Rule>>;

export type RuleId = keyof typeof rules;

/** A finding at an offset in the text. Never contains a value that could be a token. */
export interface ConfigFinding {
	readonly rule: RuleId;
	readonly at: number;
	/** The details, as a sentence without a full stop. */
	readonly what: string;
	/** A more specific fix than the rule's. */
	readonly fix?: string | undefined;
	/** Another severity than the rule's, where this place is known to be better or worse. */
	readonly severity?: Severity;
}
