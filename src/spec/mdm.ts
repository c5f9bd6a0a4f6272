import { type Cli, everySystem, type Os, systems } from "../adapters/clis/cli.ts";
import { clis } from "../adapters/clis/registry.ts";
import type { Provider } from "../adapters/providers/provider.ts";
import { kits } from "../adapters/vehicles/kit.generated.ts";
import type { Kit } from "../adapters/vehicles/kit.ts";
import type { Mode } from "../adapters/vehicles/mode.ts";
import { vehicles } from "../adapters/vehicles/registry.ts";
import type { Vehicle } from "../adapters/vehicles/vehicle.ts";
import { CrossfadeError, type Problem } from "../base/errors.ts";
import { choiceProblem } from "../base/suggest.ts";
import { endpointOf, providerOf } from "./backend.ts";
import { type Scope, scopes } from "./endpoint-script.ts";
import { type FlagReader, type Flags, readFlags } from "./flags.ts";

/** A vehicle with files to upload. */
export type Mdm = Vehicle & { readonly kit: Kit };

export const mdms: readonly Mdm[] = vehicles.flatMap((vehicle) => {
	const kit = kits[vehicle.id];
	return kit ? [{ ...vehicle, kit }] : [];
});

export const modes: readonly Mode[] = ["param", "embedded"];

/** A kit's settings. */
export interface MdmSpec {
	readonly vehicle: Mdm;
	readonly mode: Mode;
	readonly os: readonly Os[];
	readonly clis: readonly Cli[];
	readonly provider: Provider;
	readonly endpoint: string;
	readonly scope: Scope;
	readonly helper: boolean;
	readonly hostIdentity: boolean;
	/** Scripts without an editor, which only write whole machine-wide files. */
	readonly compact: boolean;
}

/** Flags -> spec; throws one error with every problem. */
export function parseMdmFlags(flags: Flags): MdmSpec {
	const reader = readFlags(flags);
	const asked = systemsAsked(reader);
	const vehicle = vehicleOf(reader, asked);
	const provider = providerOf(reader);
	const mode = modeOf(reader, vehicle);
	const os = asked ?? systemsOf(vehicle);
	const names = clisOf(reader, defaultClis(provider));
	const endpoint = scriptEndpoint(reader, provider);
	const scope = reader.choice(reader.text("scope") ?? vehicle?.scope, scopes, "--scope", "scope");
	const compact = reader.isSet("compact");
	if (compact && (scope === "user" || reader.isSet("helper"))) {
		const what = "compact scripts only write machine-wide files, without a header program";
		reader.wrong("--compact", { what, fix: "omit --compact, or omit --scope user and --helper" });
	}
	for (const flag of ["compact", "helper"]) {
		if (vehicle?.language !== "ps1" || !reader.isSet(flag)) continue;
		reader.wrong(`--${flag}`, {
			what: `the scripts for ${vehicle.title} have no parts for --${flag}`,
			fix: `omit --${flag}`,
		});
	}
	if (provider && reader.text("cli") !== undefined) reader.problems.push(...tokenInUrlProblems(provider, names));
	if (reader.problems.length > 0 || !vehicle || !provider || !mode || !endpoint || !scope) {
		throw new CrossfadeError("usage", reader.problems);
	}
	return {
		vehicle,
		mode,
		os,
		clis: clis.filter(({ id }) => names.includes(id)),
		provider,
		endpoint,
		scope,
		helper: reader.isSet("helper"),
		hostIdentity: flags["hostIdentity"] !== false,
		compact,
	};
}

/** The settings as flags, to read them again. */
export function mdmFlags({ vehicle, provider, ...spec }: MdmSpec) {
	const { mode, endpoint, scope, helper, hostIdentity, compact } = spec;
	return {
		vehicle: vehicle.id,
		mode,
		os: spec.os.join(","),
		cli: spec.clis.map(({ id }) => id).join(","),
		provider: provider.id,
		endpoint,
		scope,
		helper,
		hostIdentity,
		...(compact && { compact }),
	};
}

/** The operating systems of `--os`, each known; undefined where none is asked for. Throws `CrossfadeError` (usage). */
export function askedSystems(flags: Flags): readonly Os[] | undefined {
	const reader = readFlags(flags);
	const asked = systemsAsked(reader);
	if (reader.problems.length > 0) throw new CrossfadeError("usage", reader.problems);
	return asked;
}

function systemsAsked(reader: FlagReader): readonly Os[] | undefined {
	const words = listed(reader, "os", "--os", "operating system", everySystem);
	return words && everySystem.filter((each) => words.includes(each));
}

/** The vehicles that have scripts for all of these systems. */
export function mdmsFor(asked: readonly Os[] | undefined): readonly Mdm[] {
	return mdms.filter((each) => (asked ?? []).every((os) => systemsOf(each).includes(os)));
}

