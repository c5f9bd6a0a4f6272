import { systems } from "../adapters/clis/cli.ts";
import { clis } from "../adapters/clis/registry.ts";
import { providers } from "../adapters/providers/registry.ts";
import type { Effects } from "../effects/effects.ts";
import { CrossfadeError, type ExitName } from "../errors.ts";
import { renderKit } from "../render/mdm/kit.ts";
import { shown } from "../render/quote.ts";
import type { Secret } from "../secret.ts";
import type { Flags } from "../spec/flags.ts";
import { type MdmSpec, mdmFlags, mdms, modes, modesOf, parseMdmFlags, scopes, systemsOf } from "../spec/mdm.ts";
import { choiceProblem } from "../spec/suggest.ts";
import { parseTokenRef } from "../spec/token-ref.ts";
import { isSafeAlphabet } from "../token-shape.ts";
import type { Command, Invocation } from "./command.ts";

export const mdmCommand: Command = {
	name: "mdm",
	description: `Writes what an IT admin uploads to an MDM so that the AI CLIs of every machine send with the current token: scripts that
install, report and uninstall, payloads for the vendor's API, STEPS.md and a manifest with hashes.

Files hold a placeholder and no token. With --mode embedded and --token the files that need it are also written with the
token in them, named *.secret.*, for your eyes only. Without a vehicle, lists the vehicles.

verify <folder> checks such a folder before it is uploaded: nothing changed, nothing missing, no token where none belongs.`,
	arguments: [
		{ name: "[verify]", description: "verify: check a folder" },
		{ name: "[folder]", description: "the folder to check" },
	],
	options: [
		{ flags: "-v, --vehicle <id>", description: "your MDM", choices: mdms.map(({ id }) => id) },
		{ flags: "--os <list>", description: `${systems.join(",")} (default: what the vehicle reaches)` },
		{
			flags: "--mode <mode>",
			description: "how the token gets to the script (default: the safer one)",
			choices: modes,
		},
		{ flags: "--cli <list>", description: `${clis.map(({ id }) => id).join(",")} (default: all)` },
		{ flags: "--provider <id>", description: "who takes the data", choices: providers.map(({ id }) => id) },
		{ flags: "--endpoint <url>", description: "base URL of its OTLP/HTTP ingest (default: the provider's)" },
		{
			flags: "--scope <scope>",
			description: "files of the machine or of each user (default: system)",
			choices: scopes,
		},
		{
			flags: "--helper",
			description: "a CLI that can reads the token from a file, so that running sessions follow a change",
		},
		{
			flags: "--compact",
			description:
				"scripts half as long, without an editor: they write whole files of the machine, and refuse one that is there and not theirs",
		},
		{ flags: "--no-host-identity", description: "do not send the machine's name and id" },
		{ flags: "--token <ref>", description: "file:PATH, env:NAME, fd:N, prompt, or - for standard input" },
		{ flags: "--out <folder>", description: "where to write", files: true },
		{ flags: "--force", description: "replace files that are there" },
		{ flags: "--list", description: "list the vehicles" },
		{ flags: "--json", description: "print JSON" },
	],
	examples: [
		["crossfade mdm", "which MDMs there are"],
		["crossfade mdm -v jamf --out jamf", "everything for Jamf Pro; the token goes into the policy"],
		["crossfade mdm -v intune --token file:new.token --out intune", "with the token, in files for your eyes only"],
		[
			"crossfade mdm -v generic --compact --out scripts",
			"short scripts for machines where nobody else sets these CLIs",
		],
		["crossfade mdm -v fleet --cli claude-code,codex --out fleet", "two of the CLIs"],
		["crossfade mdm verify jamf", "check a folder before the upload"],
	],
	run,
};

async function run(fx: Effects, { options, args }: Invocation): Promise<ExitName> {
	const [verb, folder] = args;
	if (verb !== undefined) {
		if (verb !== "verify") throw new CrossfadeError("usage", choiceProblem("the verb", verb, ["verify"], "mdm"));
		const { verifyFolder } = await import("./mdm-verify.ts");
		return verifyFolder(fx, folder, await tokenOf(fx, options), options["json"] === true);
	}
	const isBare = options["vehicle"] === undefined && options["out"] === undefined;
	if (options["list"] === true || isBare) return list(fx, options["json"] === true);
	const spec = parseMdmFlags(options);
	const out = options["out"];
	if (typeof out !== "string") {
		const fix = `add --out and a folder, e.g. --out ${spec.vehicle.id}`;
		throw new CrossfadeError("usage", { what: "no folder given", where: { file: "--out" }, fix });
	}
	return write(fx, spec, out, options);
}

