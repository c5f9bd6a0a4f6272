/**
 * Where Claude Code is told where to send, for `crossfade doctor`: the shell, the user's and the project's settings, managed files with
 * drop-ins, a configuration profile. One managed source takes endpoint and headers as a whole.
 *
 * Sources: https://code.claude.com/docs/en/settings, https://code.claude.com/docs/en/server-managed-settings,
 * https://code.claude.com/docs/en/monitoring-usage; held against the real 2.1.81 and 2.1.330.
 */
import { type CliLayering, headerIn, type Route, tokenIn, withPath } from "../layering.ts";

const everywhere = (...paths: string[]) => ({ macos: paths, linux: paths });
const HOME = "{CLAUDE_CONFIG_DIR:~/.claude}";

/** Settings that are taken all from the strongest managed source. https://code.claude.com/docs/en/server-managed-settings */
const unit = /^\/(env\/(OTEL_EXPORTER_OTLP_|OTEL_LOG_|OTEL_LOGS_EXPORTER$)|otelHeadersHelper$)/;
const destination = /^\/env\/OTEL_EXPORTER_OTLP_(\w+_)?(ENDPOINT|HEADERS)$/;

/** Seen in 2.1.330: an endpoint or header in a managed source disables those of weaker layers, also for single signals. Documented since 2.1.217. */
const clears = [{ range: ">=2.1.217", having: destination, pointer: destination }];
const managed = { source: "file", clears, isForAll: true } as const;

/** Seen: 2.1.81 reads them from a project, 2.1.330 does not; both use a project's header program. */
const ignores = [{ range: ">=2.1.330", pointer: /^\/env\/(OTEL_|CLAUDE_CODE_ENABLE_TELEMETRY$)/ }];

const isOn = (value: string | undefined) => value !== undefined && /^(1|true|yes|on)$/i.test(value);

