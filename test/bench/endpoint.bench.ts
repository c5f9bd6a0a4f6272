import { spawnSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { canary } from "../harness/canary.ts";
import { scratch } from "../harness/cli.ts";
import { actions, endpointScript, machine, write } from "../harness/endpoint.ts";
import { type Account, homes } from "../harness/homes.ts";
import { needs, program, root } from "../harness/parts.ts";

const ROUNDS = 15;
const self = ["scope=user", "users=self"];

/** The same two settings in the same file, as a script with an interpreter would do it: read, parse, set, compare, write, rename. */
const python = `import json, os, sys
p = sys.argv[1]
t = sys.stdin.readline().strip()
s = open(p).read()
d = json.loads(s)
d.setdefault("env", {})["OTEL_EXPORTER_OTLP_HEADERS"] = "Authorization=Bearer " + t
n = json.dumps(d, indent=2)
if n != s:
    open(p + ".new", "w").write(n)
    os.replace(p + ".new", p)
`;
const node = `const fs = require("node:fs");
const [p] = process.argv.slice(2);
const t = fs.readFileSync(0, "utf8").trim();
const s = fs.readFileSync(p, "utf8");
const d = JSON.parse(s);
(d.env ??= {}).OTEL_EXPORTER_OTLP_HEADERS = "Authorization=Bearer " + t;
const n = JSON.stringify(d, null, 2);
if (n !== s) { fs.writeFileSync(p + ".new", n); fs.renameSync(p + ".new", p); }
`;

const median = (times: readonly number[]) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;

function timed(argv: readonly string[], env: Readonly<Record<string, string>>, input: string): number {
	const start = performance.now();
	const { status, stderr } = spawnSync(argv[0] ?? "", argv.slice(1), { env: { ...env }, input, encoding: "utf8" });
	expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
	return performance.now() - start;
}

/** How many processes a command starts, itself included. */
function processes(argv: readonly string[], env: Readonly<Record<string, string>>, input: string): number {
	const log = join(scratch(), "trace");
	spawnSync(program("strace").path, ["-f", "-qq", "-e", "trace=clone,clone3,fork,vfork", "-o", log, ...argv], {
		env,
		input,
	});
	const { stdout } = spawnSync("grep", ["-cE", "(clone3?|v?fork)\\(.*= [0-9]+$", log], { encoding: "utf8" });
	return Number(stdout) + 1;
}

describe("the endpoint script", () => {
	test(
		"one user, three CLIs: cold and with nothing to do, against python3 and node",
		needs(...["python3", "node", "strace"].map(program)),
		() => {
			const m = machine({ content: endpointScript("generic", { actions }) });
			const folder = scratch({ "edit.py": python, "edit.js": node });
			const file = write(folder, "settings.json", "{}");
			const token = `${canary().token}\n`;
			const env = { PATH: process.env["PATH"] ?? "", HOME: m.home, CROSSFADE_TEST_ROOT: m.root };
			const script = (...words: string[]) => ["sh", m.script, ...self, ...words];
			const kept = scratch();
			cpSync(m.home, kept, { recursive: true, verbatimSymlinks: true });
			const commands: Record<string, { argv: readonly string[]; cold: boolean }> = {
				"script, cold": { argv: script(), cold: true },
				"script, nothing to do": { argv: script(), cold: false },
				"script, nothing to do, one CLI": { argv: script("clis=claude-code"), cold: false },
				"script, report": { argv: script("report"), cold: false },
				python3: { argv: ["/usr/bin/python3", join(folder, "edit.py"), file], cold: false },
				node: { argv: [process.execPath, join(folder, "edit.js"), file], cold: false },
			};
			const rows = Object.entries(commands).map(([what, { argv, cold }]) => {
				const times = [];
				let forks = 0;
				for (let round = -1; round < ROUNDS; round++) {
					if (cold) {
						rmSync(m.home, { recursive: true });
						cpSync(kept, m.home, { recursive: true, verbatimSymlinks: true });
					}
					if (round < 0) {
						forks = processes(argv, env, token);
						timed(argv, env, token);
					} else times.push(timed(argv, env, token));
				}
				return { what, ms: median(times), forks };
			});
			const base = rows.find(({ what }) => what === "python3")?.ms ?? 1;
			for (const { what, ms, forks } of rows) {
				process.stdout.write(`${what}: ${ms.toFixed(0)} ms, ${(ms / base).toFixed(2)} x python3, ${forks} processes\n`);
			}
			process.stdout.write(`rendered: ${(endpointScript("generic", { hooks: false }).length / 1024).toFixed(1)} KB\n`);
		},
	);

	test("20 users, three CLIs each, in one run", needs(root), async () => {
		const accounts: Account[] = Array.from({ length: 20 }, (_, n) => ({ name: `user${n}`, uid: 3000 + n }));
		const m = homes(accounts);
		const token = canary();
		for (const what of ["cold", "nothing to do"]) {
			const start = performance.now();
			expect(await m.run("scope=user users=all", token)).toMatchObject({ code: 0 });
			process.stdout.write(`20 users x 3 CLIs, ${what}: ${((performance.now() - start) / 1000).toFixed(1)} s\n`);
		}
	});
});
