import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { mdms } from "../../src/spec/mdm.ts";
import { type Canary, canary, filesBelow } from "../harness/canary.ts";
import { scratch } from "../harness/cli.ts";
import { crossfade } from "../harness/command.ts";
import { needs, program } from "../harness/parts.ts";

/** A folder with a token file that the command may read. */
function withToken(secret: Canary, ending = "\n"): string {
	const cwd = scratch({ "new.token": secret.token + ending });
	chmodSync(join(cwd, "new.token"), 0o600);
	return cwd;
}

const read = (folder: string, path: string) => readFileSync(join(folder, path), "utf8");

describe("crossfade mdm", () => {
	test("without a vehicle it lists them", async () => {
		const { stdout, code } = await crossfade(["mdm"]);
		expect(code).toBe(0);
		for (const { id, title } of mdms)
			expect(stdout).toMatch(new RegExp(`^${id} +${title.replace(/[()]/g, ".")} `, "m"));
		const rows = JSON.parse((await crossfade(["mdm", "--list", "--json"])).stdout);
		expect(rows).toContainEqual({
			id: "jamf",
			title: "Jamf Pro",
			os: ["macos"],
			modes: ["param", "embedded"],
		});
	});

	test("writes a folder, nothing the second time, and distinguishes its files from others", async () => {
		const cwd = scratch({ "out/notes.txt": "mine\n" });
		const args = ["mdm", "-v", "jamf", "--out", "out", "--cli", "codex"];
		const first = await crossfade(args, { cwd });
		expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining(join(cwd, "out/ea.sh")) });
		expect(statSync(join(cwd, "out/install.sh")).mode & 0o777).toBe(0o755);
		const before = filesBelow(cwd);
		expect(await crossfade(args, { cwd })).toMatchObject({ code: 0 });
		expect(filesBelow(cwd)).toEqual(before);
		expect(read(cwd, "out/notes.txt")).toBe("mine\n");

		const other = await crossfade([...args, "--endpoint", "https://otlp.example.com"], { cwd });
		expect(other).toMatchObject({ code: 11, stderr: expect.stringContaining("a different file already exists") });
		expect(filesBelow(cwd)).toEqual(before);
		expect(await crossfade([...args, "--endpoint", "https://otlp.example.com", "--force"], { cwd })).toMatchObject({
			code: 0,
		});
		expect(read(cwd, "out/install.sh")).toContain("ENDPOINT=https://otlp.example.com\n");
		expect(await crossfade(["mdm", "verify", "out"], { cwd })).toMatchObject({
			code: 0,
			stdout: expect.stringContaining("warning  notes.txt: it does not belong to this kit"),
		});
	});

	test("--os picks the vehicle of a product, and the list", async () => {
		const ids = async (...flags: string[]) => {
			const { stdout, code } = await crossfade(["mdm", "--json", ...flags]);
			expect(code).toBe(0);
			return JSON.parse(stdout).map(({ id }: { id: string }) => id);
		};
		expect(await ids("--os", "windows")).toEqual(["intune-windows", "generic-windows"]);
		expect(await ids("--os", "linux,macos", "--list")).toEqual(["fleet", "generic"]);
		const cwd = scratch();
		const picked = [
			["intune", "windows", "intune-windows"],
			["generic", "windows", "generic-windows"],
			["generic-windows", "linux", "generic"],
			["fleet", "linux", "fleet"],
		] as const;
		for (const [vehicle, os, expected] of picked) {
			const out = `${vehicle}-${os}`;
			const { code, stderr } = await crossfade(["mdm", "-v", vehicle, "--os", os, "--out", out], { cwd });
			expect(code).toBe(0);
			expect(JSON.parse(read(cwd, `${out}/manifest.json`)).settings).toMatchObject({ vehicle: expected, os });
			expect(stderr.includes(`(-v ${expected})`)).toBe(vehicle !== expected);
			expect(await crossfade(["mdm", "verify", out], { cwd })).toMatchObject({ code: 0 });
		}
	});

	test("flags get into the scripts", async () => {
		const cwd = scratch();
		const flags = ["--scope", "user", "--helper", "--no-host-identity", "--cli", "gemini,claude-code", "--os", "linux"];
		await crossfade(["mdm", "-v", "generic", "--out", "o", ...flags, "--endpoint", "http://[::1]:4318/in//"], { cwd });
		const script = read(cwd, "o/install.sh");
		expect(script).toContain("\nENDPOINT='http://[::1]:4318/in'\nCLIS='claude-code gemini'\nSCOPE=user\n");
		expect(script).toContain("\nSYSTEMS=linux\n");
		expect(script).toContain("\nFEATURES='no-host helper ");
		expect(JSON.parse(read(cwd, "o/manifest.json")).settings).toEqual({
			vehicle: "generic",
			mode: "param",
			os: "linux",
			cli: "claude-code,gemini",
			provider: "torii",
			endpoint: "http://[::1]:4318/in",
			scope: "user",
			helper: true,
			hostIdentity: false,
		});
		expect(read(cwd, "o/STEPS.md")).not.toContain("Codex CLI:");
	});

	test("STEPS says how to roll back, and who sees a token that is sent in the URL", async () => {
		const cwd = scratch();
		const seenInUrl = "can send it only there";
		for (const { id } of mdms) {
			await crossfade(["mdm", "-v", id, "--cli", "codex,gemini,qwen-code", "--out", id], { cwd });
			expect(read(cwd, `${id}/STEPS.md`)).toContain("## Roll back\n\nPossible only while the old token works.");
			expect(read(cwd, `${id}/STEPS.md`)).toContain(`Gemini CLI, Qwen Code ${seenInUrl}`);
		}
		await crossfade(["mdm", "-v", "jamf", "--cli", "codex", "--out", "codex"], { cwd });
		expect(read(cwd, "codex/STEPS.md")).not.toContain(seenInUrl);
	});

	test("--compact: scripts without an editor, which mdm verify knows; and only for files of the machine", async () => {
		const cwd = scratch();
		const { code } = await crossfade(["mdm", "-v", "generic", "--compact", "--out", "o"], { cwd });
		expect(code).toBe(0);
		expect(JSON.parse(read(cwd, "o/manifest.json")).settings).toMatchObject({ compact: true, scope: "system" });
		expect(read(cwd, "o/install.sh")).not.toContain("\nEDIT=");
		expect(read(cwd, "o/STEPS.md")).toContain("did not write, or that was changed since, is refused");
		expect(await crossfade(["mdm", "verify", "o"], { cwd })).toMatchObject({ code: 0 });
		for (const flags of [["--scope", "user"], ["--helper"]]) {
			const run = await crossfade(["mdm", "-v", "generic", "--compact", ...flags, "--out", "p"], { cwd });
			expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining("--compact") });
		}
	});

	test("a provider that accepts no token in the URL gets no CLI that can only send it there", async () => {
		const cwd = scratch();
		await crossfade(["mdm", "-v", "fleet", "--provider", "activitylog", "--out", "o"], { cwd });
		expect(JSON.parse(read(cwd, "o/manifest.json")).settings.cli).toBe("claude-code,codex");
		const asked = await crossfade(
			["mdm", "-v", "fleet", "--provider", "activitylog", "--cli", "gemini", "--out", "p"],
			{ cwd },
		);
		expect(asked).toMatchObject({ code: 2, stderr: expect.stringContaining("accepts no token in the URL") });
	});
});

