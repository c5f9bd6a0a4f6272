import { execFile } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { limitConcurrency } from "../../src/base/concurrency.ts";
import { scratch } from "../harness/cli.ts";
import { codexValues } from "../harness/clis/codex-values.ts";
import { cliPart } from "../harness/clis/labs.ts";
import { aThird } from "../harness/matrix.ts";
import { needs } from "../harness/parts.ts";

const releases = ["0.165.0", "0.169.0"];

/** Whether the real Codex reads a file. */
function reads(version: string, toml: string): Promise<boolean> {
	const home = scratch({ ".codex/config.toml": toml });
	const env = { HOME: home, CODEX_HOME: join(home, ".codex"), PATH: "/usr/bin:/bin" };
	const program = join(cliPart("codex", version).path, "bin/codex.js");
	return new Promise((resolve) => {
		execFile(process.execPath, [program, "features", "list"], { cwd: home, env }, (error) => resolve(error === null));
	});
}

for (const version of releases)
	test(`Codex ${version} starts with the values with which we say so, and with no others`, {
		...needs(cliPart("codex", version)),
		timeout: 600_000,
	}, async () => {
		const whenFree = limitConcurrency(2);
		const rows = Object.entries(codexValues).flatMap(([what, snippets]) =>
			snippets.map((toml) => ({ toml, starts: what.endsWith("starts") })),
		);
		const seen = aThird(rows, undefined, releases.indexOf(version)).map((row) =>
			whenFree(async () => ({ ...row, isRead: await reads(version, row.toml) })),
		);
		expect((await Promise.all(seen)).filter(({ starts, isRead }) => starts !== isRead)).toEqual([]);
	});
