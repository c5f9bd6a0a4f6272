import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { vehicles } from "../../src/adapters/vehicles/registry.ts";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { canary } from "../harness/canary.ts";
import { scratch } from "../harness/cli.ts";
import { awks, contents, endpointScript, machine, snapshot, text, write } from "../harness/endpoint.ts";
import { program } from "../harness/parts.ts";
import { shells } from "../harness/shells.ts";

/** Each shell with one awk and each awk with one shell are not enough: what differs could be in the pair. */
const pairs = shells.flatMap((shell) => awks.map((awk) => [shell.name, awk.name, shell, awk] as const));
const all = (state: string) => `cli=claude-code:${state},codex:${state},gemini:${state}`;

describe("the endpoint script under every shell with every awk", () => {
	test.each(pairs)("%s, %s: install, rotate, nothing to do, report, uninstall", async (_shell, _awk, shell, awk) => {
		const m = machine({ awk: awk.command });
		const [old, next] = [canary(), canary()];
		const codex = write(
			m.home,
			".codex/config.toml",
			'# mine\r\nmodel = "m" # theirs\r\n[mcp_servers.x]\r\ncommand = "c"',
		);
		const gemini = write(m.home, ".gemini/settings.json", '{\n\t// mine\n\t"theme": "dark"\n}', 0o600);
		const before = contents(m.home);
		const line = (verdict: string, fp: string, state: string) =>
			`crossfade ${verdict} fp=${fp} cfg=1 ${all(state)} users=1\n`;

		expect(await m.run("scope=user users=self", { shell, token: old.token })).toEqual({
			code: 0,
			stdout: line("ok", old.fingerprint, "ok"),
			stderr: "",
		});
		expect(text(codex)).toMatch(/^# mine\r\nmodel = "m" # theirs\r\n\[mcp_servers\.x\]\r\ncommand = "c"\r\n/);
		expect(text(gemini)).toContain(`"otlpEndpoint": "https://ai-events.toriihq.com/${old.token}"`);
		const installed = contents(m.home);

		expect(await m.run("scope=user users=self", { shell, token: next.token })).toMatchObject({ code: 0, stderr: "" });
		const rotated = contents(m.home);
		for (const [path, content] of Object.entries(installed)) {
			if (path.endsWith(".crossfade-undo")) continue;
			expect(rotated[path], path).toBe(content.replaceAll(old.token, next.token));
		}

		const unchanged = snapshot(m.home);
		expect(await m.run("scope=user users=self", { shell, token: next.token })).toMatchObject({ code: 0, stderr: "" });
		expect(await m.run("report scope=user users=self", { shell })).toEqual({
			code: 0,
			stdout: line("ok", next.fingerprint, "ok"),
			stderr: "",
		});
		expect(withoutFolders(snapshot(m.home))).toEqual(withoutFolders(unchanged));

		expect(await m.run("uninstall scope=user users=self", { shell })).toMatchObject({ code: 0, stderr: "" });
		expect(contents(m.home)).toEqual(before);
	});

	test.each(pairs)("%s, %s: the self-test", async (_shell, _awk, shell, awk) => {
		const m = machine({ awk: awk.command });
		expect(await m.run("self-test", { shell })).toEqual({
			code: 0,
			stdout: `crossfade ok fp=none cfg=1 ${all("ok")} users=0\n`,
			stderr: "",
		});
	});

	test.each(shells.map((shell) => [shell.name, shell] as const))(
		"%s: a traced or verbose shell shows no token",
		async (_name, shell) => {
			for (const flag of ["-x", "-v"]) {
				const m = machine();
				const { token } = canary();
				expect(await m.run("scope=user users=self", { shell, token, flags: [flag] })).toMatchObject({ code: 0 });
			}
		},
	);
});

/** A folder's time changes with the lock that comes and goes in it. */
function withoutFolders(seen: Record<string, string>): Record<string, string> {
	return Object.fromEntries(
		Object.entries(seen).filter(([, value]) => value.startsWith("100") || value.startsWith("120")),
	);
}

test("shellcheck finds nothing in any script", (context) => {
	const shellcheck = program("shellcheck");
	shellcheck.need(context);
	for (const { id, token } of vehicles) {
		for (const mode of Object.keys(token) as ("param" | "embedded")[]) {
			const path = join(scratch(), "script.sh");
			writeFileSync(path, endpointScript(id, { mode, hooks: false }));
			execFileSync(shellcheck.path, [path], { stdio: "pipe" });
		}
	}
	expect(fingerprint("x")).toHaveLength(12);
});
