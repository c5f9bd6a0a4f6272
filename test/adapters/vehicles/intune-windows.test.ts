import { expect, test } from "vitest";
import { clis } from "../../../src/adapters/clis/registry.ts";
import { vehicle } from "../../../src/adapters/vehicles/intune-windows/index.ts";
import type { Action } from "../../../src/adapters/vehicles/mode.ts";
import { triggerWords } from "../../../src/base/trigger-words.ts";
import { kitOf } from "../../../src/generate/kit/kit.ts";
import { verifyKit } from "../../../src/generate/kit/verify/verify.ts";
import { parseManifest } from "../../../src/spec/manifest.ts";
import { parseMdmFlags } from "../../../src/spec/mdm.ts";
import { Secret } from "../../../src/token/secret.ts";
import { canary } from "../../harness/canary.ts";
import { contents } from "../../harness/endpoint.ts";
import { needs, pwsh } from "../../harness/parts.ts";
import { powerShellScript, windowsMachine } from "../../harness/powershell.ts";
import { cliStates } from "../../harness/states.ts";

const slow = { ...needs(pwsh), timeout: 300_000 };
const spec = parseMdmFlags({ vehicle: "intune-windows" });

/** The script of the kit for an action, as a build for tests and filled in as the kit does it. */
function filled(action: Action, { token, fingerprint }: ReturnType<typeof canary>): string {
	const path = { install: "remediate.ps1", report: "detect.ps1", uninstall: "uninstall.ps1" }[action];
	const kit = kitOf(spec, { fingerprint, withToken: true });
	const plain = kit.plain[path] ?? "";
	const full =
		kit.filled.find(({ copyOf }) => copyOf === path)?.fill(token) ??
		kit.artefacts.find((each) => each.path === path)?.content ??
		"";
	const lines = full.split("\r\n");
	const changed = plain
		.split("\r\n")
		.flatMap((line, at) => (line === lines[at] ? [] : [[line, lines[at] ?? ""] as const]));
	const test = powerShellScript({ vehicle, mode: "embedded", action, actions: [action], clis });
	return changed.reduce((text, [before, after]) => text.replace(before, () => after), test);
}

test(
	"as Intune runs it: detection, remediation, detection, a rotation, uninstall; one line, nothing on standard error",
	slow,
	async () => {
		const m = windowsMachine();
		const before = { ...contents(m.home), ...contents(m.root) };
		const [old, next] = [canary(), canary()];
		const canaries = [old, next];
		const run = (action: Action, secret: typeof old) => {
			const other = windowsMachine({ content: filled(action, secret) });
			const env = { CROSSFADE_TEST_ROOT: m.root, USERPROFILE: m.home };
			const home = m.home;
			return other.run("", {
				canaries,
				env,
				profiles: `S-1-5-21-1-2-3-1001\t${home}\t0`,
				homes: `S-1-5-21-1-2-3-1001\t${home}`,
			});
		};
		const line = (result: string, secret: typeof old | undefined, states: Parameters<typeof cliStates>[0]) =>
			`crossfade ${result} fp=${secret?.fingerprint ?? "none"} cfg=1 cli=${cliStates(states)} users=1\n`;
		const all = (state: "ok" | "drift" | "absent") => ({ "claude-code": state, codex: state, gemini: state });
		expect(await run("report", old)).toEqual({ code: 1, stderr: "", stdout: line("drift", undefined, all("drift")) });
		expect(await run("install", old)).toEqual({ code: 0, stderr: "", stdout: line("ok", old, all("ok")) });
		expect(await run("report", old)).toEqual({ code: 0, stderr: "", stdout: line("ok", old, all("ok")) });
		expect(await run("report", next)).toEqual({ code: 1, stderr: "", stdout: line("drift", old, all("drift")) });
		expect(await run("install", next)).toMatchObject({ code: 0, stderr: "" });
		const report = await run("report", next);
		expect(report).toEqual({ code: 0, stderr: "", stdout: line("ok", next, all("ok")) });
		expect(report.stdout.length).toBeLessThan(400);
		expect(await run("uninstall", next)).toMatchObject({ code: 0, stderr: "" });
		const left = Object.entries({ ...contents(m.home), ...contents(m.root) }).filter(
			([path]) => !path.endsWith(".lock"),
		);
		expect(Object.fromEntries(left)).toEqual(before);
	},
);