describe("the token", () => {
	const secretFiles = {
		jamf: ["install.secret.sh", "script.secret.json"],
		intune: ["install.secret.sh", "deviceShellScript.secret.json"],
		kandji: ["remediation.secret.sh", "custom-script.secret.json"],
		generic: ["install.secret.sh"],
	};

	test.each(Object.entries(secretFiles))(
		"%s, embedded: in files named *.secret.*, for their owner, and in no other",
		async (id, names) => {
			const secret = canary();
			const cwd = withToken(secret);
			const holders = ["new.token", ...names.map((name) => `o/${name}`)];
			const args = ["mdm", "-v", id, "--mode", "embedded", "--token", "file:new.token", "--out", "o", "--json"];
			const { code, stdout } = await crossfade(args, { cwd, canaries: [secret], holders });
			expect(code).toBe(0);
			const { files, fingerprint } = JSON.parse(stdout);
			expect(fingerprint).toBe(secret.fingerprint);
			const secrets = files
				.filter((file: { secret: boolean }) => file.secret)
				.map((file: { path: string }) => file.path);
			expect(secrets).toEqual(names.map((name) => join(cwd, "o", name)));
			for (const name of names) expect(statSync(join(cwd, "o", name)).mode & 0o777).toBe(0o600);
			expect(read(cwd, "o/.gitignore")).toBe("*.secret.*\n");
			expect(read(cwd, `o/${names[0]}`)).toContain(`token='${secret.token}'`);
			const verified = await crossfade(["mdm", "verify", "o", "--token", "file:new.token"], {
				cwd,
				canaries: [secret],
				holders,
			});
			expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining("no errors, no warnings") });
		},
	);

	test("git add -A adds no file with the token", needs(program("git")), async () => {
		const git = program("git");
		const secret = canary();
		const cwd = withToken(secret);
		await crossfade(["mdm", "-v", "intune", "--mode", "embedded", "--token", "file:new.token", "--out", "o"], { cwd });
		const folder = join(cwd, "o");
		const run = (...args: string[]) =>
			execFileSync(git.path, ["-C", folder, ...args], {
				env: { PATH: process.env["PATH"], HOME: cwd, GIT_CONFIG_NOSYSTEM: "1" },
				encoding: "utf8",
			});
		run("init", "--quiet");
		run("add", "-A");
		const staged = run("ls-files").trim().split("\n");
		expect(staged).toEqual(expect.arrayContaining([".gitignore", "STEPS.md", "uninstall.sh"]));
		expect(staged.filter((path) => path.includes(".secret.") || read(folder, path).includes(secret.token))).toEqual([]);
		const ignored = run("status", "--porcelain", "--ignored").match(/(?<=^!! ).*/gm);
		expect(ignored?.sort()).toEqual([...secretFiles.intune].sort());
	});

	test("payloads with the token hold the script with the token", async () => {
		const secret = canary();
		const cwd = withToken(secret);
		await crossfade(["mdm", "-v", "intune", "--token", "file:new.token", "--out", "o"], { cwd });
		const { scriptContent } = JSON.parse(read(cwd, "o/deviceShellScript.secret.json"));
		expect(Buffer.from(scriptContent, "base64").toString()).toBe(read(cwd, "o/install.secret.sh"));
	});

	test.each([
		["env:NEW_TOKEN", { env: true }],
		["-", { stdin: true }],
		["fd:0", { stdin: true }],
	])("by %s, without a file of it anywhere else", async (ref, how) => {
		const secret = canary();
		const options = {
			...("env" in how ? { env: { NEW_TOKEN: secret.token } } : { stdin: `${secret.token}\r\n` }),
			canaries: [secret],
			holders: ["o/install.secret.sh"],
			cwd: scratch(),
		};
		const args = ["mdm", "-v", "generic", "--mode", "embedded", "--token", ref, "--out", "o", "--verbose"];
		expect(await crossfade(args, options)).toMatchObject({
			code: 0,
			stderr: expect.stringContaining(`fp=${secret.fingerprint}`),
		});
	});

	test.each([
		["jamf", ["smart-group.xml"]],
		["fleet", ["gitops.yml"]],
	])("%s, param: its fingerprint alone, where one is expected", async (id, names) => {
		const secret = canary();
		const cwd = withToken(secret);
		const args = ["mdm", "-v", id, "--token", "file:new.token", "--out", "o"];
		const run = await crossfade(args, { cwd, canaries: [secret], holders: ["new.token"] });
		expect(run).toMatchObject({ code: 0, stderr: expect.stringContaining("none of these files contains it") });
		for (const name of names) expect(read(cwd, `o/${name}`)).toContain(`crossfade ok fp=${secret.fingerprint}`);
		expect(await crossfade(["mdm", "verify", "o"], { cwd })).toMatchObject({ code: 0 });
	});

	test("a file with the token that others could read becomes private again", async () => {
		const secret = canary();
		const cwd = withToken(secret);
		const args = ["mdm", "-v", "generic", "--mode", "embedded", "--token", "file:new.token", "--out", "o"];
		await crossfade(args, { cwd });
		chmodSync(join(cwd, "o/install.secret.sh"), 0o644);
		expect(await crossfade(args, { cwd })).toMatchObject({ code: 0 });
		expect(statSync(join(cwd, "o/install.secret.sh")).mode & 0o777).toBe(0o600);
		writeFileSync(join(cwd, "new.token"), canary().token);
		expect(await crossfade(args, { cwd })).toMatchObject({
			code: 11,
			stderr: expect.stringContaining("install.secret.sh"),
		});
		expect(read(cwd, "o/install.secret.sh")).toContain(secret.token);
	});
});

