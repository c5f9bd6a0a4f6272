import { configRules } from "./config-rules.ts";
import { mountRules } from "./mount-rules.ts";
import { CONTRIB, CORE, MEASURED, type Rule, type Severity } from "./rule.ts";
import { tokenRules } from "./token-rules.ts";

/** Rules about queues, reloads, and what a program says of itself. */
const deliveryRules = {
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
	"changed-on-the-way": {
		severity: "note",
		title: "a processor changes what a provider's backend gets",
		why: "Who sends with which token, and whether all of it arrives, is told from what arrives there. A warning where nothing is left that tells the sender.",
		fix: "Send to this backend from a pipeline without it, or keep service.name, host.name and what names the user.",
		source: `${CONTRIB}/tree/v0.159.0/processor`,
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

/** Every rule by id. Ids are stable: suppressions, dashboards and CI logs use them. */
export const rules = { ...configRules, ...tokenRules, ...mountRules, ...deliveryRules };

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