export const layering: CliLayering = {
	id: "claude-code",
	program: "claude",
	tolerance: { bom: true, utf16: true },
	variables: /^(OTEL_|CLAUDE_CODE_(ENABLE_TELEMETRY|ENHANCED_TELEMETRY_BETA|OTEL_)|CLAUDE_CONFIG_DIR$)/,
	layers: [
		// A variable in a settings file overrides the one in the shell.
		{ id: "environment", title: "environment", broken: "file" },
		{ id: "user", title: "user's file", paths: everywhere(`${HOME}/settings.json`), format: "json", broken: "file" },
		{
			id: "project",
			title: "project's file",
			paths: everywhere("./.claude/settings.json"),
			format: "json",
			ignores,
			broken: "file",
		},
		{
			id: "local",
			title: "project's local file",
			paths: everywhere("./.claude/settings.local.json"),
			format: "json",
			ignores,
			broken: "file",
		},
		{
			id: "managed",
			title: "managed file",
			paths: {
				macos: ["/Library/Application Support/ClaudeCode/managed-settings.json"],
				linux: ["/etc/claude-code/managed-settings.json"],
			},
			format: "json",
			...managed,
			broken: "cli",
		},
		{
			id: "drop-ins",
			title: "managed drop-in",
			paths: {
				macos: ["/Library/Application Support/ClaudeCode/managed-settings.d/*.json"],
				linux: ["/etc/claude-code/managed-settings.d/*.json"],
			},
			format: "json",
			range: ">=2.1.83",
			...managed,
			broken: "cli",
		},
		{
			id: "profile",
			title: "configuration profile",
			paths: {
				macos: [
					"/Library/Managed Preferences/com.anthropic.claudecode.plist",
					"/Library/Managed Preferences/{USER:root}/com.anthropic.claudecode.plist",
				],
			},
			format: "plist",
			range: ">=2.1.51",
			source: "profile",
			clears,
			broken: "file",
		},
	],
	sources: {
		order: ["file", "profile"],
		whole: [
			{ range: "<2.1.223", pointer: /^\// },
			{ range: ">=2.1.223", pointer: unit },
		],
	},
	unseen: ["settings from the admin console or a gateway, which override all of these", "the flag --settings"],
	routes({ get, programToken }) {
		const value = (name: string) => get(`/env/${name}`);
		const program = get("/otelHeadersHelper");
		return (["logs", "metrics", "traces"] as const).flatMap((signal): Route[] => {
			const name = signal.toUpperCase();
			const exporters = (value(`OTEL_${name}_EXPORTER`) ?? "").split(",").map((each) => each.trim());
			// Spans are a separate beta; report them only if enabled.
			if (signal === "traces" && !exporters.includes("otlp")) return [];
			const common = value("OTEL_EXPORTER_OTLP_ENDPOINT");
			const own = value(`OTEL_EXPORTER_OTLP_${name}_ENDPOINT`);
			const general = headerIn(value("OTEL_EXPORTER_OTLP_HEADERS"), "authorization");
			// Seen in 2.1.81 and 2.1.330: the general header overrides the one for this signal.
			const header = general ?? headerIn(value(`OTEL_EXPORTER_OTLP_${name}_HEADERS`), "authorization");
			const headerFrom = `/env/OTEL_EXPORTER_OTLP_${general === undefined ? `${name}_` : ""}HEADERS`;
			return [
				{
					signal,
					off: !isOn(value("CLAUDE_CODE_ENABLE_TELEMETRY"))
						? "CLAUDE_CODE_ENABLE_TELEMETRY is not 1"
						: signal === "traces" && !isOn(value("CLAUDE_CODE_ENHANCED_TELEMETRY_BETA"))
							? "CLAUDE_CODE_ENHANCED_TELEMETRY_BETA is not 1"
							: exporters.includes("otlp")
								? undefined
								: `OTEL_${name}_EXPORTER is not otlp`,
					url: own ?? (common === undefined ? undefined : withPath(common, `/v1/${signal}`)),
					urlFrom: own === undefined ? "/env/OTEL_EXPORTER_OTLP_ENDPOINT" : `/env/OTEL_EXPORTER_OTLP_${name}_ENDPOINT`,
					...(program === undefined
						? { ...tokenIn(header), tokenFrom: headerFrom }
						: { token: programToken, tokenFrom: "/otelHeadersHelper", tokenBy: "program" as const }),
				},
			];
		});
	},
	programTokenFile(program) {
		const [, folder] = /^\/bin\/sh (\/[A-Za-z0-9._/@-]+)\/crossfade-header$/.exec(program) ?? [];
		return folder === undefined ? undefined : `${folder}/crossfade-token`;
	},
	hazards: [
		{
			pointer: /^\/env\/OTEL_/,
			layers: ["project", "local"],
			range: "<2.1.82",
			severity: "warning",
			what: "{name} in this project overrides the user's",
			fix: "remove {name} from the {layer}",
		},
		{
			pointer: /^\/env\/OTEL_/,
			layers: ["project", "local"],
			range: ">=2.1.82",
			severity: "warning",
			what: "{name} in this project may override the user's: 2.1.81 uses it, 2.1.330 does not",
			fix: "remove {name} from the {layer}",
		},
		{
			pointer: /^\/env\/OTEL_EXPORTER_OTLP_(LOGS|METRICS|TRACES)_ENDPOINT$/,
			severity: "warning",
			what: "{name} sends that signal, with the Authorization header of the others, elsewhere",
			fix: "remove {name} from the {layer}",
		},
		{
			pointer: /^\/otelHeadersHelper$/,
			layers: ["project", "local"],
			severity: "error",
			what: "a program of this project sets the headers, and so the token, of all telemetry",
			fix: "remove otelHeadersHelper from the {layer}",
		},
		{
			pointer: /^\/env\/OTEL_EXPORTER_OTLP_PROTOCOL$/,
			value: /^grpc$/,
			severity: "warning",
			what: "telemetry uses gRPC, for which no supported provider accepts a token",
			fix: "set {name} to http/protobuf in the {layer}",
		},
		{
			pointer: /^\/env\/OTEL_LOG_(USER_PROMPTS|ASSISTANT_RESPONSES|RAW_API_BODIES|TOOL_CONTENT|TOOL_DETAILS)$/,
			value: /^(1|true|yes|on)$/i,
			severity: "note",
			what: "privacy: {name} is on, so it sends content: what people write, read or run",
			fix: "set {name} to 0 in the {layer}, unless this is intended",
		},
	],
	usesProxy: true,
	seen: ["2.1.81", "2.1.330"],
	evidence: [
		"https://code.claude.com/docs/en/settings",
		"https://code.claude.com/docs/en/server-managed-settings",
		"https://code.claude.com/docs/en/monitoring-usage",
	],
};
