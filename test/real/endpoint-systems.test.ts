import { execFileSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { canary, leaks } from "../harness/canary.ts";
import { scratch } from "../harness/cli.ts";
import { actions, contents, endpointScript, machine, releases, text, write } from "../harness/endpoint.ts";
import { dockerImage, needs, program, root } from "../harness/parts.ts";
import { shells } from "../harness/shells.ts";
import { cliStates } from "../harness/states.ts";

/**
 * A Mac that is none: stand-ins for its programs, so that the branches for it run. What no stand-in can show, such as access lists and
 * the real `ps`, was never seen on a real Mac.
 */
function standInMac(home: string): string {
	const tools = scratch();
	const standIn = (name: string, body: string) => write(tools, name, `#!/bin/sh\n${body}\n`, 0o755);
	standIn("uname", "case $1 in -s) echo Darwin ;; *) echo mac.local ;; esac");
	standIn("scutil", 'echo "Stand-In-Mac"');
	standIn("ioreg", `printf '    | "IOPlatformUUID" = "0000-STAND-IN"\\n'`);
	standIn(
		"dscl",
		[
			"case $4 in",
			`  UniqueID) printf '_www 70\\nroot 0\\nalice 1234567890\\nhidden 502\\nold 503\\nnohome 504\\n' ;;`,
			`  UserShell) printf '_www /usr/bin/false\\nalice /bin/zsh\\nhidden /bin/zsh\\nold /usr/bin/false\\nnohome /bin/zsh\\n' ;;`,
			`  NFSHomeDirectory) printf 'alice ${home}\\nhidden /Users/hidden\\nold /Users/old\\nnohome /Users/not here\\n' ;;`,
			"  IsHidden) printf 'hidden 1\\n' ;;",
			"esac",
		].join("\n"),
	);
	standIn("mount", `echo "/dev/disk1 on / (apfs, local, journaled)"; echo "srv:/x on /Users/not here (nfs, nodev)"`);
	standIn("shasum", "exec /usr/bin/sha256sum");
	// As BSD's: no -c, and -f has other letters.
	standIn("stat", 'case $1 in -f) exec /usr/bin/stat -c %Y "$3" ;; *) exit 1 ;; esac');
	standIn("sudo", 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"');
	symlinkSync(program("original-awk").path, join(tools, "awk"));
	// Nothing of Linux's own besides; each of these is on a Mac.
	const shared =
		"cat chmod cksum cmp cp cut date dirname env grep head id ln ls mkdir mktemp mv perl ps readlink rm rmdir sed sleep sort sync tail tr wc";
	for (const name of shared.split(" ")) symlinkSync(program(name).path, join(tools, name));
	return tools;
}

const posix = shells.filter(({ name }) => /^(bash --posix|zsh|dash)$/.test(name));

describe("a stand-in for a Mac", needs(root, program("original-awk")), () => {
	for (const shell of posix)
		test(
			`${shell.name}: people by UID from 501 on, hidden and service accounts left out, folders with blanks, identity, Mac tools alone`,
			needs(shell.part),
			async () => {
				const made = machine();
				const path = standInMac(made.home);
				const env = { CROSSFADE_TEST_PATH: path };
				const token = canary();
				const options = "scope=system users=all";
				const outcome = await made.run(options, { ...token, shell, env });
				expect(outcome).toEqual({
					code: 0,
					stdout: `crossfade ok fp=${token.fingerprint} cfg=1 cli=${cliStates({ "claude-code": "ok", codex: "ok", gemini: "ok" })} users=1 skipped=1\n`,
					stderr: "",
				});
				const claude = join(made.root, "Library/Application Support/ClaudeCode/managed-settings.d/50-crossfade.json");
				expect(JSON.parse(text(claude) ?? "").env).toMatchObject({
					OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer ${token.token}`,
					OTEL_RESOURCE_ATTRIBUTES: "host.name=Stand-In-Mac,host.id=0000-STAND-IN",
				});
				expect(text(join(made.root, "Library/Application Support/GeminiCli/settings.json"))).toContain(token.token);
				expect(text(join(made.root, "etc/codex/requirements.toml"))).toContain(token.token);
				expect(await made.run(`report ${options}`, { shell, env })).toMatchObject({ code: 0, stderr: "" });
				const again = contents(made.root);
				expect(await made.run(options, { ...token, shell, env })).toMatchObject({ code: 0, stderr: "" });
				expect(contents(made.root)).toEqual(again);
				expect(await made.run(`uninstall ${options}`, { shell, env })).toMatchObject({ code: 0, stderr: "" });
				expect(contents(made.root)).toEqual({});
			},
		);

	test("in the homes: written by way of sudo", async () => {
		const made = machine();
		const env = { CROSSFADE_TEST_PATH: standInMac(made.home) };
		const token = canary();
		expect(await made.run("scope=user users=all", { ...token, env })).toMatchObject({ code: 0, stderr: "" });
		for (const file of Object.values(made.files)) expect(text(file)).toContain(token.token);
		expect(await made.run("uninstall scope=user users=all", { env })).toMatchObject({ code: 0, stderr: "" });
		expect(text(made.files.codex)).toBeUndefined();
	});
});

const image = dockerImage("otel-crossfade/busybox");

describe("a container that has nothing but busybox", needs(image), () => {
	/** No network, and gone after the test. */
	function start(): (script: string, input?: string) => string {
		const id = execFileSync("docker", ["run", "-d", "--network", "none", image.path, "sleep", "600"], {
			encoding: "utf8",
		}).trim();
		onTestFinished(() => {
			execFileSync("docker", ["rm", "-f", id], { stdio: "ignore" });
		});
		return (command, input = "") =>
			execFileSync("docker", ["exec", "-i", id, "sh", "-c", command], { encoding: "utf8", input, stdio: "pipe" });
	}

	test.each(["root", "a user"])("as %s: install, rotate, report, uninstall", (who) => {
		const run = start();
		const script = endpointScript("generic", { hooks: false, os: ["linux"], actions });
		run("cat >/script.sh && chmod 755 /script.sh", script);
		const setup = [
			"mkdir -p /home/alice/.codex /etc",
			"grep -q ^root: /etc/passwd 2>/dev/null || echo root:x:0:0::/root:/bin/sh >>/etc/passwd",
			"echo alice:x:1001:1001::/home/alice:/bin/sh >>/etc/passwd; echo alice:x:1001: >>/etc/group",
			`mkdir -p /home/alice/.npm-global/lib/node_modules/@openai/codex`,
			`echo '{"version": "${releases.codex}"}' >/home/alice/.npm-global/lib/node_modules/@openai/codex/package.json`,
			"printf 'model = \"m\"\\n' >/home/alice/.codex/config.toml; chown -R 1001:1001 /home/alice",
		];
		run(setup.join("\n"));
		const command =
			who === "root" ? "sh /script.sh" : "HOME=/home/alice su -s /bin/sh alice -c 'sh /script.sh \"$@\"' sh";
		const options = "scope=user clis=codex";
		for (const token of [canary(), canary()]) {
			const out = run(`${command} ${options}`, `${token.token}\n`);
			expect(out).toBe(`crossfade ok fp=${token.fingerprint} cfg=1 cli=codex:ok users=1\n`);
			expect(leaks([token], { out })).toEqual([]);
			expect(run("cat /home/alice/.codex/config.toml")).toContain(`Bearer ${token.token}`);
			expect(run("find /home/alice -user root")).toBe("");
			expect(run(`${command} report ${options}`)).toContain(`crossfade ok fp=${token.fingerprint}`);
		}
		run(`${command} uninstall ${options}`);
		expect(run("cat /home/alice/.codex/config.toml")).toBe('model = "m"\n');
		expect(run("ls -a /home/alice/.codex")).toBe(".\n..\nconfig.toml\n");
	});
});
