import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { registry } from "../src/commands/registry.ts";
import { exitCodes } from "../src/errors.ts";
import { version } from "../src/version.ts";
import { canary } from "./harness/canary.ts";
import { scratch } from "./harness/cli.ts";
import { crossfade } from "./harness/command.ts";

describe("crossfade", () => {
	test("--version is the package's", async () => {
		const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
		expect(version).toBe(manifest.version);
		expect((await crossfade(["--version"])).stdout).toBe(`${manifest.version}\n`);
	});

	test("--help names every command", async () => {
		const { stdout, stderr, code } = await crossfade(["--help"]);
		expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
		for (const { name } of registry) expect(stdout).toContain(`\n  ${name}`);
	});

	test.each(registry.map(({ name }) => name))("%s --help has examples", async (name) => {
		const { stdout, code } = await crossfade([name, "--help"]);
		expect(code).toBe(0);
		expect(stdout).toMatch(/Examples:\n {2}.*crossfade /);
		expect((await crossfade(["help", name])).stdout).toBe(stdout);
	});

	test("no command at all shows the help and is a usage error", async () => {
		const { code, stderr } = await crossfade([]);
		expect(code).toBe(exitCodes.usage[0]);
		expect(stderr).toContain("crossfade --help");
	});

	test("a token given as a flag is refused and not repeated", async () => {
		const secret = canary();
		for (const args of [
			["exit-codes", `--token=${secret.token}`],
			["exit-codes", "--token", secret.token],
			["exit-codes", `--tokn=${secret.token}`],
			["exit-codes", secret.token],
			["completion", secret.token],
			["check", "--explain", secret.token],
			["check", "-d", secret.token, "x"],
			[secret.token],
			[`--${secret.token}`],
		]) {
			const { code, stderr } = await crossfade(args, { canaries: [secret], seenInArguments: true });
			expect(code).toBe(exitCodes.usage[0]);
			expect(stderr).toMatch(/^error: /);
		}
	});

	test("a token where a file name belongs is not repeated either", async () => {
		const secret = canary();
		for (const args of [
			["check", "-d", "contrib", secret.token],
			["check", "-d", "contrib", "--bin", secret.token, "/etc/passwd"],
			["collector", "-d", "contrib", "--into", secret.token],
			["sandbox", "--token", `file:${secret.token}`],
		]) {
			const { code } = await crossfade(args, { canaries: [secret], seenInArguments: true });
			expect(code).toBeGreaterThan(1);
		}
	});

	test("an unknown command or option has a suggestion", async () => {
		expect((await crossfade(["exit-code"])).stderr).toContain("exit-codes");
		expect((await crossfade(["exit-codes", "--jsn"])).stderr).toContain("--json");
	});

	test("the table of exit codes has no code twice", async () => {
		const codes = Object.values(exitCodes).map(([code]) => code);
		expect(new Set(codes).size).toBe(codes.length);
		const { stdout } = await crossfade(["exit-codes", "--json"]);
		expect(JSON.parse(stdout).map((row: { code: number }) => row.code)).toEqual(codes);
	});

	test("a reader that goes away ends the output quietly", async () => {
		const { spawnSync } = await import("node:child_process");
		const cli = new URL("../dist/cli.cjs", import.meta.url).pathname;
		const { stderr, status } = spawnSync("sh", ["-c", `"$0" "$1" --help | true`, process.execPath, cli], {
			encoding: "utf8",
		});
		expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
	});

	test("a crash with a token in its message shows neither the token nor its forms", async () => {
		const secret = canary();
		const cwd = scratch({
			token: secret.token,
			"crash.cjs": `const { readFileSync } = require("node:fs");
const { Server } = require("node:net");
Server.prototype.listen = () => {
	const token = readFileSync("token", "utf8");
	const error = new Error("boom " + token + " " + encodeURIComponent(token) + " " + Buffer.from("x:" + token).toString("base64"), { cause: token });
	if (process.env.HOW === "reject") return void Promise.reject(error);
	if (process.env.HOW === "later") return void setTimeout(() => { throw error; });
	throw error;
};
`,
		});
		for (const how of ["throw", "reject", "later"]) {
			const options = {
				cwd,
				canaries: [secret],
				holders: ["token"],
				env: { HOW: how },
				nodeArgs: ["--require", "./crash.cjs"],
			};
			const { code, stderr } = await crossfade(["sandbox", "--token", "file:token", "--json", "--verbose"], options);
			expect(code).toBe(exitCodes.internal[0]);
			expect(stderr).toContain("internal error");
			expect(stderr).toContain(`boom [secret fp=${secret.fingerprint}]`);
		}
	});
});