function list(fx: Effects, json: boolean): ExitName {
	const rows = mdms.map((vehicle) => ({
		id: vehicle.id,
		title: vehicle.title,
		os: systemsOf(vehicle),
		modes: modesOf(vehicle),
	}));
	if (json) {
		fx.terminal.print(`${JSON.stringify(rows, undefined, 2)}\n`);
		return "ok";
	}
	const cells = [
		["-v", "MDM", "machines", "modes"],
		...rows.map((row) => [row.id, row.title, row.os.join(", "), row.modes.join(", ")]),
	];
	const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
	for (const row of cells) {
		fx.terminal.print(`${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}\n`);
	}
	return "ok";
}

async function write(fx: Effects, spec: MdmSpec, folder: string, options: Flags): Promise<ExitName> {
	const secret = await tokenOf(fx, options);
	if (secret) refuseUnfit(secret, spec);
	const withToken = secret !== undefined && spec.mode === "embedded";
	const kit = renderKit(spec, { ...(secret && { fingerprint: secret.fingerprint }), withToken });
	const force = { force: options["force"] === true };
	const paths =
		secret && withToken
			? await fx.files.writeFilled(folder, kit.artefacts, { files: kit.filled, secret }, force)
			: await fx.files.writeAll(folder, kit.artefacts, force);
	const files = [...kit.artefacts, ...(withToken ? kit.filled.map(secretPurpose) : [])];
	if (options["json"] === true) {
		const rows = files.map(({ path, purpose }, index) => ({
			path: paths[index],
			purpose,
			secret: withToken && kit.filled.some((filled) => filled.path === path),
		}));
		const fingerprint = secret?.fingerprint;
		fx.terminal.print(`${JSON.stringify({ ...mdmFlags(spec), fingerprint, files: rows }, undefined, 2)}\n`);
		return "ok";
	}
	for (const path of paths) fx.terminal.print(`${path}\n`);
	if (secret) fx.terminal.note(`token     fp=${secret.fingerprint}`);
	if (secret && !withToken) fx.terminal.note("          it is in none of these files: the MDM hands it over");
	if (withToken) fx.terminal.note("secret    the files named *.secret.* hold the token: upload them, then delete them");
	fx.terminal.note(`next      read ${shown(folder)}/STEPS.md, then crossfade mdm verify ${shown(folder)}`);
	return "ok";
}

function secretPurpose({ path, copyOf }: { path: string; copyOf: string }) {
	return { path, purpose: `${copyOf} with the token in it` };
}

async function tokenOf(fx: Effects, options: Flags): Promise<Secret | undefined> {
	const text = options["token"];
	if (typeof text !== "string") return undefined;
	const ref = parseTokenRef(text, "--token");
	if ("what" in ref) throw new CrossfadeError("usage", ref);
	return fx.readToken(ref);
}

/** A token that the scripts themselves would refuse, or that the vendor would cut. */
function refuseUnfit(secret: Secret, { vehicle, mode }: MdmSpec): void {
	const { length } = secret.reveal();
	const longest = mode === "param" ? vehicle.longestToken : undefined;
	const problems = [];
	if (longest !== undefined && length > longest) {
		problems.push({
			what: `the token is too long for a parameter of ${vehicle.title}, which cuts it without a word`,
			expected: `at most ${longest} characters`,
			got: `${length}`,
			fix: "ask for a shorter token, or use --mode embedded",
		});
	}
	if (!isSafeAlphabet(secret.reveal())) {
		problems.push({
			what: "the token has a character that one of the CLIs would change, and the scripts refuse it",
			expected: "letters, digits, '.', '_', '~' and '-'",
			fix: "ask for a token of these",
		});
	}
	if (problems.length > 0) throw new CrossfadeError("refused", problems);
}
