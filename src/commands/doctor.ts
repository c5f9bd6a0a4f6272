import { clis } from "../adapters/clis/registry.ts";
import { CrossfadeError, type ExitName } from "../base/errors.ts";
import type { Effects } from "../effects/effects.ts";
import type { Probed } from "../prove/doctor/probe.ts";
import type { KnownToken } from "../spec/attribution.ts";
import { endpointProblems } from "../spec/endpoint.ts";
import type { Flags } from "../spec/flags.ts";
import { readFlags } from "../spec/flags.ts";
import { FLEET_FILE } from "../spec/fleet-text.ts";
import { clisOf } from "../spec/install.ts";
import { fingerprint } from "../token/fingerprint.ts";
import type { Command } from "./command.ts";
import { loadFleet } from "./fleet-options.ts";

/** Default terminal width. */
const WIDTH = 80;
/** Of a token file, or of all certificates of a system. */
const MAX_TEXT_BYTES = 4 * 1024 * 1024;

export const doctorCommand: Command = {
	name: "doctor",
	description: `Shows which AI coding CLIs are installed for this account, in which release, where each
sends its telemetry and with which token (by fingerprint), which files and variables decide
that, what overrides it, and how to fix problems. It only reads files, runs none of the
CLIs, and sends nothing without --probe. It checks managed files and profiles, files
of the system, the account and the current folder, .env files, and the environment. On
Windows it also looks at policies and stored variables in the registry, and at PowerShell's
profiles: where one of them leaves open what is sent, that is unknown.

Exit codes: 0 success; 5 a CLI uses the token named old; 9 no CLI found, or not
known what one of them sends; 10 problems found; with --probe also those of crossfade probe: 3 the token is rejected, 4 the old one
before its deadline, 6 no usable response, 7 partly accepted, 8 retry later, 9 not proven,
or a signal was skipped. If several apply, the lowest above 0 is used.`,
	options: [
		{ flags: "--cli <list>", description: `comma-separated: ${clis.map(({ id }) => id).join(",")} (default: all)` },
		{
			flags: "--token <name=ref>",
			description: "old=REF and new=REF: file:PATH, env:NAME, fd:N, prompt, or fp:<12 hex digits>",
			repeatable: true,
		},
		{
			flags: "-f, --fleet <file>",
			description: `read tokens from a fleet file (default: ${FLEET_FILE}, if it exists)`,
			files: true,
		},
		{
			flags: "--endpoint <url>",
			description: "where the tokens may go; repeat for several (default: the endpoint and gateways of the fleet file)",
			repeatable: true,
		},
		{ flags: "--probe", description: "send a test record as each CLI would, to see if its token is accepted" },
		{ flags: "--json", description: "print JSON" },
	],
	examples: [
		["crossfade doctor", "which token does each CLI use, and what overrides it?"],
		["crossfade doctor --token old=fp:0123456789ab --token new=file:new.token", "old or new?"],
		[`crossfade doctor --probe --cli ${clis[0].id}`, `is the token of ${clis[0].title} accepted now?`],
		["crossfade doctor -v", "also list every place it checked"],
	],
	run,
};

async function run(fx: Effects, { options }: { readonly options: Flags }): Promise<ExitName> {
	const reader = readFlags(options);
	const wanted = clisOf(reader);
	const given = reader.all("endpoint");
	for (const url of given) reader.problems.push(...endpointProblems(url, "--endpoint", "allowed"));
	if (reader.problems.length > 0) throw new CrossfadeError("usage", reader.problems);
	const { known, deadline, places } = await knownTokens(fx, options);
	const meant = given.length > 0 ? given : places;
	const hosts = meant.length > 0 ? meant.map((url) => new URL(url).host) : undefined;
	const [{ layerings }, { gather }, { diagnose }, { verdictOf }, { doctorText, doctorJson }] = await Promise.all([
		import("../adapters/clis/layers.generated.ts"),
		import("../prove/doctor/gather.ts"),
		import("../prove/doctor/diagnose.ts"),
		import("../prove/doctor/verdict.ts"),
		import("../prove/doctor/report.ts"),
	]);
	const machine = await fx.machine();
	if (machine.os === "other") {
		const what = "where the CLIs store their settings on this system is unknown";
		throw new CrossfadeError("missingPart", { what, expected: "macOS, Linux or Windows", fix: "run it there" });
	}
	const readText = (path: string) => {
		const file = machine.look(path, MAX_TEXT_BYTES);
		return file.kind === "file" ? Buffer.from(file.bytes).toString("utf8") : undefined;
	};
	const isOpen = (path: string) => {
		const access = machine.access(path);
		return access === "unknown" ? undefined : access === "open";
	};
	const windows = machine.os === "windows" ? await import("../prove/doctor/windows.ts") : undefined;
	const sources = await windows?.windowsSources(fx, machine);
	const diagnoses = [];
	for (const cli of wanted) {
		const layering = layerings.find(({ id }) => id === cli.id);
		if (!layering) continue;
		const sight = await gather(fx, machine, cli, layering, sources);
		diagnoses.push(diagnose(cli, layering, sight, { known, hosts, environment: fx.environment, readText, isOpen }));
	}
	const probed: Probed[] = [];
	if (options["probe"] === true) {
		const { probeCli } = await import("../prove/doctor/probe.ts");
		const asking = {
			marker: fingerprint(fx.random.token()),
			controls: new Map(),
			deadline,
			environment: fx.environment,
		};
		for (const each of diagnoses)
			probed.push(await fx.terminal.progress(`probing for ${each.title}`, probeCli(fx, each, asking)));
	}
	const exit = verdictOf(diagnoses, options["probe"] === true ? probed : undefined);
	const report = { diagnoses, probed, exit, notes: sources?.notes ?? [], isVerbose: fx.terminal.verbose };
	const { color, width } = fx.terminal;
	fx.terminal.print(
		options["json"] === true ? doctorJson(report) : doctorText(report, { color, width: width() ?? WIDTH }),
	);
	return exit;
}

/**
 * Tokens by fingerprint, from flags and from a fleet file, except those of a fleet file that need a prompt; when the old one ends; and the
 * URLs that the fleet file names for telemetry.
 */
async function knownTokens(
	fx: Effects,
	options: Flags,
): Promise<{
	readonly known: KnownToken[];
	readonly deadline: number | undefined;
	readonly places: readonly string[];
}> {
	const { tokens, deadline, endpoint, isEndpointGiven, gateways } = await loadFleet(fx, options);
	const flagged = new Set(
		readFlags(options)
			.all("token")
			.map((text) => text.split("=", 1)[0]),
	);
	const places =
		isEndpointGiven && endpoint !== undefined ? [endpoint, ...gateways.flatMap(({ otlp }) => otlp ?? [])] : [];
	const known: KnownToken[] = [];
	for (const { name, fingerprint: id, ref } of tokens) {
		if (id !== undefined) known.push({ name, fingerprint: id });
		else if (ref && (ref.kind !== "prompt" || flagged.has(name))) {
			known.push({ name, fingerprint: (await fx.readToken(ref)).fingerprint });
		}
	}
	return { known, deadline: deadline?.at, places };
}
