import { basename, dirname } from "node:path";
import { CrossfadeError } from "../base/errors.ts";
import { providerOf } from "../spec/backend.ts";
import { readFlags } from "../spec/flags.ts";
import { FLEET_FILE } from "../spec/fleet-text.ts";
import { backendOptions } from "./backend-options.ts";
import type { Command } from "./command.ts";

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
		{ flags: "--schema", description: "print the JSON Schema of the file, for editors" },
	],
	examples: [
		["crossfade init", `write ${FLEET_FILE} here`],
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
		const content = fleetFile(provider);
		const out = reader.text("out") ?? FLEET_FILE;
		if (out === "-") {
			fx.terminal.print(content);
			return "ok";
		}
		const force = options["force"] === true;
		const [path = out] = await fx.files.writeAll(dirname(out), [{ path: basename(out), content }], { force });
		fx.terminal.print(`${path}\n`);
		fx.terminal.note("next: enter where your tokens are and which hosts to expect, then run crossfade watch");
		return "ok";
	},
};