test("a machine without any of the CLIs has no issue", slow, async () => {
	const versions = { "claude-code": "", codex: "", gemini: "" };
	const m = windowsMachine({ versions, content: filled("report", canary()) });
	expect(await m.run("")).toMatchObject({ code: 0, stderr: "", stdout: expect.stringContaining("crossfade absent ") });
});

test("a token with a word that makes PowerShell log the script stands in two strings, and mdm verify knows it", () => {
	const token = "kEmit0Bypass1MemoryStream2marshal3kkkkkkk";
	const { fingerprint } = Secret.of(token);
	const kit = kitOf(spec, { fingerprint, withToken: true });
	const texts = kit.filled.map(({ path, fill }) => ({ path, text: fill(token) }));
	const script = texts.find(({ path }) => path === "remediate.secret.ps1")?.text ?? "";
	expect(triggerWords(script)).toEqual([]);
	expect(script).toContain("$run.Token = 'kEm' + 'it0By' + 'pass1");
	const file = (path: string, text: string) => {
		const bytes = Buffer.from(text);
		return { path, text, bytes, size: bytes.length, kind: "file" as const, mode: 0o600 };
	};
	const found = [
		...kit.artefacts.map(({ path, content }) => file(path, content)),
		...texts.map(({ path, text }) => file(path, text)),
	];
	const manifest = parseManifest(JSON.stringify(kit.manifest), "manifest.json");
	expect(verifyKit(manifest, found, fingerprint)).toEqual([]);
	const other = file("remediate.secret.ps1", script.replace("it0By", "it0BY"));
	expect(verifyKit(manifest, [...found.filter(({ path }) => path !== other.path), other], fingerprint)).not.toEqual([]);
});

test("the Win32 app for Graph has the page's settings, the detection script of the folder, and a meaning for each exit code", () => {
	const kit = kitOf(spec, { fingerprint: canary().fingerprint, withToken: false });
	const text = (path: string) => kit.artefacts.find((each) => each.path === path)?.content ?? "";
	const app = JSON.parse(text("win32LobApp.json"));
	const page = text("steps/win32-app.md");
	for (const line of [app.installCommandLine, app.uninstallCommandLine, app.displayName]) expect(page).toContain(line);
	expect(app).toMatchObject({
		"@odata.type": "#microsoft.graph.win32LobApp",
		setupFilePath: "remediate.ps1",
		installExperience: { runAsAccount: "system" },
	});
	const [detection, requirement] = app.rules;
	expect(detection).toMatchObject({ ruleType: "detection", runAs32Bit: false });
	expect(Buffer.from(detection.scriptContent, "base64").toString()).toBe(text("detect.ps1"));
	expect(detection).not.toHaveProperty("displayName");
	expect(requirement).toMatchObject({ ruleType: "requirement", comparisonValue: "5.1" });
	const said = /Exit codes: (.*?)\. /.exec(text("remediate.ps1").replace(/\r\n# ?/g, " "))?.[1] ?? "";
	const codes = [...said.matchAll(/(?:^|; )(\d+) /g)].map(([, code]) => Number(code));
	const told = app.returnCodes.map(({ returnCode }: { returnCode: number }) => returnCode);
	expect(codes.filter((code) => code !== 1).sort()).toEqual(told.sort());
	expect(app.returnCodes.filter(({ type }: { type: string }) => type === "success")).toHaveLength(1);
});

test("what these scripts have no parts for is refused, with the flag", () => {
	expect(() => parseMdmFlags({ vehicle: "intune-windows", helper: true, compact: true })).toThrow(
		/--compact[\s\S]*--helper/,
	);
	expect(() => parseMdmFlags({ vehicle: "intune-windows", os: "linux" })).toThrow("has no scripts for linux");
	expect(parseMdmFlags({ vehicle: "intune-windows", os: "windows" }).os).toEqual(["windows"]);
});
