import { existsSync, readdirSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { clis } from "../../../src/adapters/clis/registry.ts";
import { parseReportLine } from "../../../src/prove/evidence/report-line.ts";
import { canary } from "../../harness/canary.ts";
import { contents, endpointScript } from "../../harness/endpoint.ts";
import { simulatedMacos } from "../../harness/simulated-macos.ts";

/** For one CLI: it is not about the CLIs here. */
const script = (action: "install" | "report" | "uninstall") =>
	endpointScript("fleet", { action, clis: clis.filter(({ id }) => id === "codex") });
/** What the server does to a script before it sends it: plain text, whatever the shell would say. */
const substituted = (content: string, value: string) =>
	content.replace(/\$\{FLEET_SECRET_CROSSFADE_TOKEN\}|\$FLEET_SECRET_CROSSFADE_TOKEN\b/g, () => value);

/** What the policy and the report of gitops.yml look at. */
const status = (root: string) => {
	const folder = join(root, "etc/otel-crossfade");
	return existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith("crossfade ")) : [];
};

describe.each([
	["macOS", false],
	["Linux", true],
] as const)("as Fleet runs it on %s", (_name, linux) => {
	test("install, rotate, report, uninstall; the line is the name of a file", async () => {
		const host = simulatedMacos({ linux });
		const before = contents(host.root);
		const [old, next] = [canary(), canary()];
		const canaries = [old, next];
		for (const { token, fingerprint } of [old, next]) {
			const run = await host.run(substituted(script("install"), token), [], { canaries });
			const line = `crossfade ok fp=${fingerprint} cfg=1 cli=codex:ok users=1`;
			expect(run).toEqual({ code: 0, stdout: `${line}\n`, stderr: "", carriers: [] });
			expect(status(host.root)).toEqual([line]);
			expect(parseReportLine(line)).toMatchObject({ state: "ok", fingerprint });
		}
		const file = join(host.root, "etc/otel-crossfade", status(host.root)[0] ?? "");
		utimesSync(file, 0, 0);
		expect(await host.run(script("report"), [], { canaries })).toMatchObject({ code: 0, stderr: "" });
		// The policy fails when the line is older than a day.
		expect(statSync(file).mtimeMs).toBeGreaterThan(0);
		expect(statSync(file).size).toBe(0);
		expect(await host.run(script("uninstall"), [], { canaries })).toMatchObject({ code: 0, stderr: "" });
		expect(status(host.root)).toEqual([]);
		expect(contents(host.root)).toEqual(before);
		expect(readdirSync(join(host.root, "etc"))).toEqual([]);
	});
});

test("the helper's folder is shared, and uninstall removes it", async () => {
	const host = simulatedMacos({ linux: true });
	const secret = canary();
	const content = endpointScript("fleet", { helper: true, clis: clis.filter(({ id }) => id === "claude-code") });
	await host.run(substituted(content, secret.token), [], { canaries: [secret] });
	expect(readdirSync(join(host.root, "etc/otel-crossfade"))).toHaveLength(3);
	await host.run(endpointScript("fleet", { helper: true, action: "uninstall" }));
	expect(readdirSync(join(host.root, "etc"))).toEqual([]);
});

test("errors also become the name of the file; a dry run leaves no file", async () => {
	const host = simulatedMacos({ linux: true });
	const { token } = canary();
	await host.run(substituted(script("install"), token), ["dry-run"]);
	expect(status(host.root)).toEqual([]);
	await host.run(script("install"));
	expect(status(host.root)).toEqual([expect.stringMatching(/^crossfade error fp=none /)]);
});

describe("traps", () => {
	test("a missing variable leaves its name in place, which is refused", async () => {
		const run = await simulatedMacos({ linux: true }).run(script("install"));
		expect(run).toMatchObject({ code: 11, stderr: expect.stringContaining("still a placeholder") });
	});

	test("a script that is not saved may have 10,000 characters, as STEPS says; ours have more", () => {
		expect(script("install").length).toBeGreaterThan(10_000);
	});

	test("the variable stands in one place of the one file that needs it", () => {
		expect(script("install").match(/FLEET_SECRET_/g)).toHaveLength(1);
		for (const action of ["report", "uninstall"] as const) expect(script(action)).not.toContain("FLEET_");
	});

	test.each([
		["an apostrophe, which would end the quotes", (token: string) => `${token}'x`],
		["a command", (token: string) => `${token}$(touch /nonexistent)`],
		["a line break", (token: string) => `${token}\nx`],
	])("a value with %s installs nothing", async (_what, change) => {
		const host = simulatedMacos({ linux: true });
		const before = contents(host.root);
		const { token } = canary();
		const run = await host.run(substituted(script("install"), change(token)), [], {});
		expect(run.code).not.toBe(0);
		expect(run.stdout + run.stderr).not.toContain(token);
		expect(existsSync(join(host.root, "etc/codex"))).toBe(false);
		expect(Object.keys(contents(host.root)).filter((path) => !path.includes("otel-crossfade/"))).toEqual(
			Object.keys(before),
		);
	});
});
