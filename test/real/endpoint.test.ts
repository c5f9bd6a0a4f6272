import { describe, expect, test } from "vitest";
import { clis } from "../../src/adapters/clis/registry.ts";
import { canary } from "../harness/canary.ts";
import { awks, contents, machine, snapshot, text, write } from "../harness/endpoint.ts";
import { pairs } from "../harness/matrix.ts";
import { needs } from "../harness/parts.ts";
import { shellcheck, shellcheckFindings } from "../harness/shellcheck.ts";
import { shells } from "../harness/shells.ts";
import { cliStates } from "../harness/states.ts";

/** In a whole run every shell with every awk: what differs could be in the pair. */
const combinations = pairs(shells, awks);
const all = (state: string) => `cli=${cliStates({ "claude-code": state, codex: state, gemini: state })}`;

describe("the endpoint script under every shell with every awk", () => {
	for (const [shell, awk] of combinations)
		test(
			`${shell.name}, ${awk.name}: install, rotate, nothing to do, report, uninstall`,
			needs(shell.part, awk),
			async () => {
				const m = machine({ awk: awk.name });
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

				expect(await m.run("scope=user users=self", { shell, token: next.token })).toMatchObject({
					code: 0,
					stderr: "",
				});
				const rotated = contents(m.home);
				for (const [path, content] of Object.entries(installed)) {
					if (path.endsWith(".crossfade-undo")) continue;
					expect(rotated[path], path).toBe(content.replaceAll(old.token, next.token));
				}

				const unchanged = snapshot(m.home);
				expect(await m.run("scope=user users=self", { shell, token: next.token })).toMatchObject({
					code: 0,
					stderr: "",
				});
				expect(await m.run("report scope=user users=self", { shell })).toEqual({
					code: 0,
					stdout: line("ok", next.fingerprint, "ok"),
					stderr: "",
				});
				expect(withoutFolders(snapshot(m.home))).toEqual(withoutFolders(unchanged));

				expect(await m.run("uninstall scope=user users=self", { shell })).toMatchObject({ code: 0, stderr: "" });
				expect(contents(m.home)).toEqual(before);
			},
		);

	for (const [shell, awk] of combinations)
		test(`${shell.name}, ${awk.name}: the self-test`, needs(shell.part, awk), async () => {
			const m = machine({ awk: awk.name });
			expect(await m.run("self-test", { shell })).toEqual({
				code: 0,
				stdout: `crossfade ok fp=none cfg=1 cli=${cliStates(Object.fromEntries(clis.map(({ id }) => [id, "ok"])))} users=0\n`,
				stderr: "",
			});
		});

	for (const shell of shells)
		test(`${shell.name}: a traced or verbose shell shows no token`, needs(shell.part), async () => {
			for (const flag of ["-x", "-v"]) {
				const m = machine();
				const { token } = canary();
				expect(await m.run("scope=user users=self", { shell, token, flags: [flag] })).toMatchObject({ code: 0 });
			}
		});
});

/** A folder's time changes with the lock that comes and goes in it. */
function withoutFolders(seen: Record<string, string>): Record<string, string> {
	return Object.fromEntries(
		Object.entries(seen).filter(([, value]) => value.startsWith("100") || value.startsWith("120")),
	);
}

// Those of the vehicles are in mdm/, and checked there.
test("shellcheck finds nothing in scripts/install.sh", needs(shellcheck), () => {
	expect(shellcheckFindings(new URL("../../scripts/install.sh", import.meta.url).pathname)).toEqual([]);
});
