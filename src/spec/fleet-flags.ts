import { resolve } from "node:path";
import { durationMs } from "../base/duration.ts";
import { CrossfadeError } from "../base/errors.ts";
import { shown } from "../base/mask.ts";
import { parseTokenRef } from "../token/reference.ts";
import { type FlagReader, type Flags, readFlags } from "./flags.ts";
import type { Deadline, Fleet, FleetToken } from "./fleet.ts";
import { fingerprintRef } from "./fleet-schema.ts";
import { misnamedRoles } from "./token-roles.ts";

/**
 * A fleet, with flags taking precedence over the file. `folder` is the base of relative paths. Throws `CrossfadeError`
 * (usage) with every problem at once.
 */
export function withFlags(fleet: Fleet, flags: Flags, folder: string, now: number): Fleet {
	const reader = readFlags(flags);
	const from = (path: string) => resolve(folder, path);
	const orInput = (path: string) => (path === "-" ? path : from(path));
	const [hosts, evidence] = [hostsFile(reader), reader.text("evidence")];
	const changed: Fleet = {
		...fleet,
		tokens: byName(fleet.tokens, tokensOf(reader, from)),
		gateways: withPages(fleet.gateways, gatewaysOf(reader)),
		deadline: deadlineOf(reader, now) ?? fleet.deadline,
		prometheus: urlOf(reader, "prometheus", reader.text("prometheus")) ?? fleet.prometheus,
		hostsCsv: hosts === undefined ? fleet.hostsCsv : { path: orInput(hosts), column: fleet.hostsCsv?.column },
		inventory: [...fleet.inventory, ...reader.all("inventory").map(orInput)],
		pods: [...fleet.pods, ...reader.all("pods").map(orInput)],
		hostColumns: [...fleet.hostColumns, ...reader.all("hostColumn")],
		evidence: evidence === undefined ? fleet.evidence : from(evidence),
	};
	const names = changed.tokens.map(({ name }) => name);
	reader.problems.push(...misnamedRoles(names, () => ({ file: "--token" })));
	if (reader.problems.length > 0) throw new CrossfadeError("usage", reader.problems);
	return changed;
}

/** `--hosts` names a file; a list of names is easily given in its place. */
function hostsFile(reader: FlagReader): string | undefined {
	const value = reader.text("hosts");
	if (value?.includes(",") && !/[/\\]|\.(csv|txt|tsv)$/i.test(value)) {
		reader.wrong("--hosts", {
			what: "this is a list of names",
			expected: "a CSV file with a column of host names",
			got: shown(value),
			fix: "write the names into a file, one a line below the header host, or as hosts: [NAME, NAME] into crossfade.yaml",
		});
	}
	return value;
}

/** `name=value`, or nothing without a name. */
function named(text: string): [name: string, value: string] | undefined {
	const [, name, value] = /^([\w.-]{1,64})=(.+)$/s.exec(text) ?? [];
	return name !== undefined && value !== undefined ? [name, value] : undefined;
}

function byName<T extends { readonly name: string }>(before: readonly T[], after: readonly T[]): T[] {
	const names = new Set(after.map(({ name }) => name));
	return [...before.filter(({ name }) => !names.has(name)), ...after];
}

function tokensOf(reader: FlagReader, from: (path: string) => string): FleetToken[] {
	const tokens = reader.all("token").flatMap((text): FleetToken[] => {
		const [name, place] = named(text) ?? [];
		if (name === undefined || place === undefined) {
			reader.wrong("--token", {
				what: "not a token by name",
				expected: "old=file:PATH, new=env:NAME, …",
				got: `${text.length} characters`,
				fix: "give its name and where to read it; never pass a token as a flag's value",
			});
			return [];
		}
		const fingerprint = fingerprintRef(place);
		const ref = fingerprint === undefined ? parseTokenRef(place, "--token") : undefined;
		if (ref && "what" in ref) {
			reader.problems.push(ref);
			return [];
		}
		return [{ name, fingerprint, ref: ref?.kind === "file" ? { ...ref, path: from(ref.path) } : ref }];
	});
	const names = tokens.map(({ name }) => name);
	for (const name of new Set(names.filter((each, index) => names.indexOf(each) !== index))) {
		reader.wrong("--token", { what: `two tokens are named ${name}`, fix: "give each a different name" });
	}
	return tokens;
}

type FleetGateway = Fleet["gateways"][number];

/** A repeated name adds a page. */
function gatewaysOf(reader: FlagReader): FleetGateway[] {
	const pages = new Map<string, string[]>();
	for (const text of reader.all("gateway")) {
		const [given, value] = named(text) ?? [undefined, text];
		const url = urlOf(reader, "gateway", value);
		if (url === undefined) continue;
		const name = given ?? new URL(url).host;
		pages.set(name, [...(pages.get(name) ?? []), url]);
	}
	return [...pages].map(([name, metrics]) => ({ name, metrics }));
}

/** Pages from flags replace those in the file; the gateway's OTLP URL is kept. */
function withPages(before: readonly FleetGateway[], after: readonly FleetGateway[]): FleetGateway[] {
	return byName(
		before,
		after.map((gateway) => ({ ...before.find(({ name }) => name === gateway.name), ...gateway })),
	);
}

function urlOf(reader: FlagReader, flag: string, text: string | undefined): string | undefined {
	if (text === undefined) return undefined;
	const url = /^https?:\/\//.test(text) && URL.canParse(text) ? new URL(text) : undefined;
	if (url && url.username === "" && url.password === "") return text;
	reader.wrong(`--${flag}`, {
		what: "not the URL of a metrics page",
		expected: "a URL such as http://gateway:8888/metrics, without credentials",
		got: url ? "a URL with a user name or password" : shown(text),
		fix: "start it with http:// or https://",
	});
	return undefined;
}

/** A time, or a duration from now. */
function deadlineOf(reader: FlagReader, now: number): Deadline | undefined {
	const text = reader.text("deadline");
	if (text === undefined) return undefined;
	const fromNow = durationMs(text);
	const at = fromNow === undefined ? Date.parse(text) : now + fromNow;
	const hasZone = fromNow !== undefined || /(Z|[+-]\d\d:?\d\d)$/.test(text);
	if (!Number.isNaN(at) && hasZone) return { at, source: "--deadline" };
	reader.wrong("--deadline", {
		what: "not a time",
		expected: "a time with zone, such as 2026-01-31T12:00:00Z, or a duration from now, such as 24h",
		got: shown(text),
		fix: "give the time when the old token ends",
	});
	return undefined;
}