describe("bad input: everything at once, nothing written, no token repeated", () => {
	const { token } = canary();
	const jamf = ["mdm", "-v", "jamf", "--out", "o"];
	const endpoint = (url: string) => [...jamf, "--endpoint", url];
	const cases: [what: string, args: string[], code: number, message: string][] = [
		["an unknown vehicle", ["mdm", "-v", "jampf", "--out", "o"], 2, "did you mean --vehicle jamf?"],
		["a folder without a vehicle", ["mdm", "--out", "o"], 2, "no vehicle given"],
		["a vehicle that nothing is uploaded to", ["mdm", "-v", "installer", "--out", "o"], 2, "unknown vehicle"],
		["no folder", ["mdm", "-v", "jamf"], 2, "no folder given"],
		["a mode it does not have", ["mdm", "-v", "intune", "--mode", "param", "--out", "o"], 2, "has no mode param"],
		["a system it does not reach", [...jamf, "--os", "linux"], 2, "one of macos"],
		[
			"a system that its product has not at all",
			[...jamf, "--os", "windows"],
			2,
			"choose -v intune-windows, -v generic-windows",
		],
		["systems of two languages", ["mdm", "-v", "generic", "--os", "linux,windows", "--out", "o"], 2, "once for each"],
		["a system that nobody has", [...jamf, "--os", "windos"], 2, "did you mean --os windows?"],
		["a list for such a system", ["mdm", "--os", "plan9"], 2, "unknown operating system"],
		[
			"a system without a vehicle",
			["mdm", "--os", "windows", "--out", "o"],
			2,
			"one of intune-windows, generic-windows",
		],
		["an unknown CLI", [...jamf, "--cli", "codex,cursor"], 2, "unknown CLI"],
		["an endpoint without a scheme", endpoint("otlp.example.com"), 2, "has no scheme"],
		["an endpoint of one signal", endpoint("https://otlp.example.com/v1/logs/"), 2, "for a single signal"],
		["an endpoint with a user name", endpoint("https://a:b@otlp.example.com"), 2, "a user name or password"],
		["an endpoint with a query", endpoint("https://otlp.example.com?x=1"), 2, "a query or fragment"],
		["an endpoint with a quote", endpoint("https://otlp.example.com/'x"), 2, "a character not allowed in a base URL"],
		["http to another machine", endpoint("http://otlp.example.com"), 2, "clear text"],
		["an endpoint with the token in it", endpoint(`https://otlp.example.com/${token}`), 2, "seems to contain a token"],
		["no endpoint for a backend of one's own", [...jamf, "--provider", "custom"], 2, "no endpoint given"],
		["the token itself as a flag", [...jamf, "--token", token], 2, "not a token reference"],
		["the token in place of a vehicle", ["mdm", "-v", token, "--out", "o"], 2, "unknown vehicle"],
		["the token in place of a verb", ["mdm", token], 2, "unknown subcommand"],
		["a token file that is not there", [...jamf, "--token", "file:nowhere"], 12, "no such file"],
		["a variable that is not set", [...jamf, "--token", "env:NOT_SET"], 11, "NOT_SET is not set"],
		["verify without a folder", ["mdm", "verify"], 2, "no folder given"],
		["verify of no folder", ["mdm", "verify", "nowhere"], 12, "no such file or folder"],
		["verify of another folder", ["mdm", "verify", "."], 11, "no manifest.json"],
	];
	test.each(cases)("%s", async (_what, args, code, message) => {
		const cwd = scratch();
		const options = { cwd, canaries: [{ token, fingerprint: "" }], seenInArguments: true };
		const run = await crossfade(args, options);
		expect(run).toMatchObject({ code, stdout: "", stderr: expect.stringContaining(message) });
		expect(readdirSync(cwd)).toEqual([]);
	});

	test.each([
		["empty", "", "is empty"],
		["two lines", `${token}\n${token}\n`, "white space or a control character"],
		["a byte order mark", `\ufeff${token}`, "byte order mark"],
		["a whole header", `Bearer ${token}`, "the word Bearer"],
		["a placeholder", "@TOKEN@", "too short"],
		["somebody's placeholder", "<YOUR-TOKEN-GOES-HERE>", "one of the CLIs changes"],
		["a variable of Fleet", "$FLEET_SECRET_CROSSFADE_TOKEN", "one of the CLIs changes"],
		["a character that a CLI would change", `${token}%2B`, "one of the CLIs changes"],
		["256 characters, for Jamf", "k1".repeat(128), "the token is too long: Jamf Pro silently truncates"],
	])("a token file: %s", async (_what, content, message) => {
		const cwd = scratch({ "new.token": content });
		const canaries =
			content.length > 20 ? [{ token: content.replace(/^Bearer |^\ufeff|\n[\s\S]*/g, ""), fingerprint: "" }] : [];
		const args = [...jamf, "--token", "file:new.token"];
		const run = await crossfade(args, { cwd, canaries, holders: ["new.token"] });
		expect(run).toMatchObject({ code: 11, stdout: "", stderr: expect.stringContaining(message) });
		expect(existsSync(join(cwd, "o"))).toBe(false);
	});

	test("256 characters are fine where nothing is cut", async () => {
		const secret = canary(256);
		const cwd = withToken(secret, "");
		const args = [...jamf, "--mode", "embedded", "--token", "file:new.token"];
		expect(await crossfade(args, { cwd })).toMatchObject({ code: 0 });
	});

	test("several problems are said at once", async () => {
		const { stderr, code } = await crossfade([
			"mdm",
			"-v",
			"jamf",
			"--mode",
			"x",
			"--cli",
			"y",
			"--endpoint",
			"z",
			"--scope",
			"w",
		]);
		expect(code).toBe(2);
		expect(stderr.match(/^error: /gm)).toHaveLength(4);
	});

	test("a folder that is a file", async () => {
		const cwd = scratch({ o: "x" });
		expect(await crossfade(jamf, { cwd })).toMatchObject({ code: 12 });
		expect(read(cwd, "o")).toBe("x");
		mkdirSync(join(cwd, "p/install.sh"), { recursive: true });
		expect(await crossfade(["mdm", "-v", "jamf", "--out", "p"], { cwd })).toMatchObject({ code: 11 });
	});
});
