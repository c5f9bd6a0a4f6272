import { basename, dirname, join } from "node:path";
import { CrossfadeError } from "../base/errors.ts";
import type { Effects } from "../effects/effects.ts";
import { providerOf } from "../spec/backend.ts";
import { readFlags } from "../spec/flags.ts";
import { FLEET_FILE } from "../spec/fleet-text.ts";
import { Secret } from "../token/secret.ts";
import { backendOptions } from "./backend-options.ts";
import type { Command } from "./command.ts";

/** This machine's key for rotations, beside the fleet file. */
const KEY_FILE = "crossfade.key";

export const initCommand: Command = {
	name: "init",
	description: `Writes a commented ${FLEET_FILE}: provider, overlap, tokens by reference, gateways, expected hosts. It contains no secrets.`,
	options: [
		{ ...backendOptions.provider, description: "who issues the token" },
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
		const provider = providerOf(reader);
		if (!provider) throw new CrossfadeError("usage", reader.problems);
		const { fleetFile } = await import("../generate/render/fleet-file.ts");
		const rotates = reader.isSet("rotate");
		const content = fleetFile(provider, { rotates });
		const out = reader.text("out") ?? FLEET_FILE;
		if (out === "-") {
			fx.terminal.print(content);
			return "ok";
		}
		const force = options["force"] === true;
		const key = join(dirname(out), KEY_FILE);
		if (rotates && !force) await fx.files.assertFree([out]);
		const recipient = rotates ? await machineKey(fx, key) : undefined;
		const [path = out] = await fx.files.writeAll(dirname(out), [{ path: basename(out), content }], { force });
		fx.terminal.print(`${path}\n`);
		if (recipient !== undefined) {
			fx.terminal.note(`${key}: this machine's key; whoever has it opens sealed tokens. Its recipient: ${recipient}`);
			fx.terminal.note("next: enter where your token is kept, then run crossfade rotate plan");
			return "ok";
		}
		fx.terminal.note("next: enter where your tokens are and which hosts to expect, then run crossfade watch");
		return "ok";
	},
};

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
