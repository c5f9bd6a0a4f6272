import { join } from "node:path";
import { everySystem } from "../adapters/clis/cli.ts";
import { clis, helped } from "../adapters/clis/registry.ts";
import type { Mode } from "../adapters/vehicles/mode.ts";
import { CrossfadeError, type ExitName, type Problem } from "../base/errors.ts";
import { shown, shownName } from "../base/mask.ts";
import { nearest } from "../base/suggest.ts";
import { table } from "../base/table.ts";
import { inWords } from "../base/words.ts";
import type { Effects } from "../effects/effects.ts";
import { kitOf } from "../generate/kit/kit.ts";
import { refuseUnfit } from "../generate/kit/token-fit.ts";
import { scopes } from "../spec/endpoint-script.ts";
import type { Flags } from "../spec/flags.ts";
import {
	askedSystems,
	type Mdm,
	type MdmSpec,
	mdmFlags,
	mdms,
	mdmsFor,
	modes,
	modesOf,
	parseMdmFlags,
	systemsOf,
} from "../spec/mdm.ts";
import { parseTokenRef } from "../token/reference.ts";
import type { Secret } from "../token/secret.ts";
import { backendOptions } from "./backend-options.ts";
import type { Command, Invocation } from "./command.ts";

/** For the examples: an MDM that passes the token, one that has it in the file, and two CLIs. */
const handing = exampleOf("param");
const holding = exampleOf("embedded");
const two = clis.slice(0, 2).map(({ id }) => id);

export const mdmCommand: Command = {
	name: "mdm",
	description: `Writes what an IT admin uploads to an MDM so that the AI CLIs on every machine send with the current token: scripts that
install, report and uninstall, payloads for the vendor's API, STEPS.md and a manifest with hashes.

Files contain a placeholder, not the token. With --mode embedded and --token it also writes copies that contain the
token, named *.secret.*; do not share them. Without --vehicle it lists the supported MDMs, with --os those for that system.

verify <folder> checks a folder before you upload it: unchanged, complete, no token where it does not belong, and scripts that the shells and
PowerShells of this machine can parse. What none of them parsed is printed as unknown.`,
	arguments: [
		{ name: "[verify]", description: "check a folder before the upload" },
		{ name: "[folder]", description: "the folder to check" },
	],
	options: [
		{ flags: "-v, --vehicle <id>", description: "your MDM", choices: mdms.map(({ id }) => id) },
		{ flags: "--os <list>", description: `${everySystem.join(",")} (default: all that the MDM supports)` },
		{
			flags: "--mode <mode>",
			description: "how the script gets the token (default: the safer one)",
			choices: modes,
		},
		{ flags: "--cli <list>", description: `${clis.map(({ id }) => id).join(",")} (default: all)` },
		backendOptions.provider,
		backendOptions.endpoint,
		{
			flags: "--scope <scope>",
			description: "one file per machine, or files of each user (default: system)",
			choices: scopes,
		},
		{
			flags: "--helper",
			description: `${inWords(helped.map(({ title }) => title))} reads the token from a file, so that running sessions get a new one`,
		},
		{
			flags: "--compact",
			description:
				"scripts half as long: they only write whole machine-wide files, and refuse existing files of others",
		},
		{ flags: "--no-host-identity", description: "do not send the machine's name and id" },
		{ flags: "--token <ref>", description: "file:PATH, env:NAME, fd:N, prompt, or - for standard input" },
		{ flags: "--out <folder>", description: "where to write", files: true },
		{ flags: "--force", description: "overwrite existing files" },
		{ flags: "--list", description: "list the supported MDMs" },
		{ flags: "--json", description: "print JSON" },
	],
	examples: [
		["crossfade mdm", "list the MDMs"],
		["crossfade mdm --os windows", "list those that have scripts for Windows"],
		[
			`crossfade mdm -v ${handing.id} --out ${handing.id}`,
			`everything for ${handing.title}; it passes the token when the script runs`,
		],
		[
			`crossfade mdm -v ${holding.id} --token file:new.token --out ${holding.id}`,
			"with the token, in files named *.secret.*",
		],
		[
			"crossfade mdm -v generic --compact --out scripts",
			"short scripts, for machines where nothing else configures these CLIs",
		],
		[`crossfade mdm -v ${handing.id} --cli ${two.join(",")} --out ${handing.id}`, "only two CLIs"],
		[`crossfade mdm verify ${handing.id}`, "check a folder before the upload"],
	],
	run,
};

