import { join } from "node:path";
import { compiled, nodeOf } from "../parts.ts";
import { cliPart, labOf } from "./labs.ts";
import type { Ended, LabMachine } from "./machine.ts";
import type { FakeModel } from "./model.ts";

/** One prompt, in one run of a CLI. */
export interface CliRun {
	readonly machine: LabMachine;
	readonly model: FakeModel;
	readonly prompt: string;
	/** The newest of ours if not given. */
	readonly version?: string;
	/** Variables of the shell that it is started from. */
	readonly env?: Readonly<Record<string, string>>;
	/** More of its own arguments. */
	readonly args?: readonly string[];
}

/** Runs a CLI to its end, whatever that is. */
export function runCli(id: string, options: CliRun): Promise<Ended> {
	const { releases, entry, node, start } = labOf(id);
	const { version = releases.newest, machine } = options;
	const { args, env } = start(options);
	const program = node === undefined ? process.execPath : nodeOf(node).path;
	const script = join(cliPart(id, version).path, entry(version));
	return machine.run([program, script, ...args, ...(options.args ?? [])], {
		// What one start compiled, the next ones do not compile again: that is most of what some of them do.
		env: { NODE_COMPILE_CACHE: compiled, ...env, ...options.env },
	});
}
