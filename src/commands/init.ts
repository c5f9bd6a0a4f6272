import { basename, dirname, join } from "node:path";
import type { TokenIssuer } from "../adapters/providers/provider.ts";
import { issuers } from "../adapters/providers/registry.generated.ts";
import { defaultProvider } from "../adapters/providers/registry.ts";
import { CrossfadeError } from "../base/errors.ts";
import type { Effects } from "../effects/effects.ts";
import { providerOf } from "../spec/backend.ts";
import { endpointProblems, normalEndpoint } from "../spec/endpoint.ts";
import { type FlagReader, readFlags } from "../spec/flags.ts";
import { FLEET_FILE } from "../spec/fleet-text.ts";
import { Secret } from "../token/secret.ts";
import type { Command } from "./command.ts";

/** This machine's key for rotations, beside the fleet file. */
const KEY_FILE = "crossfade.key";

export const initCommand: Command = {
	name: "init",
	description: `Writes a commented ${FLEET_FILE}: provider, overlap, tokens by reference, gateways, expected hosts. It contains no secrets.`,
	options: [
		{
			flags: "--provider <id>",
			description: "who issues the token; without --rotate one with OTLP ingest",
			choices: issuers.map(({ id }) => id),
		},
		{ flags: "--endpoint <url>", description: "base URL of the provider, if not its own" },
		{
			flags: "-o, --out <file>",
			description: `where to write it, - for standard output (default: ${FLEET_FILE})`,
			files: true,
		},
		{ flags: "--force", description: "overwrite an existing file" },
		{
			flags: "--rotate",
			description: `with a rotation to fill in, and beside it ${KEY_FILE}, this machine's age key, for its owner only`,
		},
		{ flags: "--schema", description: "print the JSON Schema of the file, for editors" },
	],
	examples: [
		["crossfade init", `write ${FLEET_FILE} here`],
		["crossfade init --rotate", "the same with a rotation, and a key for it"],
		["crossfade init --schema > crossfade.schema.json", "for completion and validation in an editor"],
	],
	async run(fx, { options }) {
		if (options["schema"] === true) {
			const { fleetJsonSchema } = await import("../spec/fleet-json-schema.ts");
			fx.terminal.print(`${JSON.stringify(fleetJsonSchema(), undefined, 2)}\n`);
			return "ok";
		}
		const reader = readFlags(options);
		const rotates = reader.isSet("rotate");
		const issuer = rotates ? issuerOf(reader) : ofOtlp(reader);
		const endpoint = reader.text("endpoint");
		if (endpoint !== undefined) reader.problems.push(...endpointProblems(endpoint, "--endpoint", "never"));
		if (!issuer || reader.problems.length > 0) throw new CrossfadeError("usage", reader.problems);
		const { fleetFile } = await import("../generate/render/fleet-file.ts");
		const out = reader.text("out") ?? FLEET_FILE;
		const force = options["force"] === true;
		const rotation = rotates ? await freeName(fx, force) : undefined;
		const content = fleetFile(issuer, { rotation, endpoint: endpoint && normalEndpoint(endpoint) });
		if (out === "-") {
			fx.terminal.print(content);
			return "ok";
		}
		const key = join(dirname(out), KEY_FILE);
		if (rotates && !force) await fx.files.assertFree([out]);
		const recipient = rotates ? await machineKey(fx, key) : undefined;
		const [path = out] = await fx.files.writeAll(dirname(out), [{ path: basename(out), content }], { force });
		fx.terminal.print(`${path}\n`);
		if (recipient !== undefined) {
			fx.terminal.note(`${key}: this machine's key; whoever has it opens sealed tokens. Its recipient: ${recipient}`);
			fx.terminal.note(
				"next: read the blocks stores: and rotations:, enter what is yours, then run crossfade rotate plan",
			);
			return "ok";
		}
		fx.terminal.note("next: enter where your tokens are and which hosts to expect, then run crossfade watch");
		return "ok";
	},
};

/** A fleet file without a rotation is for commands that send or count OTLP. */
function ofOtlp(reader: FlagReader): TokenIssuer | undefined {
	const issuer = issuers.find(({ id }) => id === reader.text("provider"));
	if (!issuer || "takes" in issuer) return providerOf(reader);
	reader.wrong("--provider", { what: `${issuer.title} takes no OTLP`, fix: "add --rotate: its tokens can be rotated" });
	return undefined;
}

function issuerOf(reader: FlagReader): TokenIssuer | undefined {
	const id = reader.text("provider") ?? defaultProvider.id;
	const known = reader.choice(
		id,
		issuers.map((each) => each.id),
		"--provider",
		"provider",
	);
	return issuers.find((each) => each.id === known);
}

/** A rotation's name of which this machine has no journal: one of another fleet file could not be gone on with. */
async function freeName(fx: Effects, force: boolean): Promise<string> {
	const { journalPath } = await import("../rotate/open.ts");
	const usual = "main";
	let name = usual;
	for (let number = 2; !force && (await isTaken(fx, await journalPath(fx, name))); number++)
		name = `${usual}-${number}`;
	if (name !== usual) fx.terminal.note(`this machine has a rotation ${usual} already; this one is ${name}`);
	return name;
}

const isTaken = async (fx: Effects, path: string) => (await fx.files.openFolder(path)).exists();

/** Makes this machine's key, or finds the one that is there; returns its recipient, which is no secret. */
async function machineKey(fx: Effects, path: string): Promise<string> {
	const { newAgeKey, recipientOf } = await import("../rotate/sealing.ts");
	const folder = await fx.files.openFolder(dirname(path));
	if (await folder.read(KEY_FILE)) {
		return recipientOf((await fx.readToken({ kind: "file", path })).reveal(), path);
	}
	const { identity, recipient } = await newAgeKey();
	await fx.files.createSecret(path, Secret.of(identity));
	return recipient;
}
