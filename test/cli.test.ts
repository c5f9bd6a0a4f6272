import { spawnSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";
import { parseSync } from "oxc-parser";
import { describe, expect, test } from "vitest";
import { exitCodes } from "../src/base/errors.ts";
import { version } from "../src/base/version.ts";
import { registry } from "../src/commands/registry.ts";
import { canary } from "./harness/canary.ts";
import { CLI, scratch } from "./harness/cli.ts";
import { crossfade } from "./harness/command.ts";

/** Prints the public modules of Node that a program loaded. */
const LOADED_AT_EXIT = `process.on("exit", () => {
	for (const name of process.moduleLoadList.map((each) => each.replace("NativeModule ", ""))) console.error("loaded " + name);
})`;

/** Says of each of our files whether V8 had compiled it before. */
const SCRIPTS = `const vm = require("node:vm");
vm.Script = class extends vm.Script {
	constructor(source, options) {
		super(source, options);
		process.stderr.write("loaded " + (this.cachedDataRejected === false ? "compiled " : "") + options.filename + "\\n");
	}
};`;

const RECEIVING = `receivers: { otlp: { protocols: { grpc: } } }
exporters:
  debug:
service:
  pipelines:
    logs: { receivers: [otlp], exporters: [debug] }
`;

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
		expect(stdout).toMatch(/Examples:\n[\s\S]*^ {2}crossfade /m);
		expect((await crossfade(["help", name])).stdout).toBe(stdout);
	});

	test("no command at all shows the help", async () => {
		const { code, stdout, stderr } = await crossfade([]);
		expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
		expect(stdout).toBe((await crossfade(["--help"])).stdout);
	});

	// Each of them loads a dozen more and slows every start; a command that needs one loads it on use.
	test.each(["--help", "collector -d contrib", "collector -d contrib --into c.yaml"])(
		"%s loads no module of Node for streams, networks, programs or cryptography",
		(line) => {
			const cwd = scratch({ "c.yaml": RECEIVING });
			const hook = join(scratch({ "hook.cjs": LOADED_AT_EXIT }), "hook.cjs");
			const { stderr, status } = spawnSync(process.execPath, ["--require", hook, CLI, ...line.split(" ")], {
				cwd,
				encoding: "utf8",
			});
			expect(status).toBe(0);
			const loaded = stderr.split("\n").filter((each) => each.startsWith("loaded "));
			expect(loaded).toContain("loaded fs");
			expect(loaded.filter((each) => /^loaded (stream|net|tty|tls|http|child_process|crypto)$/.test(each))).toEqual([]);
		},
	);

	// Each file costs a third of a millisecond, whatever is in it: scripts/build.mjs says which modules go together.
	test.each([
		["--help", 4],
		["collector -d contrib", 9],
		["collector -d contrib --into c.yaml", 13],
		["check -d contrib --no-bin c.yaml", 14],
	])("%s loads at most %d of our files", (line, most) => {
		const cwd = scratch({ "c.yaml": "service:\n  pipelines:\n", "hook.cjs": SCRIPTS });
		const args = ["--require", "./hook.cjs", CLI, ...line.split(" ")];
		const { stderr } = spawnSync(process.execPath, args, { cwd, encoding: "utf8" });
		const loaded = stderr.split("\n").filter((each) => each.startsWith("loaded "));
		expect(loaded.length, loaded.join("\n")).toBeGreaterThan(1);
		expect(loaded.length, loaded.join("\n")).toBeLessThanOrEqual(most);
	});

	test("every file of a command comes as V8 compiled it during the build", () => {
		const cwd = scratch({ "c.yaml": RECEIVING, "hook.cjs": SCRIPTS });
		for (const line of ["--help", "collector -d contrib --into c.yaml", "check -d contrib --no-bin c.yaml"]) {
			const args = ["--require", "./hook.cjs", CLI, ...line.split(" ")];
			const { stderr } = spawnSync(process.execPath, args, { cwd, encoding: "utf8" });
			const loaded = stderr.split("\n").filter((each) => each.startsWith("loaded "));
			expect(loaded.length).toBeGreaterThan(1);
			expect(loaded.filter((each) => !each.startsWith("loaded compiled "))).toEqual([]);
		}
	});

	test("what V8 compiled holds nothing of what the commands read while it was made", () => {
		const compiled = join(CLI, "../compiled");
		const files = readdirSync(compiled, { recursive: true, encoding: "utf8" })
			.map((name) => join(compiled, name))
			.filter((path) => statSync(path).isFile());
		const all = Buffer.concat(files.map((path) => readFileSync(path)));
		const script = readFileSync(new URL("../scripts/compile-ahead.mjs", import.meta.url), "utf8");
		const tokens = [...script.matchAll(/made-up-token-\d[\w-]*/g)].map(([token]) => token);
		expect(tokens.length).toBe(2);
		// The search finds what is there: a message of ours.
		expect(all.includes("internal error (a bug in crossfade)")).toBe(true);
		for (const token of tokens) expect(all.includes(token)).toBe(false);
	});

	test("no file of the command line has an import(), which its scripts are not given", () => {
		const dist = join(CLI, "..");
		const names = ["command-line.cjs", ...readdirSync(join(dist, "chunks")).map((name) => join("chunks", name))];
		const files = names.filter((name) => name.endsWith(".cjs"));
		expect(files.length).toBeGreaterThan(50);
		for (const name of files) {
			const { module } = parseSync(name, readFileSync(join(dist, name), "utf8"), { sourceType: "script" });
			expect(module.dynamicImports, name).toEqual([]);
		}
	});

	test.each([
		["is missing", () => undefined],
		["is empty", () => Buffer.alloc(0)],
		["was cut", (whole: Buffer) => whole.subarray(0, whole.length >> 1)],
		["is of another V8", (whole: Buffer) => Buffer.concat([Buffer.from("othr"), whole.subarray(4)])],
	])("where what V8 compiled %s, the sources are compiled", (_, changed) => {
		const folder = scratch();
		cpSync(join(CLI, ".."), folder, { recursive: true });
		const compiled = readdirSync(join(folder, "compiled"), { recursive: true, encoding: "utf8" })
			.map((name) => join(folder, "compiled", name))
			.filter((path) => statSync(path).isFile());
		expect(compiled.length).toBeGreaterThan(10);
		for (const path of compiled) {
			const now = changed(readFileSync(path));
			if (now) writeFileSync(path, now);
			else rmSync(path);
		}
		const help = (cli: string) => spawnSync(process.execPath, [cli, "--help"], { encoding: "utf8" });
		const { stdout, stderr, status } = help(join(folder, "cli.cjs"));
		expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
		expect(stdout).toBe(help(CLI).stdout);
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

	test("an error names a file that exists in full, however random its name", async () => {
		const name = `${canary().token}.yaml`;
		const { stdout, stderr } = await crossfade(["check", "-d", "contrib", "--no-bin", name], {
			cwd: scratch({ [name]: "receivers: [" }),
		});
		expect(stdout + stderr).toContain(`${name}:1:`);
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

	test.each([
		[["exit-code"], "did you mean crossfade exit-codes?"],
		[["help", "collectr"], "did you mean crossfade collector?"],
		[["exit-codes", "--jsn"], "did you mean --json? See crossfade exit-codes --help"],
		[["collector", "--dist", "x"], "did you mean --distribution? See crossfade collector --help"],
		[["doctor", "--nothing-like-it"], "see crossfade doctor --help"],
		[["exit-codes", "surplus"], "see crossfade exit-codes --help"],
		[["mdm", "jamf"], "did you mean crossfade mdm -v jamf?"],
		[["mdm", "-v", "jmaf"], "did you mean --vehicle jamf?"],
		[["mdm", "-v", "jamf", "--cli", "claude"], "did you mean --cli claude-code?"],
		[["report", "--hosts", "a,b"], "write the names into a file"],
	])("%j is a usage error that says what to do", async (args, advice) => {
		const { code, stdout, stderr } = await crossfade(args);
		expect({ code, stdout }).toEqual({ code: exitCodes.usage[0], stdout: "" });
		expect(stderr).toContain(advice);
	});

	test("help without a terminal is 100 columns wide; descriptions are wrapped once", async () => {
		for (const { name, load } of registry) {
			const { stdout } = await crossfade([name, "--help"]);
			const { description } = await load();
			const [first = ""] = description.split("\n\n");
			const flat = (text: string) => text.replace(/\s+/g, " ");
			expect(flat(stdout)).toContain(flat(first));
			const [above = ""] = stdout.split("\nExamples:");
			expect(above.split("\n").filter((line) => line.length > 100)).toEqual([]);
			// A line that ends early only because the source was broken there leaves room for the next word.
			const paragraph = above.split("\n\n")[1] ?? "";
			const lines = paragraph.split("\n");
			for (const [index, line] of lines.slice(0, -1).entries()) {
				const [next = ""] = (lines[index + 1] ?? "").split(" ");
				expect(line.length + 1 + next.length, `${name}: ${line}`).toBeGreaterThan(100);
			}
		}
	});

	test("the table of exit codes has no code twice", async () => {
		const codes = Object.values(exitCodes).map(([code]) => code);
		expect(new Set(codes).size).toBe(codes.length);
		const { stdout } = await crossfade(["exit-codes", "--json"]);
		expect(JSON.parse(stdout).map((row: { code: number }) => row.code)).toEqual(codes);
	});

	test("a closed pipe ends the output quietly", async () => {
		const { spawnSync } = await import("node:child_process");
		const cli = new URL("../dist/cli.cjs", import.meta.url).pathname;
		const { stderr, status } = spawnSync("sh", ["-c", `"$0" "$1" --help | true`, process.execPath, cli], {
			encoding: "utf8",
		});
		expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
	});

	test("a crash says which release on which system, and the lines of our sources", async () => {
		const cwd = scratch({
			"crash.cjs": `const { entries } = Object;
Object.entries = (of) => {
	if (of.oldInUse) throw new TypeError("boom", { cause: Object.assign(new Error("deeper"), { code: "EDEEP" }) });
	return entries(of);
};
`,
		});
		const { code, stderr, stdout } = await crossfade(["exit-codes"], { cwd, nodeArgs: ["--require", "./crash.cjs"] });
		expect({ code, stdout }).toEqual({ code: exitCodes.internal[0], stdout: "" });
		const source = readFileSync(new URL("../src/commands/exit-codes.ts", import.meta.url), "utf8");
		const line = source.slice(0, source.indexOf("Object.entries(exitCodes)")).split("\n").length;
		expect(stderr.split("\n").slice(0, 4)).toEqual([
			"error: internal error (a bug in crossfade). Please report it with these lines:",
			`crossfade ${version}, Node ${process.versions.node}, ${process.platform} ${release()} ${process.arch}`,
			"TypeError: boom",
			expect.stringMatching(/^ {4}at Object\.entries \(.*crash\.cjs:3:\d+\)$/),
		]);
		expect(stderr).toMatch(new RegExp(`^ {4}at src/commands/exit-codes\\.ts:${line}:\\d+$`, "m"));
		expect(stderr).toMatch(/^ {4}at src\/commands\/program\.ts:\d+:\d+$/m);
		expect(stderr).toContain("\ncaused by\nError [EDEEP]: deeper\n");
		expect(stderr).not.toMatch(/dist\/.*:\d+:\d+/);
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
