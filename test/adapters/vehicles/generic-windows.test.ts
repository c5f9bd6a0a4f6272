import { join } from "node:path";
import { expect, test } from "vitest";
import { vehicle } from "../../../src/adapters/vehicles/generic-windows/index.ts";
import type { Action } from "../../../src/adapters/vehicles/mode.ts";
import { kitOf } from "../../../src/generate/kit/kit.ts";
import { parseMdmFlags } from "../../../src/spec/mdm.ts";
import { canary } from "../../harness/canary.ts";
import { scratch } from "../../harness/cli.ts";
import { contents, write } from "../../harness/endpoint.ts";
import { needs, pwsh } from "../../harness/parts.ts";
import { powerShellScript, windowsMachine } from "../../harness/powershell.ts";
import { cliStates } from "../../harness/states.ts";

const slow = { ...needs(pwsh), timeout: 300_000 };
const script = (action: Action, mode: "param" | "embedded" = "param") =>
	powerShellScript({ vehicle, mode, action, actions: [action] });
const env = (more: Readonly<Record<string, string>>) => ({ env: more });

/** One machine for scripts of several kinds. */
function machine() {
	const m = windowsMachine({ content: script("install") });
	const own = { CROSSFADE_TEST_ROOT: m.root, USERPROFILE: m.home };
	const homes = `S-1-5-21-1-2-3-1001\t${m.home}`;
	const run = (content: string, args: string, options: Parameters<typeof m.run>[1] = {}) =>
		windowsMachine({ content }).run(args, {
			profiles: `${homes}\t0`,
			homes,
			...options,
			env: { ...own, ...options.env },
		});
	return { ...m, run };
}

const line = (
	result: string,
	{ fingerprint }: { readonly fingerprint: string },
	states: Parameters<typeof cliStates>[0],
) => `crossfade ${result} fp=${fingerprint} cfg=1 cli=${cliStates(states)} users=1\n`;
const all = (state: "ok") => ({ "claude-code": state, codex: state, gemini: state });

test(
	"the token by a variable, by a file that another one names, and on standard input; report and uninstall",
	slow,
	async () => {
		const m = machine();
		const before = { ...contents(m.home), ...contents(m.root) };
		const [one, two, three] = [canary(), canary(), canary()];
		const canaries = [one, two, three];
		const install = script("install");
		const file = write(scratch(), "a token.txt", `${two.token}\r\n`);
		const by = async (args: string, options: Parameters<typeof m.run>[2]) =>
			m.run(install, args, { canaries, ...options });
		expect(await by("", env({ TOKEN: one.token }))).toEqual({
			code: 0,
			stderr: "",
			stdout: line("ok", one, all("ok")),
		});
		const options = { CROSSFADE_TOKEN_FILE: file, CROSSFADE_OPTIONS: " no-host  clis=gemini " };
		const second = {
			code: 0,
			stderr: "",
			stdout: expect.stringContaining(`fp=${two.fingerprint} cfg=1 cli=gemini:ok `),
		};
		expect(await by("", { env: options })).toMatchObject(second);
		const third = {
			code: 0,
			stderr: "",
			stdout: expect.stringContaining(`fp=${three.fingerprint} cfg=1 cli=codex:ok `),
		};
		expect(await by("clis=codex", { token: three.token })).toMatchObject(third);
		expect(await m.run(script("report"), `expect=${two.fingerprint}`, { canaries })).toMatchObject({
			code: 10,
			stdout: expect.stringContaining("crossfade drift fp=mixed "),
		});
		expect(await m.run(script("uninstall"), "", { canaries, env: { TOKEN: one.token } })).toMatchObject({
			code: 0,
			stderr: "",
		});
		const left = Object.entries({ ...contents(m.home), ...contents(m.root) }).filter(
			([path]) => !path.endsWith(".lock"),
		);
		expect(Object.fromEntries(left)).toEqual(before);
	},
);

test(
	"a 32-bit PowerShell hands a token from the variable on by standard input, and never in the other's environment",
	slow,
	async () => {
		const m = machine();
		const secret = canary();
		const seen = join(m.root, "seen");
		const native = write(m.root, "native", `#!/bin/sh\nexport -p > ${seen}\nexec ${pwsh.path} "$@"\n`, 0o755);
		const run = await m.run(script("install"), "clis=codex", {
			canaries: [secret],
			stdin: "something else\r\n",
			env: { CROSSFADE_TEST_NATIVE: native, TOKEN: secret.token },
		});
		expect(run).toMatchObject({
			code: 0,
			stderr: "",
			stdout: expect.stringContaining(`fp=${secret.fingerprint} cfg=1 cli=codex:ok`),
		});
		const { seen: exported = "" } = contents(m.root);
		expect(exported).toContain("CROSSFADE_TEST_NATIVE");
		expect(exported).not.toMatch(/\bTOKEN\b/);
		expect(exported).not.toContain(secret.token);
	},
);

test("with an unreadable file, or with a token as an argument, it says so and repeats none", slow, async () => {
	const m = machine();
	const secret = canary();
	const before = contents(m.home);
	const install = script("install");
	const cases: [args: string, code: number, message: string][] = [
		["token-file=/nowhere", 11, "the token file cannot be read"],
		[secret.token, 2, "an option this script does not know"],
	];
	for (const [args, code, message] of cases) {
		const run = await m.run(install, args, { canaries: [secret] });
		expect(run, args).toMatchObject({ code, stderr: expect.stringContaining(message) });
	}
	expect(contents(m.home)).toEqual(before);
});

test("embedded: the copy that the kit makes configures, whatever TOKEN holds", slow, async () => {
	const secret = canary();
	const kit = kitOf(parseMdmFlags({ vehicle: "generic-windows", mode: "embedded" }), {
		fingerprint: secret.fingerprint,
		withToken: true,
	});
	const full = kit.filled.find(({ copyOf }) => copyOf === "install.ps1")?.fill(secret.token) ?? "";
	const [assignment = ""] =
		/^ *\$run\.Token = '[^\r\n]*/m.exec(full.slice(full.indexOf("function Set-GivenToken"))) ?? [];
	const content = script("install", "embedded").replace(/^ *\$run\.Token = '@TOKEN@'/m, () => assignment);
	const m = machine();
	const run = await m.run(content, "clis=codex", { canaries: [secret], env: { TOKEN: canary().token } });
	const stdout = expect.stringContaining(`fp=${secret.fingerprint} cfg=1 cli=codex:ok `);
	expect(run).toMatchObject({ code: 0, stderr: "", stdout });
});
