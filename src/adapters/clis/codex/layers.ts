/**
 * Where Codex is told where to send, for `crossfade doctor`: requirements.toml, managed configuration, the user's and the project's
 * config.toml. Only the telemetry of the table `[otel]` counts; variables of the environment that OpenTelemetry knows do not set an
 * endpoint.
 *
 * Sources: https://github.com/openai/codex/blob/main/docs/config.md,
 * https://github.com/openai/codex/blob/main/codex-rs/config/src/loader/mod.rs; held against the real 0.165.0 and 0.169.0.
 */
import { ownEntry } from "../../../base/lookup.ts";
import { decoded, type Emission, type EmittedSignal, LONG_ENOUGH_MS, type SentHeader } from "../emission.ts";
import type { CliLayering, Effective } from "../layering.ts";
import { misform, unlike } from "../setting-form.ts";
import { cli, exporterVariants, laterKinds } from "./index.ts";
import { openValue, refusedValue } from "./values.ts";

/** Files of the machine. https://github.com/openai/codex/blob/main/codex-rs/config/src/loader/mod.rs */
const ofMachine = (name: string) => ({
	macos: [`/etc/codex/${name}`],
	linux: [`/etc/codex/${name}`],
	windows: [`%ProgramData%/OpenAI/Codex/${name}`],
});
const everywhere = (...paths: string[]) => ({ macos: paths, linux: paths, windows: paths });

const exporters = { logs: "exporter", metrics: "metrics_exporter", traces: "trace_exporter" } as const;

const signals: readonly EmittedSignal[] = ["logs", "metrics", "traces"];
const GENERAL = "/env/OTEL_EXPORTER_OTLP_HEADERS";

/** Seen in 0.165.0 and 0.169.0: with a value of another type Codex does not start. */
const kinds = Object.fromEntries(
	Object.entries({ ...cli.user.kinds, ...cli.elsewhere?.kinds }).flatMap(([pointer, kind]) =>
		/^\/otel\/\w+\/\*\//.test(pointer)
			? exporterVariants.map((variant) => [pointer.replace("*", variant), kind] as const)
			: [[pointer, kind] as const],
	),
);
const forms = [...(cli.elsewhere?.forms ?? []), ...(cli.user.forms ?? [])];