/** The first vehicle with this mode. */
function exampleOf(mode: Mode): Mdm {
	const found = mdms.find((each) => modesOf(each)[0] === mode);
	if (!found) throw new TypeError(`no MDM has the mode ${mode}`);
	return found;
}

/** `crossfade mdm <vehicle>` means the vehicle. */
function unknownSubcommand(word: string): Problem {
	const vehicle = mdms.find(
		({ id }) =>
			id ===
			nearest(
				word,
				mdms.map((each) => each.id),
			),
	);
	return {
		what: `unknown subcommand '${shown(word)}'`,
		expected: "verify, or no subcommand",
		fix: vehicle ? `did you mean crossfade mdm -v ${vehicle.id}?` : "see crossfade mdm --help",
	};
}

async function run(fx: Effects, { options, args }: Invocation): Promise<ExitName> {
	const [verb, folder] = args;
	if (verb !== undefined) {
		if (verb !== "verify") throw new CrossfadeError("usage", unknownSubcommand(verb));
		const { verifyFolder } = await import("./mdm-verify.ts");
		return verifyFolder(fx, folder, await tokenOf(fx, options), options["json"] === true);
	}
	const isBare = options["vehicle"] === undefined && options["out"] === undefined;
	if (options["list"] === true || isBare) return list(fx, mdmsFor(askedSystems(options)), options["json"] === true);
	const spec = parseMdmFlags(options);
	const out = options["out"];
	if (typeof out !== "string") {
		const fix = `add --out and a folder, e.g. --out ${spec.vehicle.id}`;
		throw new CrossfadeError("usage", { what: "no folder given", where: { file: "--out" }, fix });
	}
	return write(fx, spec, out, options);
}

function list(fx: Effects, found: readonly Mdm[], json: boolean): ExitName {
	const rows = found.map((vehicle) => ({
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
	for (const line of table(cells)) fx.terminal.print(`${line}\n`);
	return "ok";
}

async function write(fx: Effects, spec: MdmSpec, folder: string, options: Flags): Promise<ExitName> {
	const secret = await tokenOf(fx, options);
	if (secret) refuseUnfit(secret, spec);
	const withToken = secret !== undefined && spec.mode === "embedded";
	const kit = kitOf(spec, { ...(secret && { fingerprint: secret.fingerprint }), withToken });
	const force = { force: options["force"] === true };
	const packed = withToken ? kit.packed : [];
	const secretFiles = [...kit.filled, ...packed.map(({ path, pack }) => ({ path, fill: pack }))];
	const paths =
		secret && withToken
			? await fx.files.writeFilled(folder, kit.artefacts, { files: secretFiles, secret }, force)
			: await fx.files.writeAll(folder, kit.artefacts, force);
	const files = [...kit.artefacts, ...(withToken ? kit.filled.map(secretPurpose) : []), ...packed];
	if (options["json"] === true) {
		const rows = files.map(({ path, purpose }, index) => ({
			path: paths[index],
			purpose,
			secret: withToken && secretFiles.some((filled) => filled.path === path),
		}));
		const fingerprint = secret?.fingerprint;
		fx.terminal.print(`${JSON.stringify({ ...mdmFlags(spec), fingerprint, files: rows }, undefined, 2)}\n`);
		return "ok";
	}
	for (const path of paths) fx.terminal.print(`${path}\n`);
	if (spec.vehicle.id !== options["vehicle"])
		fx.terminal.note(`vehicle   ${spec.vehicle.title} (-v ${spec.vehicle.id})`);
	if (secret) fx.terminal.note(`token     fp=${secret.fingerprint}`);
	if (secret && !withToken)
		fx.terminal.note("          none of these files contains it: the MDM passes it to the script");
	if (withToken)
		fx.terminal.note("secret    the files named *.secret.* contain the token: upload them, then delete them");
	for (const { caution } of packed) fx.terminal.note(`          ${caution}`);
	fx.terminal.note(
		`next      read ${shownName(join(folder, "STEPS.md"))}, then crossfade mdm verify ${shownName(folder)}`,
	);
	return "ok";
}

function secretPurpose({ path, copyOf }: { path: string; copyOf: string }) {
	return { path, purpose: `${copyOf} with the token` };
}

async function tokenOf(fx: Effects, options: Flags): Promise<Secret | undefined> {
	const text = options["token"];
	if (typeof text !== "string") return undefined;
	const ref = parseTokenRef(text, "--token");
	if ("what" in ref) throw new CrossfadeError("usage", ref);
	return fx.readToken(ref);
}
