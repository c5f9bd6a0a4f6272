import { type Document, isMap, type Node } from "yaml";
import { credentialSettings } from "../../adapters/collectors/credentials.ts";
import { otelcol } from "../../adapters/collectors/otelcol.ts";
import { providers } from "../../adapters/providers/registry.ts";
import { ownEntry } from "../../base/lookup.ts";
import { shown } from "../../base/mask.ts";
import { isAtLeast, type Version } from "../../base/versions.ts";
import { lineStart } from "../splice/edit.ts";
import { readEntryMarker } from "../splice/marker.ts";
import { type ComponentNode, type ConfigModel, nodeAt, scalarAt, type TextNode, textsBelow } from "./config-model.ts";
import { credentialFindings, isCredentialKey, literalCredential, urlFindings } from "./credentials.ts";
import { crossesDisk, forwardingFindings, pathsOf } from "./forwarding.ts";
import { passageFindings } from "./passing.ts";
import type { ConfigFinding } from "./rules.ts";
import { credentialUsers, sharedCredentials } from "./shared-credentials.ts";

/** OTLP exporters, and extensions that provide a client's credential: all of these can follow a file, or use what does. */
const ROTATING =
	/^(otlp|otlphttp|otlp_http|otlp_grpc|bearertokenauth|headers_setter|basicauth|oauth2client|asapclient|sigv4auth|azure_?auth)$/;
const GRPC = /^(otlp|otlp_grpc)$/;
const BALANCING = /^load_?balancing$/;

/** Rules about settings that lose data: tokens, queues, retries and headers; `text` is what the config was read from, `release` that of otelcol. */
export function deliveryFindings(model: ConfigModel, text: string, release: Version): ConfigFinding[] {
	const ours = rotated(model, text);
	return [
		...model.components.flatMap((component) => [...credentials(model, component, ours), ...queue(model, component)]),
		...ownTelemetry(model),
		...firstTokens(model, release),
		...metadataInQueues(model, release),
		...forwardingFindings(model, release),
		...sharedCredentials(credentialUsers(model)),
		...passageFindings(model, ours),
	];
}

/** Sections in which a list of names and values is one of headers; in processors it is what they do to attributes. */
const HEADER_LISTS: readonly string[] = ["exporters", "extensions", "receivers"];

function credentials(
	{ document }: ConfigModel,
	{ id, type, section, value }: ComponentNode,
	ours: ReadonlySet<string>,
): ConfigFinding[] {
	const follows = ROTATING.test(type);
	const rotating = section === "exporters" || section === "extensions";
	const texts = textsBelow(document, value);
	return texts.flatMap((each) =>
		textFindings(HEADER_LISTS.includes(section) ? each : { ...each, header: undefined }, { id, type, rotating }).map(
			(found) => {
				const followsHere = follows && !isListed(type, each.path.at(-1));
				const fix = !followsHere && ONCE.includes(found.rule) ? RESTART : found.fix;
				return found.rule === "token-from-env" && ours.has(id)
					? { ...found, fix, severity: "error" as const }
					: { ...found, fix };
			},
		),
	);
}

/** What the collector sends about itself has headers of its own. */
function ownTelemetry({ document, root }: ConfigModel): ConfigFinding[] {
	const texts = textsBelow(document, nodeAt(document, root, "service", "telemetry"));
	return texts.flatMap((each) => textFindings(each, { id: "service.telemetry", type: "", rotating: true }));
}

/** What is read with the config, by components of which not all take an authenticator. */
const ONCE: readonly string[] = ["token-from-env", "token-read-once"];
const RESTART =
	"Restart the collector after every rotation; if this component takes an authenticator (auth.authenticator), a watched file is better.";

interface TextOwner {
	readonly id: string;
	readonly type: string;
	/** Whether its credential must change in a running collector. */
	readonly rotating: boolean;
}

/** Credentials whose name is that of the setting and of what it is in. https://github.com/open-telemetry/opentelemetry-collector/blob/main/config/configtls/README.md */
const NAMED_BY_TWO = ["api.key", "tpm.auth", "tpm.owner_auth"];

function isListed(type: string, key: string | undefined): boolean {
	return (ownEntry(credentialSettings, type) ?? []).includes(key ?? "");
}

function textFindings({ path, header, text, at }: TextNode, { id, type, rotating }: TextOwner): ConfigFinding[] {
	const key = header ?? path.at(-1) ?? "";
	const place = `${shown(key)} of ${shown(id)}`;
	const isUrl = /endpoint|url|^dsn$|^server$|^address$/i.test(key);
	const isNamed = isCredentialKey(key) || NAMED_BY_TWO.includes(path.slice(-2).join("."));
	const isOfType = isListed(type, key);
	if (isNamed || (isOfType && !(isUrl && literalCredential(text) !== undefined)))
		return credentialFindings(text, at, place, rotating);
	return isUrl ? urlFindings(text, at, place) : [];
}