export const layering: CliLayering = {
	id: "codex",
	tolerance: { bom: true, utf16: false },
	variables:
		/^(OTEL_EXPORTER_OTLP_|OTEL_B(LRP|SP)_|OTEL_RESOURCE_ATTRIBUTES$|CODEX_HOME$|CODEX_CA_CERTIFICATE$|SSL_CERT_|NODE_EXTRA_CA_CERTS$)/,
	// Seen in 0.165.0 and 0.169.0: an empty one for a signal replaces the general one, too.
	emptyCounts: /^OTEL_EXPORTER_OTLP_(\w+_)?(COMPRESSION|HEADERS)$/,
	layers: [
		{
			id: "defaults",
			title: "system's file",
			paths: ofMachine("config.toml"),
			format: "toml",
			broken: "cli",
		},
		{
			id: "user",
			title: "user's file",
			paths: everywhere("{CODEX_HOME:~/.codex}/config.toml"),
			format: "toml",
			broken: "cli",
			// Seen in 0.165.0 and 0.169.0.
			folders: { paths: ["{CODEX_HOME:~/.codex}"], named: "CODEX_HOME", broken: "cli" },
		},
		// Seen in 0.169.0: over config.toml, so that one of them takes telemetry and its token elsewhere.
		{
			id: "profiles",
			title: "profile",
			paths: everywhere("{CODEX_HOME:~/.codex}/*.config.toml"),
			format: "toml",
			onlyWith: "--profile",
			broken: "file",
		},
		{
			id: "project",
			title: "project's file",
			paths: everywhere("^.codex/config.toml"),
			format: "toml",
			ignores: [{ range: "", pointer: /^\/otel/ }],
			// Seen in 0.165.0 and 0.169.0: a profile that is named in it does not count.
			types: Object.fromEntries(Object.entries(kinds).filter(([pointer]) => !/^\/(otel|profile$)/.test(pointer))),
			// Seen in 0.165.0 and 0.169.0: where the folder is trusted it does not start, otherwise it ignores the file.
			broken: "unknown",
		},
		{
			id: "managed",
			title: "legacy managed file",
			paths: { ...ofMachine("managed_config.toml"), windows: ["{CODEX_HOME:~/.codex}/managed_config.toml"] },
			format: "toml",
			isForAll: true,
			broken: "cli",
		},
		{
			id: "enforced",
			title: "requirements",
			paths: ofMachine("requirements.toml"),
			format: "toml",
			range: ">=0.166.0",
			// Seen in 0.165.0, which does not start where it cannot be parsed.
			parsedIn: ">=0.165.0",
			whole: ["/otel/exporter", "/otel/metrics_exporter", "/otel/trace_exporter"],
			isForAll: true,
			// Seen in 0.169.0: what the other files say must be right even where this one replaces it.
			isAfterCheck: true,
			strict: { table: "otel", keys: cli.system.strict?.keys ?? [] },
			doubts: [{ range: "", of: limitOfProfiles, why: "may take a profile of permissions away" }],
			broken: "cli",
		},
		// The exporter itself reads it, after all files.
		{ id: "environment", title: "environment", broken: "file" },
		// Seen in 0.165.0 and 0.169.0: over the shell, but for names that begin with CODEX_; a line that it cannot read does not count.
		{
			id: "dotenv",
			title: ".env file",
			paths: everywhere("{CODEX_HOME:~/.codex}/.env"),
			format: "dotenv",
			ignores: [{ range: "", pointer: /^\/env\/CODEX_/ }],
			doubts: [
				{ range: "", of: variableOfTelemetry, why: "sets a variable, and which of its lines are read is not known" },
			],
			broken: "file",
		},
	],
	endpoints: /^\/otel\/\w*exporter\/otlp-(http|grpc)\/endpoint$/,
	transport: {
		// The last one is for programs on Node alone, as the probe is: Codex trusts no more with it (seen in 0.169.0).
		anywhere: /^\/otel\/\w+\/otlp-http\/tls\/|^\/env\/(SSL_CERT_(FILE|DIR)|CODEX_CA_CERTIFICATE|NODE_EXTRA_CA_CERTS)$/,
		inFiles: /^$/,
	},
	// Seen in 0.165.0 and 0.169.0: where there are none in it, nothing is sent.
	certificates: /^\/otel\/\w+\/otlp-\w+\/tls\/(ca|client)-certificate$|^\/env\/(SSL_CERT_FILE|CODEX_CA_CERTIFICATE)$/,
	unseen: [
		"values of rare settings in other tables than otel, by which it may not start",
		"requirements from the cloud or a configuration profile, which override all of these",
		"the flag -c",
	],
	emissions(settings) {
		const failure = signals.map((signal) => failureOf(signal, settings)).find((why) => why !== undefined);
		return signals.flatMap((signal) => {
			const emission = emissionOf(signal, settings);
			if (signal === "traces" && emission.url === undefined) return [];
			const open = openValue(settings);
			if (open !== undefined && emission.sent === "yes") return [{ ...emission, sent: "unknown", why: open }];
			// Seen: where one exporter cannot be made, none sends.
			return emission.sent === "no" || failure === undefined ? [emission] : [{ ...emission, sent: "no", why: failure }];
		});
	},
	refusal({ at, isRelease }) {
		const name = (pointer: string) => pointer.slice(1).replaceAll("/", ".");
		const wrong = forms.flatMap((form) => {
			const value = at(form.pointer);
			const why = value === undefined ? undefined : misform(value, form);
			return why === undefined ? [] : [`${name(form.pointer)} ${why}`];
		});
		for (const [pointer, kind] of Object.entries(kinds)) {
			const value = at(pointer);
			if (value === undefined || isRelease(ownEntry(notBefore, pointer) ?? NEVER)) continue;
			const why = unlike(value, kind);
			if (why !== undefined) wrong.push(`${name(pointer)} ${why}`);
		}
		const most = at("/otel/tool_result/max_bytes");
		if (typeof most === "number" || (typeof most === "bigint" && most < 0n))
			wrong.push("otel.tool_result.max_bytes must be a whole number, 0 or more");
		return wrong[0] ?? refusedValue(at);
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
			value: /^(?=.)(?!.*authorization\s*=)/i,
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

/** The first variable of a .env file by which telemetry can be stopped, or sent with other headers or certificates. */
function variableOfTelemetry({ env }: Readonly<Record<string, unknown>>): string | undefined {
	const names = typeof env === "object" && env !== null ? Object.keys(env) : [];
	return names.find((name) => /^OTEL_(EXPORTER_OTLP_|BLRP_)|^SSL_CERT_|^(https?|all|no)_proxy$/i.test(name));
}

/** Releases in which a value of another kind does not matter, or in which that is not known. */
const notBefore: Readonly<Record<string, string>> = {
	...Object.fromEntries(Object.keys(laterKinds).map((pointer) => [pointer, "<0.166.0"])),
	"/profile": "<0.134.0",
};
const NEVER = "<0.0.0";

/** The setting that keeps a signal's exporter from being made, and so all of them. Seen in 0.165.0 and 0.169.0. */
function failureOf(signal: EmittedSignal, { get, at }: Effective): string | undefined {
	const place = `/otel/${exporters[signal]}`;
	const url = get(`${place}/otlp-http/endpoint`) ?? get(`${place}/otlp-grpc/endpoint`);
	const own = `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_COMPRESSION`;
	const names = [own, "OTEL_EXPORTER_OTLP_COMPRESSION"];
	const name = names.find((each) => get(`/env/${each}`) !== undefined);
	// Without an exporter of its own for metrics it makes one for itself.
	const isMade = url !== undefined || (signal === "metrics" && (at(place) === undefined || at(place) === "statsig"));
	if (name !== undefined && isMade) return `${name} is set, so Codex creates no exporter`;
	if (url === undefined) return undefined;
	const isSent = /^https?:\/\/[^\s/?#]+/i.test(url) && !/\s/.test(url);
	return isSent ? undefined : `the endpoint of ${exporters[signal]} is not a URL, so Codex creates no exporter`;
}

/** Seen in 0.165.0 and 0.169.0: with some of them it does not start; see `open` in index.ts. What it does without a profile that they take away was not seen. */
function limitOfProfiles(document: Readonly<Record<string, unknown>>): string | undefined {
	const name = "allowed_permission_profiles";
	return Object.hasOwn(document, name) ? name : undefined;
}

/** What may keep a signal from being sent, or in time. Seen in 0.165.0 and 0.169.0, of some values. */
function doubtOf(signal: EmittedSignal, endpoint: string, { get }: Effective): string | undefined {
	if (/[{}|^`"<>]/.test(endpoint)) return "what becomes of a character of its endpoint is not known";
	const own = `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_TIMEOUT`;
	const limit = [own, "OTEL_EXPORTER_OTLP_TIMEOUT"].find((name) => get(`/env/${name}`) !== undefined);
	const text = limit && get(`/env/${limit}`);
	if (text !== undefined && /^\s*\+?\d+\s*$/.test(text) && Number(text) < LONG_ENOUGH_MS)
		return `${limit} may end it before it is answered`;
	const queue = ["OTEL_BLRP_MAX_QUEUE_SIZE", "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "OTEL_BLRP_EXPORT_TIMEOUT"];
	const name = queue.find((each) => signal === "logs" && get(`/env/${each}`) !== undefined);
	return name && `${name} may drop it`;
}

function emissionOf(signal: EmittedSignal, settings: Effective): Emission {
	const { get } = settings;
	const key = exporters[signal];
	const at = `/otel/${key}/otlp-http`;
	const urlFrom = `${at}/endpoint`;
	const endpoint = get(urlFrom);
	const grpc = get(`/otel/${key}/otlp-grpc/endpoint`);
	if (endpoint === undefined && grpc !== undefined) {
		const why = "what it sends with gRPC is not known";
		return {
			signal,
			sent: "unknown",
			why,
			url: grpc,
			urlFrom: `/otel/${key}/otlp-grpc/endpoint`,
			protocol: "grpc",
			headers: [],
		};
	}
	if (endpoint === undefined) return { signal, sent: "no", why: `${key} is not otlp-http`, urlFrom, headers: [] };
	const { url, login } = parsed(endpoint);
	const found = headersOf(`${at}/headers`, signal, settings);
	const protocol = get(`${at}/protocol`) === "json" ? "http/json" : "http/protobuf";
	const about = { signal, url, urlFrom, protocol, isUnordered: true } as const;
	if (signal === "metrics" && get("/analytics/enabled") === "false" && settings.isRelease("<0.164.0")) {
		return { ...about, sent: "no", why: "analytics.enabled is false, which stops metrics before 0.164.0", headers: [] };
	}
	if ("why" in found) return { ...about, sent: "unknown", why: found.why, headers: [] };
	const doubt = doubtOf(signal, endpoint, settings);
	if (doubt !== undefined) return { ...about, sent: "unknown", why: doubt, headers: found.headers };
	const isSigned = found.headers.some(({ name }) => name === "authorization");
	if (login === undefined) return { ...about, sent: "yes", headers: found.headers };
	if (isSigned) {
		const why = "which of the Authorization header and the URL's user is sent is not known";
		return { ...about, sent: "unknown", why, headers: found.headers };
	}
	const basic = { name: "authorization", value: `Basic ${Buffer.from(login).toString("base64")}`, from: urlFrom };
	return { ...about, sent: "yes", headers: [...found.headers, basic] };
}

/** A URL without its user and fragment, and the user. */
function parsed(endpoint: string): { readonly url: string; readonly login?: string } {
	if (!URL.canParse(endpoint)) return { url: endpoint };
	const url = new URL(endpoint);
	const { username, password } = url;
	url.username = "";
	url.password = "";
	url.hash = "";
	return username === "" && password === ""
		? { url: url.href }
		: { url: url.href, login: `${decoded(username)}:${decoded(password)}` };
}

/** Seen: what another layer or variable calls `authorization` and this one `Authorization` is one header of the two, by chance. */
const OF_CONNECTION =
	/^(host|connection|content-length|content-encoding|transfer-encoding|expect|te|trailer|upgrade|keep-alive|proxy-.*|cookie)$/;
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * The headers of the file and over them those of the environment, with names in lower case: a variable for the signal replaces the general
 * one. A header with a name or a value that cannot be sent is left out.
 */
function headersOf(
	pointer: string,
	signal: EmittedSignal,
	settings: Effective,
): { readonly headers: readonly SentHeader[] } | { readonly why: string } {
	const written = settings.below(pointer).map(([name, value]) => header(name, value, `${pointer}/${name}`));
	const own = `/env/OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_HEADERS`;
	const variable = settings.get(own) === undefined ? GENERAL : own;
	const added = pairsOf(settings.get(variable), variable);
	const sent = new Map<string, SentHeader>();
	const doubtful = new Set<string>();
	for (const each of written.filter(isSendable)) {
		if (sent.has(each.name)) doubtful.add(each.name);
		sent.set(each.name, each);
	}
	for (const each of added.filter(isSendable)) {
		doubtful.delete(each.name);
		sent.set(each.name, each);
	}
	const [twice] = doubtful;
	if (twice !== undefined)
		return { why: `the header ${twice} is set twice with different case, and one of the two is sent` };
	const odd = [...sent.keys()].find((name) => OF_CONNECTION.test(name));
	if (odd !== undefined) return { why: `the effect of the header ${odd} is not known` };
	return { headers: [...sent.values()] };
}

function header(name: string, value: string, from: string): SentHeader {
	// Sent as UTF-8, of which a header shows the bytes.
	const bytes = Buffer.from(decoded(value), "utf8").toString("latin1");
	return { name: name.toLowerCase(), value: bytes.replace(/^[\t ]+|[\t ]+$/g, ""), from };
}

function isSendable({ name, value }: SentHeader): boolean {
	return NAME.test(name) && !/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value);
}

/** https://github.com/open-telemetry/opentelemetry-rust/blob/main/opentelemetry-otlp/src/exporter/mod.rs */
function pairsOf(list = "", from: string): SentHeader[] {
	return list.split(",").flatMap((pair) => {
		const at = pair.indexOf("=");
		const [name, value] = [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
		return at > 0 && name !== "" && value !== "" ? [header(name, value, from)] : [];
	});
}
