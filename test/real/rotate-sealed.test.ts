import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { scratch } from "../harness/cli.ts";
import { gitleaks, needs, program } from "../harness/parts.ts";
import { type RotationWorld, rotationWorld } from "../harness/rotate.ts";

const BECAUSE = ["--because", "its log says so"] as const;

/** A Torii rotation whose new token is in its store, which nobody has confirmed. */
async function halfway() {
	const world = await rotationWorld("torii");
	const said = [await world.rotate("personNeeded", "start")];
	const fresh = await world.click();
	said.push(await world.rotate("personNeeded", "resume", "--token", "file:new.token"));
	return { world, fresh, said };
}

const stateOf = ({ cwd }: RotationWorld) => join(cwd, ".local/state/crossfade/rotations/it");

test(
	"the README's lines open the new token of a journal with the program age",
	needs(program("age"), program("jq")),
	async () => {
		const { world, fresh } = await halfway();
		const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
		const lines = /```sh\n(cd ~\/\.local\/state\/crossfade[\s\S]*?)```/.exec(readme)?.[1] ?? "";
		const own = scratch();
		const script = lines
			.replace("/my-rotation", "/it")
			.replace("/path/to/crossfade.key", join(world.cwd, "crossfade.key"))
			.replaceAll("/dev/shm", own);
		const env = { PATH: process.env["PATH"], HOME: world.cwd };
		expect(execFileSync("sh", ["-eu", "-c", script], { env, encoding: "utf8" })).toBe(fresh);
		const old = script.replace('"what":"new"', '"what":"old"');
		expect(fingerprint(execFileSync("sh", ["-eu", "-c", old], { env, encoding: "utf8" }))).toBe(
			fingerprint(world.first),
		);
	},
);

/** What gitleaks calls a secret and is none: fingerprints, ids of operations, hashes of the journal, sealed boxes. */
const RULES = `[extend]
useDefault = true
[[allowlists]]
regexTarget = "secret"
regexes = ['''^(?:fp=)?[0-9a-f]{12}\\.?$''', '''^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$''', '''^[0-9a-f]{32}$''', '''^YWdlLWVuY3J5cHRpb24''']
`;

test(
	"a scanner for secrets finds none in what a rotation prints and keeps, and finds a token that is put there",
	needs(gitleaks),
	async () => {
		const { world, said } = await halfway();
		said.push(await world.rotate("waiting", "resume", "--confirmed", "file", ...BECAUSE));
		for (const [exit, ...args] of [
			["ok", "plan"],
			["waiting", "status"],
			["waiting", "status", "--json"],
			["ok", "log"],
			["ok", "log", "--json"],
		] as const) {
			said.push(await world.rotate(exit, args[0], ...args.slice(1)));
		}
		const outputs = scratch({ "config.toml": RULES, "out/said.txt": said.join("\n") });
		const scan = (folder: string) => {
			const report = join(outputs, "report.json");
			const flags = ["dir", folder, "--config", join(outputs, "config.toml"), "--no-banner", "--exit-code", "9"];
			const { status, stderr } = spawnSync(gitleaks.path, [...flags, "-f", "json", "-r", report], { encoding: "utf8" });
			expect([0, 9], stderr).toContain(status);
			return JSON.parse(readFileSync(report, "utf8")).map(
				(each: Record<string, string>) => `${each["RuleID"]} ${each["Match"]}`,
			);
		};
		expect([...scan(join(outputs, "out")), ...scan(stateOf(world))]).toEqual([]);
		writeFileSync(join(outputs, "out/said.txt"), `token: ${world.first}\n`, { flag: "a" });
		expect(scan(join(outputs, "out"))).toHaveLength(1);
	},
);