/** Ids whose token is certainly rotated: exporters to a provider of tokens that we know, entries of ours, and their authenticators. */
function rotated({ document, components }: ConfigModel, text: string): ReadonlySet<string> {
	const marked = (at: number) => {
		const start = lineStart(text, at);
		return start > 0 && readEntryMarker(text.slice(lineStart(text, start - 1), start)) !== undefined;
	};
	const exporters = components.filter(
		({ section, id, value, at }) =>
			section === "exporters" && (marked(at) || isProvider(id, endpointsOf(document, value))),
	);
	const authenticators = exporters.map(({ value }) => scalarAt(document, value, "auth", "authenticator"));
	return new Set([...exporters.map(({ id }) => id), ...authenticators.map(String)]);
}

function endpointsOf(document: Document, value: Node | undefined): string[] {
	return textsBelow(document, value).flatMap(({ path, text }) => (/endpoint$/.test(path.at(-1) ?? "") ? [text] : []));
}

/** Whether an exporter, by its name or by where it sends, belongs to a provider that issues tokens to be rotated. */
export function isProvider(id: string, endpoints: readonly string[]): boolean {
	const name = id.split(/[/.]/).at(-1);
	return providers.some(
		(provider) =>
			provider.endpoint !== undefined &&
			(provider.id === name || endpoints.some((each) => hostOf(each) === hostOf(provider.endpoint ?? ""))),
	);
}

function hostOf(address: string): string {
	return address.replace(/^[a-z][a-z0-9+.-]*:\/\//i, "").split(/[:/?#]/, 1)[0] ?? "";
}

/** gRPC exporters of old releases, whose authenticator follows a file. */
function firstTokens({ document, components }: ConfigModel, release: Version): ConfigFinding[] {
	if (isAtLeast(release, otelcol.bearerGrpc)) return [];
	return components.flatMap(({ section, type, id, value, at }): ConfigFinding[] => {
		if (section !== "exporters") return [];
		// The one that spreads requests has an OTLP exporter of its own for each place.
		const inner = BALANCING.test(type) ? ["protocol", "otlp"] : [];
		if (inner.length === 0 && !GRPC.test(type)) return [];
		const used = scalarAt(document, value, ...inner, "auth", "authenticator");
		const auth = components.find((each) => each.section === "extensions" && each.id === used);
		if (auth?.type !== "bearertokenauth" || scalarAt(document, auth.value, "filename") === undefined) return [];
		return [
			{ rule: "grpc-first-token", at, what: `${shown(id)} keeps the token that ${shown(auth.id)} read at start` },
		];
	});
}

function queue({ document }: ConfigModel, { section, id, value, at }: ComponentNode): ConfigFinding[] {
	if (section !== "exporters") return [];
	const settings = nodeAt(document, value, "sending_queue");
	const off = scalarAt(document, value, "sending_queue", "enabled") === false;
	const waits = scalarAt(document, value, "sending_queue", "wait_for_result") === true;
	const place = isMap(settings) ? (settings.range?.[0] ?? at) : at;
	const found: ConfigFinding[] = [];
	if (off) found.push({ rule: "queue-off", at: place, what: `the sending queue of ${shown(id)} is off` });
	if (waits)
		found.push({ rule: "queue-off", at: place, what: `the sending queue of ${shown(id)} has wait_for_result on` });
	const endless = /^0(s|m|h|ms)?$/.test(
		String(scalarAt(document, value, "retry_on_failure", "max_elapsed_time") ?? ""),
	);
	const bounded = scalarAt(document, value, "sending_queue", "queue_size") !== undefined;
	if (endless && (off || !bounded)) {
		found.push({ rule: "unbounded-retry", at: place, what: `${shown(id)} retries forever without a queue_size` });
	}
	return found;
}

/** Credentials of clients that a queue writes to disk, because no batch in between takes them out of the request's context. */
function metadataInQueues(model: ConfigModel, release: Version): ConfigFinding[] {
	if (!isAtLeast(release, otelcol.queueKeepsContext)) return [];
	return pathsOf(model).flatMap(({ pipeline, receivers, exporter, at, kept }): ConfigFinding[] => {
		if (!receivers.some(({ keepsHeaders }) => keepsHeaders) || !crossesDisk(model, exporter)) return [];
		if (kept && ![...kept].some(isCredentialKey)) return [];
		const what = `in the pipeline ${shown(pipeline)}, client headers reach the queue of ${shown(exporter)}`;
		const wanted = kept && [...kept].find(isCredentialKey);
		const fix =
			wanted &&
			`Keep the queue of ${shown(exporter)} in memory: ${shown(wanted)} is in metadata_keys, so it is kept on purpose.`;
		return [{ rule: "metadata-in-queue", at, what, fix }];
	});
}
