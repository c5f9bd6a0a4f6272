import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { canary } from "../harness/canary.ts";
import { scratch } from "../harness/cli.ts";
import { text, write } from "../harness/endpoint.ts";
import { needs, program, pwsh, smallDisks } from "../harness/parts.ts";
import { powerShellScript, SID, windowsMachine } from "../harness/powershell.ts";

/**
 * What PowerShell 7 logs of a script by itself: the events 4103 and 4104, which go to syslog on this system. A socket in a /dev of its own takes
 * them. Windows PowerShell 5.1 has a list of words of its own: test/base/trigger-words.test.ts.
 */

const LISTEN = `perl -MSocket -e 'socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die; bind($s, sockaddr_un($ARGV[0])) or die; open(my $o, ">>", $ARGV[1]) or die; $o->autoflush(1); while (defined recv($s, my $d, 1 << 20, 0)) { print $o "$d\\n" }' "$0/dev/log" "$0/out" &
listener=$!
trap 'kill "$listener"' EXIT
mkdir -p "$0/dev"
until [ -S "$0/dev/log" ]; do sleep 0.05; done
chmod 666 "$0/dev/log"
for node in null zero full random urandom tty; do cp -a "/dev/$node" "$0/dev/"; done
ln -s /proc/self/fd "$0/dev/fd"
mount --make-rprivate / && mount --bind "$0/dev" /dev && "$@"
code=$?
sleep 0.5
exit "$code"`;

const POLICIES = {
	none: {},
	blocks: { PowerShellPolicies: { ScriptBlockLogging: { EnableScriptBlockLogging: true } } },
	modules: { PowerShellPolicies: { ModuleLogging: { EnableModuleLogging: true, ModuleNames: ["*"] } } },
};

/** Runs a script for one person's account, and gives what was logged. */
function logOf(
	policy: keyof typeof POLICIES,
	content: string,
	stdin: string,
): { log: string; config: string | undefined } {
	const m = windowsMachine({ versions: { "claude-code": "", gemini: "" } });
	const folder = scratch();
	execFileSync("mkdir", [join(folder, "dev")]);
	const settings = write(folder, "settings.json", JSON.stringify({ ...POLICIES[policy], LogLevel: "verbose" }));
	const script = write(folder, "script.ps1", content);
	const words = [
		"-SettingsFile",
		settings,
		"-NoProfile",
		"-NonInteractive",
		"-File",
		script,
		"scope=user",
		"users=self",
	];
	execFileSync("unshare", ["--mount", "sh", "-c", LISTEN, folder, pwsh.path, ...words], {
		input: stdin,
		env: {
			PATH: process.env["PATH"],
			HOME: folder,
			USERPROFILE: m.home,
			CROSSFADE_TEST_ROOT: m.root,
			CROSSFADE_TEST_SID: SID,
			CROSSFADE_TEST_ADMIN: "yes",
			CROSSFADE_TEST_HOMES: `${SID}\t${m.home}`,
		},
	});
	return { log: readFileSync(join(folder, "out"), "utf8"), config: text(m.files.codex) };
}

describe("what PowerShell logs of the script", {
	...needs(pwsh, smallDisks, program("unshare"), program("perl")),
	timeout: 600_000,
}, () => {
	const embedded = (token: string) => powerShellScript({ mode: "embedded" }).replace("@TOKEN@", token);

	test("with no policy nothing of it, though the token stands in it; with a word of PowerShell's list in it, all of it", () => {
		const secret = canary();
		const found = logOf("none", embedded(secret.token), "");
		expect(found.config).toContain(secret.token);
		expect(found.log).not.toContain(secret.token);
		const marked = embedded(secret.token).replace("Set-StrictMode", "# remitted\r\nSet-StrictMode");
		expect(logOf("none", marked, "").log).toContain(secret.token);
	});

	test("where a policy logs modules, or blocks, not the token on standard input; embedded in a logged block it is there, as STEPS.md says", () => {
		const secret = canary();
		for (const policy of ["modules", "blocks"] as const) {
			const found = logOf(policy, powerShellScript(), `${secret.token}\n`);
			expect(found.config, policy).toContain(secret.token);
			expect(found.log.length, policy).toBeGreaterThan(1000);
			expect(found.log, policy).not.toContain(secret.token);
		}
		expect(logOf("blocks", embedded(secret.token), "").log).toContain(secret.token);
		expect(readFileSync(new URL("../../mdm/intune-windows/STEPS.md", import.meta.url), "utf8")).toContain(
			"writes the whole script to the event log",
		);
	});
});
