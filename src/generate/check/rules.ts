export type Severity = "error" | "warning" | "note";

/** What a rule is about, for `--explain`, SARIF and the README. */
export interface Rule {
	readonly severity: Severity;
	readonly title: string;
	/** What happens if it is ignored. */
	readonly why: string;
	readonly fix: string;
	/** Where the fact behind it was read or measured. */
	readonly source: string;
}

const CORE = "https://github.com/open-telemetry/opentelemetry-collector";
const CONTRIB = "https://github.com/open-telemetry/opentelemetry-collector-contrib";
const MEASURED = "measured on otelcol 0.155.0, see test/real";

/** Every rule by its id. Ids are stable: they stand in suppressions, dashboards and CI logs. */
export const rules = {
	syntax: {
		severity: "error",
		title: "the file cannot be read",
		why: "The collector refuses to start, and a running one exits on reload.",
		fix: "Correct the place that is named.",
		source: "https://yaml.org/spec/1.2.2/",
	},
	"no-config": {
		severity: "error",
		title: "nothing was checked",
		why: "A file without a collector config that can be read proves nothing about any collector.",
		fix: "Name the file that holds the pipelines.",
		source: "https://opentelemetry.io/docs/collector/configuration/",
	},
	"mounts-only": {
		severity: "note",
		title: "only mounts were checked",
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
		title: "the component goes by another name now",
		why: "The old name is an alias that will be removed; until then every start logs a deprecation.",
		fix: "Use the new name.",
		source: `${CONTRIB}/blob/main/CHANGELOG.md`,
	},
	"unknown-field": {
		severity: "error",
		title: "a component has no such setting",
		why: "Settings are decoded strictly: the collector refuses the whole config.",
		fix: "Check the spelling and the indentation.",
		source: `${CORE}/tree/v0.159.0`,
	},
	"missing-reference": {
		severity: "error",
		title: "something is used that is not defined",
		why: "The collector refuses the whole config.",
		fix: "Define it, or correct the name.",
		source: `${CORE}/blob/main/otelcol/config.go`,
	},
	"unused-component": {
		severity: "note",
		title: "a component is defined but not used",
		why: "It is never started, so whatever it was meant to do does not happen.",
		fix: "Add it to a pipeline or to service.extensions, or take it out.",
		source: `${CORE}/blob/main/service/config.go`,
	},
	"unlisted-extension": {
		severity: "error",
		title: "an extension is used but missing from service.extensions",
		why: "Validation passes, but the collector fails when it starts.",
		fix: "Add it to the list service.extensions.",
		source: MEASURED,
	},
	"empty-pipeline": {
		severity: "error",
		title: "a pipeline lacks receivers or exporters",
		why: "The collector refuses the whole config.",
		fix: "Give the pipeline at least one of each.",
		source: `${CORE}/blob/main/service/pipelines/config.go`,
	},
	"unknown-signal": {
		severity: "error",
		title: "a pipeline's name begins with no signal",
		why: "The collector refuses the whole config.",
		fix: "Begin the name with traces, metrics, logs or profiles, e.g. logs/edge.",
		source: `${CORE}/blob/main/pipeline/pipeline.go`,
	},
	"one-sided-connector": {
		severity: "error",
		title: "a connector is used on one side only",
		why: "The collector refuses the whole config: a connector must be an exporter of one pipeline and a receiver of another.",
		fix: "Add it to the other side too.",
		source: `${CORE}/blob/main/otelcol/config.go`,
	},
	"token-from-env": {
		severity: "error",
		title: "a token comes from an environment variable",
		why: "A running process never sees a new value, whatever signal it gets: it stays on the old token, and when that ends every event is dropped for good.",
		fix: "Read the token from a watched file (bearertokenauth.filename; Alloy: local.file), or restart after every rotation.",
		source: MEASURED,
	},
	"token-literal": {
		severity: "error",
		title: "a token stands in the file",
		why: "Everyone who can read the file, its backups or its repository has it, and rotating means editing and reloading.",
		fix: "Put it in a file of its own (0400) and rotate it: it has to count as leaked.",
		source: "https://owasp.org/www-project-top-ten/",
	},
	"token-in-url": {
		severity: "error",
		title: "a URL holds a credential",
		why: "Endpoints are not redacted: they are printed with every failed export and become a label of the collector's own metrics.",
		fix: "Take it out of the URL and use an authenticator extension.",
		source: `${CORE}/blob/main/exporter/otlphttpexporter/otlp.go`,
	},
	"file-newline": {
		severity: "warning",
		title: "a header is read with ${file:…}, which keeps a line break",
		why: "One trailing newline in the file makes the header invalid; validation passes and nothing is ever sent.",
		fix: "Write the file without a line break (printf %s), or use bearertokenauth.filename, which trims it.",
		source: MEASURED,
	},
	"queue-off": {
		severity: "error",
		title: "an exporter has no queue of its own",
		why: "Its failures reach the receivers: clients resend everything, to the other exporters too.",
		fix: "Leave sending_queue.enabled on and wait_for_result off.",
		source: `${CORE}/blob/main/exporter/exporterhelper/README.md`,
	},
	"unbounded-retry": {
		severity: "warning",
		title: "retries never end and nothing written down bounds what piles up",
		why: "While the backend is away memory or disk fills up.",
		fix: "Write sending_queue.queue_size next to retry_on_failure.max_elapsed_time: 0s.",
		source: `${CORE}/blob/main/exporter/exporterhelper/README.md`,
	},
	"metadata-in-queue": {
		severity: "error",
		title: "client headers reach a queue on disk",
		why: "With include_metadata the Authorization header of every client is written to the queue's files in clear text.",
		fix: "Put a batch processor between the receiver and the exporter, without metadata_keys, or leave include_metadata off.",
		source: `${CORE}/blob/main/pdata/xpdata/request/context.go`,
	},
	"slow-poll": {
		severity: "warning",
		title: "a token file is polled once a minute only",
		why: "The file watch is lost with the first replaced file; the next rotation is noticed up to a minute late.",
		fix: 'Add poll_frequency = "1s" to the local.file block.',
		source: "measured on Alloy 1.18",
	},
	"not-secret": {
		severity: "error",
		title: "a token file is not marked as secret",
		why: "Its content is shown in the user interface and in exported state.",
		fix: "Add is_secret = true to the local.file block.",
		source: "https://grafana.com/docs/alloy/latest/reference/components/local/local.file/",
	},
	"stability-level": {
		severity: "note",
		title: "a component needs a lower stability level",
		why: "Alloy refuses the config unless it is started with that level.",
		fix: "Start Alloy with the --stability.level that is named.",
		source: "https://grafana.com/docs/alloy/latest/reference/cli/run/",
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
		fix: "Mount the directory that holds the file.",
		source: MEASURED,
	},
	"reload-unvalidated": {
		severity: "warning",
		title: "a reload is not preceded by validation",
		why: "A collector that reloads a broken config exits.",
		fix: "Run the collector's validate on the same host, as the same user, before the signal.",
		source: MEASURED,
	},
	"sighup-stops": {
		severity: "error",
		title: "SIGHUP stops this collector",
		why: "Upstream reads its config again on SIGHUP; builds that start the collector their own way end on it, like on SIGTERM.",
		fix: "Restart it instead, or use a watched token file, which needs neither.",
		source: `${CORE}/blob/main/otelcol/collector.go`,
	},
	"binary-validate": {
		severity: "error",
		title: "the collector's own validate refuses the file",
		why: "This is the program that will run it.",
		fix: "Correct what it names.",
		source: `${CORE}/blob/main/otelcol/command_validate.go`,
	},
} as const satisfies Readonly<Record<string, Rule>>;

export type RuleId = keyof typeof rules;

/** One thing a rule found, at an offset of the text. Never holds a value that could be a token. */
export interface ConfigFinding {
	readonly rule: RuleId;
	readonly at: number;
	/** What exactly, a sentence without a final stop. */
	readonly what: string;
	/** A better advice than the rule's own. */
	readonly fix?: string | undefined;
}
