import { type Cli, type Os, systems } from "../adapters/clis/cli.ts";
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
	const vehicle = vehicleOf(reader);
	const provider = providerOf(reader);
	const mode = modeOf(reader, vehicle);
	const os = listOf(reader, "os", "--os", "operating system", systemsOf(vehicle));
	const names = listOf(reader, "cli", "--cli", "CLI", defaultClis(provider));
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

function vehicleOf(reader: FlagReader): Mdm | undefined {
	const ids = mdms.map(({ id }) => id);
	const name = reader.text("vehicle");
	if (name === undefined) {
		const fix = `add -v and your MDM, e.g. -v ${ids[0]}`;
		reader.wrong("--vehicle", { what: "no vehicle given", expected: `one of ${ids.join(", ")}`, fix });
	}
	const id = reader.choice(name, ids, "--vehicle", "vehicle");
	return mdms.find((each) => each.id === id);
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

/** Parses a comma-separated list of known words, in their canonical order. */
function listOf<T extends string>(
	reader: FlagReader,
	name: string,
	flag: string,
	what: string,
	known: readonly T[],
): T[] {
	const text = reader.text(name);
	if (text === undefined) return [...known];
	const words = text.split(",").map((word) => word.trim());
	const all = name === "cli" ? (clis.map(({ id }) => id) as unknown as readonly T[]) : known;
	for (const word of new Set(words)) {
		if (!all.some((each) => each === word)) reader.problems.push(choiceProblem(what, word, all, flag));
	}
	return all.filter((each) => words.includes(each));
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
