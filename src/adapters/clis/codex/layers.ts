/**
 * Where Codex is told where to send, for `crossfade doctor`: requirements.toml, managed configuration, the user's and the project's
 * config.toml. Only the telemetry of the table `[otel]` counts; variables of the environment that OpenTelemetry knows do not set an
 * endpoint.
 *
 * Sources: https://github.com/openai/codex/blob/main/docs/config.md,
 * https://github.com/openai/codex/blob/main/codex-rs/config/src/loader/mod.rs; held against the real 0.165.0 and 0.169.0.
 */
import { type CliLayering, headerIn, tokenIn } from "../layering.ts";

const everywhere = (...paths: string[]) => ({ macos: paths, linux: paths });

const exporters = { logs: "exporter", metrics: "metrics_exporter", traces: "trace_exporter" } as const;

/** Header values in the file are decoded: `a%2Fb` is sent as `a/b`, and `%zz` unchanged. */
function decoded(value: string | undefined): string | undefined {
	try {
		return value === undefined ? undefined : decodeURIComponent(value);
	} catch {
		return value;
	}
}

export const layering: CliLayering = {
	id: "codex",
	program: "codex",
	tolerance: { bom: true, utf16: false },
	variables: /^(OTEL_EXPORTER_OTLP_|OTEL_RESOURCE_ATTRIBUTES$|CODEX_HOME$)/,
	layers: [
		{
			id: "defaults",
			title: "system's file",
			paths: everywhere("/etc/codex/config.toml"),
			format: "toml",
			broken: "cli",
		},
		{
			id: "user",
			title: "user's file",
			paths: everywhere("{CODEX_HOME:~/.codex}/config.toml"),
			format: "toml",
			broken: "cli",
		},
		{
			id: "project",
			title: "project's file",
			paths: everywhere("^.codex/config.toml"),
			format: "toml",
			ignores: [{ range: "", pointer: /^\/otel/ }],
			broken: "file",
		},
		{
			id: "managed",
			title: "legacy managed file",
			paths: everywhere("/etc/codex/managed_config.toml"),
			format: "toml",
			isForAll: true,
			broken: "cli",
		},
		{
			id: "enforced",
			title: "requirements",
			paths: everywhere("/etc/codex/requirements.toml"),
			format: "toml",
			range: ">=0.166.0",
			whole: ["/otel/exporter", "/otel/metrics_exporter", "/otel/trace_exporter"],
			isForAll: true,
			broken: "cli",
		},
		// The exporter itself reads it, after all files.
		{ id: "environment", title: "environment", broken: "file" },
	],
	unseen: ["requirements from the cloud or a configuration profile, which override all of these", "the flag -c"],
	routes({ get }) {
		const compression = get("/env/OTEL_EXPORTER_OTLP_COMPRESSION");
		const general = headerIn(get("/env/OTEL_EXPORTER_OTLP_HEADERS"), "authorization");
		return (["logs", "metrics", "traces"] as const).flatMap((signal) => {
			const at = `/otel/${exporters[signal]}`;
			const variable = `/env/OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_HEADERS`;
			const url = get(`${at}/otlp-http/endpoint`);
			if (signal === "traces" && url === undefined) return [];
			const own = headerIn(get(variable), "authorization");
			const written = get(`${at}/otlp-http/headers/Authorization`) ?? get(`${at}/otlp-http/headers/authorization`);
			const off =
				url === undefined
					? `${exporters[signal]} is not otlp-http`
					: compression === undefined
						? undefined
						: "OTEL_EXPORTER_OTLP_COMPRESSION is set, so Codex creates no exporter";
			return [
				{
					signal,
					off,
					url,
					urlFrom: `${at}/otlp-http/endpoint`,
					...tokenIn(own ?? general ?? decoded(written)),
					tokenFrom: own
						? variable
						: general
							? "/env/OTEL_EXPORTER_OTLP_HEADERS"
							: `${at}/otlp-http/headers/Authorization`,
				},
			];
		});
	},
	hazards: [
		{
			pointer: /^\/env\/OTEL_EXPORTER_OTLP_COMPRESSION$/,
			severity: "error",
			what: "{name} is set: Codex sends nothing, whatever its value",
			fix: "unset {name} before you start Codex",
		},
		{
			pointer: /^\/env\/OTEL_EXPORTER_OTLP_(\w+_)?HEADERS$/,
			value: /authorization\s*=/i,
			severity: "error",
			what: "{name} replaces the Authorization header of the file",
			fix: "unset {name} before you start Codex",
		},
		{
			pointer: /^\/env\/OTEL_EXPORTER_OTLP_(\w+_)?HEADERS$/,
			value: /^(?!.*authorization\s*=)/i,
			severity: "warning",
			what: "the headers in {name} are also sent",
			fix: "unset {name} before you start Codex",
		},
		{
			pointer: /^\/otel\/log_user_prompt$/,
			value: /^true$/,
			severity: "note",
			what: "privacy: {name} is on, so it sends what people write",
			fix: "set {name} to false in the {layer}, unless this is intended",
		},
		{
			pointer: /^\/otel\/tool_result\/max_bytes$/,
			isMissing: "otel.tool_result.max_bytes",
			range: ">=0.158.0",
			severity: "note",
			what: "privacy: {name} is not set, so it sends the first 2 KiB of each tool's output",
			fix: "set {name} to 0, unless this is intended",
		},
		{
			pointer: /^\/otel\/tool_result\/max_bytes$/,
			value: /^(?!0$)/,
			severity: "note",
			what: "privacy: {name} allows sending part of each tool's output",
			fix: "set {name} to 0 in the {layer}, unless this is intended",
		},
	],
	usesProxy: true,
	seen: ["0.165.0", "0.169.0"],
	evidence: [
		"https://github.com/openai/codex/blob/main/codex-rs/config/src/loader/mod.rs",
		"https://github.com/openai/codex/blob/main/codex-rs/otel/src/otlp.rs",
	],
};
