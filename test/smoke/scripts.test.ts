import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { mdms, modesOf } from "../../src/spec/mdm.ts";
import { canary } from "../harness/canary.ts";
import { scratch } from "../harness/cli.ts";
import { cuts, runPiped } from "../harness/cut.ts";
import { contents, dash, endpointScript, text } from "../harness/endpoint.ts";
import { needs, part, program } from "../harness/parts.ts";
import { runScript } from "../harness/shells.ts";
import { simulatedMacos } from "../harness/simulated-macos.ts";

/** Every script that we render, once, with the sh and the awk that are here. test/endpoint, test/installer and test/real know more. */

const root = new URL("../..", import.meta.url).pathname;
const below = (folder: string) =>
	readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
		.filter((name) => name.endsWith(".sh"))
		.map((name) => join(folder, name));
const rotations = below("test/golden/collector");
const committed = [...below("mdm"), "scripts/install.sh", ...rotations];

test.each(committed)("sh can read %s", (path) => {
	expect(execFileSync("sh", ["-n", join(root, path)], { encoding: "utf8" })).toBe("");
});

const kits = mdms
	.filter(({ language }) => language === undefined)
	.flatMap((vehicle) => modesOf(vehicle).map((mode) => [vehicle.id, mode, vehicle] as const));

test.each(kits)("%s, %s: install, report, uninstall", async (id, mode, vehicle) => {
	const machine = simulatedMacos({ linux: vehicle.os === undefined });
	const before = contents(machine.root);
	const secret = canary();
	const script = (action: "install" | "report" | "uninstall") =>
		endpointScript(id, { mode, action, os: ["macos", "linux"] })
			.replace("@TOKEN@", secret.token)
			.replace("$FLEET_SECRET_CROSSFADE_TOKEN", secret.token);
	const parameters = id === "jamf" && mode === "param" ? ["/", "mac", "", secret.token] : [];
	const options = { canaries: [secret], stdin: id === "generic" ? `${secret.token}\n` : "" };
	const ok = expect.stringContaining(`crossfade ok fp=${secret.fingerprint} `);
	expect(await machine.run(script("install"), parameters, options)).toMatchObject({ code: 0, stderr: "", stdout: ok });
	expect(await machine.run(script("report"))).toMatchObject({ code: 0, stderr: "", stdout: ok });
	expect(await machine.run(script("uninstall"))).toMatchObject({ code: 0, stderr: "" });
	expect(contents(machine.root)).toEqual(before);
});

test("the installer, piped into sh, sets a CLI and takes its settings back", async () => {
	const secret = canary();
	const cwd = scratch({ "home/.codex/config.toml": 'model = "a"\n', token: secret.token });
	const installer = readFileSync(join(root, "scripts/install.sh"), "utf8");
	const installed = await runPiped(dash, installer, cwd);
	expect(installed).toMatchObject({
		code: 0,
		stderr: "",
		stdout: expect.stringContaining(`fp=${secret.fingerprint} `),
	});
	expect(text(join(cwd, "home/.codex/config.toml"))).toContain(`Bearer ${secret.token}`);
	expect(await runPiped(dash, installer, cwd, { args: ["--uninstall"] })).toMatchObject({ code: 0, stderr: "" });
	expect(text(join(cwd, "home/.codex/config.toml"))).toBe('model = "a"\n');
});

/** This account, since there is none of a collector. */
const own = `${process.getuid?.()}:${process.getgid?.()}`;
const downloader = part("curl or wget", () =>
	(program("curl").missing ? program("wget") : program("curl")).missing ? undefined : "here",
);

describe.each(rotations)("%s", (path) => {
	test("explains itself", async () => {
		const { code, stdout, stderr } = await runScript(dash, join(root, path), ["--help"], { canaries: [] });
		expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
		expect(stdout).toContain("Usage: sh rotate-torii.sh");
	});

	const run = async () => {
		const secret = canary();
		const file = join(scratch(), "new.token");
		const args = ["--token-file", file, "--owner", own, "--no-precheck", "--apply", "", "--validate", ""];
		const options = { stdin: secret.token, canaries: [secret] };
		return { secret, file, outcome: await runScript(dash, join(root, path), args, options) };
	};

	// A container's account is a number, so that it is known without the container.
	const isForContainer = /^OWNER=\d/m.test(readFileSync(join(root, path), "utf8"));

	if (!isForContainer)
		test("puts the first token in place", needs(downloader), async () => {
			const { secret, file, outcome } = await run();
			expect(outcome).toMatchObject({ code: 0, stderr: "" });
			expect(readFileSync(file, "utf8")).toBe(secret.token);
			expect(statSync(file).mode & 0o077).toBe(0);
		});

	if (isForContainer)
		test("puts no token in place that the container could not read", needs(downloader), async () => {
			const { file, outcome } = await run();
			expect(outcome).toMatchObject({ code: 11, stderr: expect.stringContaining("could not read the new file") });
			expect(existsSync(file)).toBe(false);
		});
});

test("a script that rotates, cut off anywhere, does nothing", async () => {
	const script = readFileSync(join(root, rotations[0] ?? ""), "utf8");
	const cwd = scratch({ token: canary().token });
	const before = contents(cwd);
	for (const cut of cuts(script, 20)) {
		const { code, stdout } = await runPiped(dash, script.slice(0, cut), cwd, { args: ["--token-file", `${cwd}/new`] });
		expect({ cut, isOk: code === 0 && stdout !== "", stdout }).toEqual({ cut, isOk: false, stdout: "" });
	}
	expect(contents(cwd)).toEqual(before);
});
