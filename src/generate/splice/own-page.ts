import { type Document, isMap, type YAMLMap } from "yaml";
import { ownEntry } from "../../base/lookup.ts";
import { shownName } from "../../base/mask.ts";

/** Where a config has the collector serve its own metrics: a page, none, or one that the file alone does not tell. */
export interface OwnPage {
	/** As seen from the collector's host; undefined without a page, or where it is not known. */
	readonly url: string | undefined;
	/** Why it cannot be read, as a sentence; undefined if it can. */
	readonly obstacle: string | undefined;
}

/** Hosts that mean every address, or this one. */
const HERE = ["", "0.0.0.0", "::", "[::]", "localhost", "127.0.0.1", "::1", "[::1]"];

/**
 * The page of a config; undefined where the config does not say, so that the release's default holds.
 * https://opentelemetry.io/docs/collector/internal-telemetry/#configure-internal-metrics
 */
export function ownPage(config: YAMLMap, document: Document): OwnPage | undefined {
	const node = config.getIn(["service", "telemetry", "metrics"], true);
	const metrics = isMap(node) ? node.toJS(document) : undefined;
	if (typeof metrics !== "object" || metrics === null) return undefined;
	if (at(metrics, "level") === "none") return { url: undefined, obstacle: "level: none switches them off" };
	const readers = at(metrics, "readers");
	const address = at(metrics, "address");
	if (Array.isArray(readers)) return pageOfReaders(readers);
	if (typeof address !== "string") return undefined;
	const [, host = "", port = ""] = /^(.*):(\d+)$/.exec(address) ?? [];
	return port === "" ? unknown("address") : page(host, Number(port));
}

function pageOfReaders(readers: readonly unknown[]): OwnPage {
	const served = readers
		.map((reader) => at(reader, "pull", "exporter", "prometheus"))
		.find((each) => each !== undefined);
	if (served === undefined)
		return { url: undefined, obstacle: "none of its readers serves a page (pull.exporter.prometheus)" };
	const [host, port] = [at(served, "host") ?? "", at(served, "port")];
	return typeof host === "string" && typeof port === "number" ? page(host, port) : unknown("readers");
}

function page(host: string, port: number): OwnPage {
	// It becomes part of commands, where a token that stands there by mistake would be shown.
	if (!/^([A-Za-z0-9.-]*|\[?[0-9A-Fa-f:.]+\]?)$/.test(host) || port < 1 || port > 65_535 || shownName(host) !== host)
		return unknown("host or port");
	const name = /^[^[].*:/.test(host) ? `[${host}]` : host;
	return { url: `http://${HERE.includes(host) ? "127.0.0.1" : name}:${port}/metrics`, obstacle: undefined };
}

function unknown(what: string): OwnPage {
	return { url: undefined, obstacle: `${what} is not a plain value in this file` };
}

function at(value: unknown, ...keys: readonly string[]): unknown {
	return keys.reduce<unknown>((map, key) => {
		if (typeof map !== "object" || map === null) return undefined;
		return ownEntry(map as Record<string, unknown>, key);
	}, value);
}