/** The vehicle that is named, or for systems that it does not have another of the same product. */
function vehicleOf(reader: FlagReader, asked: readonly Os[] | undefined): Mdm | undefined {
	const fit = mdmsFor(asked);
	const ids = (fit.length > 0 ? fit : mdms).map(({ id }) => id);
	const name = reader.text("vehicle");
	if (name === undefined) {
		const fix = `add -v and your MDM, e.g. -v ${ids[0]}`;
		reader.wrong("--vehicle", { what: "no vehicle given", expected: `one of ${ids.join(", ")}`, fix });
	}
	const id = reader.choice(
		name,
		mdms.map((each) => each.id),
		"--vehicle",
		"vehicle",
	);
	const named = mdms.find((each) => each.id === id);
	if (!named || fit.includes(named)) return named;
	const other = fit.find(({ family }) => family !== undefined && family === named.family);
	if (!other) reader.problems.push(noSystem(named, asked ?? [], ids, fit.length > 0));
	return other ?? named;
}

function noSystem(named: Mdm, asked: readonly Os[], ids: readonly string[], isFit: boolean): Problem {
	const missing = asked.filter((os) => !systemsOf(named).includes(os));
	const others = ids.map((id) => `-v ${id}`).join(", ");
	return {
		what: `${named.title} has no scripts for ${missing.join(" and ")}`,
		expected: `one of ${systemsOf(named).join(", ")}`,
		got: asked.join(","),
		where: { file: "--os" },
		fix: isFit ? `for ${asked.join(" and ")} choose ${others}` : "run it once for each operating system",
	};
}

function modeOf(reader: FlagReader, vehicle: Mdm | undefined): Mode | undefined {
	const name = reader.text("mode");
	const mode = reader.choice(name, modes, "--mode", "mode");
	if (!vehicle) return mode;
	const known = modesOf(vehicle);
	if (name === undefined) return known[0];
	if (mode && !known.includes(mode)) {
		const what = `${vehicle.title} has no mode ${mode}`;
		const fix = "omit --mode to use the one it has";
		reader.wrong("--mode", { what, expected: known.join(" or "), got: mode, fix });
	}
	return mode;
}

/** The modes of a vehicle, the preferred one first. */
export function modesOf({ token }: Vehicle): Mode[] {
	return Object.keys(token) as Mode[];
}

export function systemsOf(vehicle: Vehicle | undefined): readonly Os[] {
	return vehicle?.os ?? systems;
}

/** The words of a comma-separated list, of which each must be known; undefined without the flag. */
function listed(
	reader: FlagReader,
	name: string,
	flag: string,
	what: string,
	known: readonly string[],
): readonly string[] | undefined {
	const words = reader
		.text(name)
		?.split(",")
		.map((word) => word.trim());
	for (const word of new Set(words)) {
		if (!known.includes(word)) reader.problems.push(choiceProblem(what, word, known, flag));
	}
	return words;
}

/** Ids of CLIs in their canonical order. */
function clisOf(reader: FlagReader, usual: readonly string[]): readonly string[] {
	const ids = clis.map(({ id }) => id);
	const words = listed(reader, "cli", "--cli", "CLI", ids);
	return words ? ids.filter((id) => words.includes(id)) : usual;
}

/** CLIs that can authenticate to the provider: if it accepts the token only in a header, CLIs that send it in the URL cannot. */
function defaultClis(provider: Provider | undefined): string[] {
	return clis.filter((cli) => provider?.tokenInUrl === true || !sendsTokenInUrl(cli)).map(({ id }) => id);
}

/** Whether a CLI has no setting for a header, so that the token is a part of the URL. */
export function sendsTokenInUrl({ user }: Cli): boolean {
	return user.rows.some((row) => "value" in row && row.value.includes("{endpoint}/{token}"));
}

function tokenInUrlProblems(provider: Provider, names: readonly string[]): Problem[] {
	return names
		.filter((name) => !defaultClis(provider).includes(name))
		.map((name) => ({
			what: `${provider.title} accepts no token in the URL, and ${name} can only send it there`,
			expected: defaultClis(provider).join(","),
			got: name,
			where: { file: "--cli" },
			fix: `omit ${name}, or send to your own collector with --provider custom --endpoint URL`,
		}));
}

/** A base URL that the scripts accept; they are stricter than a collector. */
function scriptEndpoint(reader: FlagReader, provider: Provider | undefined): string | undefined {
	const before = reader.problems.length;
	const endpoint = endpointOf(reader, provider, "never");
	const isGood = reader.problems.length === before;
	if (isGood && endpoint !== undefined && !/^https?:\/\/[\]A-Za-z0-9._~:/%[-]+$/.test(endpoint)) {
		const expected = "a base URL such as https://otlp.example.com";
		const what = "the endpoint contains a character not allowed in a base URL";
		reader.wrong("--endpoint", { what, expected, fix: "write host and path in ASCII, %-encoded if needed" });
	}
	return endpoint;
}
