import { mkdirSync, symlinkSync } from "node:fs";
import { dirname } from "node:path";
import { expect } from "vitest";
import { clis } from "../../../src/adapters/clis/registry.ts";
import { type Canary, leaks } from "../canary.ts";
import { actions, endpointScript } from "../endpoint.ts";
import { type Lab, startLab } from "./lab.ts";
import { cliPart } from "./labs.ts";
import type { Ended } from "./machine.ts";

/** A lab whose configuration our own script writes: as a customer's machine runs it, without hooks. */
export interface ScriptedLab extends Lab {
	/** Runs it with these options, a token on standard input where one is given; fails when a token shows in the output. */
	script(options: string, token?: Canary, env?: Readonly<Record<string, string>>): Promise<Ended>;
}

/** The CLI is where npm would put it, so that the script finds the release by itself. */
export async function startScripted(id: string, version?: string): Promise<ScriptedLab> {
	const lab = await startLab();
	const { machine, capture } = lab;
	const place = machine.path(`~/.npm-global/lib/node_modules/${clis.find((cli) => cli.id === id)?.npm}`);
	mkdirSync(dirname(place), { recursive: true });
	symlinkSync(cliPart(id, version).path, place);
	machine.write("~/script.sh", endpointScript("generic", { hooks: false, actions }), 0o755);
	const tokens: Canary[] = [];
	return {
		...lab,
		async script(options, token, env = {}) {
			if (token) {
				tokens.push(token);
				lab.to(token);
			}
			// Its lock and work folder are in /run, which is to be the machine's own.
			const enter = 'mount -t tmpfs tmpfs /run && exec ~/script.sh "$@"';
			const words = [`endpoint=${capture.url}/ingest`, "users=self", ...options.split(" ")];
			const stdin = token ? `${token.token}\n` : "";
			const ended = await machine.run(["sh", "-c", enter, "sh", ...words], { stdin, env });
			expect(leaks(tokens, { stdout: ended.stdout, stderr: ended.stderr })).toEqual([]);
			return ended;
		},
	};
}
