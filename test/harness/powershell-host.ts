import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { pwsh } from "./parts.ts";
import type { ScriptRun } from "./shells.ts";

/**
 * PowerShell that stays: a start of it takes as long as the script does, and the first run of everything in it as long again. Each script gets
 * a session of its own (a runspace), with the environment, standard input and output of a process, one after the other. What is about
 * processes themselves (kills, arguments, environments, traces, two at once) needs one of its own.
 */

/** What a script is run with. */
export interface HostedCall {
	readonly script: string;
	readonly words: readonly string[];
	readonly env: Readonly<Record<string, string>>;
	readonly stdin: string;
}

const HOST = `
$ErrorActionPreference = 'Stop'
$in = [Console]::In
$out = [Console]::Out
while ($null -ne ($line = $in.ReadLine())) {
  $call = ConvertFrom-Json $line
  foreach ($name in @([Environment]::GetEnvironmentVariables().Keys)) { [Environment]::SetEnvironmentVariable($name, $null) }
  foreach ($pair in $call.env) { [Environment]::SetEnvironmentVariable($pair[0], $pair[1]) }
  $written = New-Object System.IO.StringWriter
  $problems = New-Object System.IO.StringWriter
  [Console]::SetIn((New-Object System.IO.StringReader('')))
  [Console]::SetOut($written)
  [Console]::SetError($problems)
  $session = [powershell]::Create([System.Management.Automation.RunspaceMode]::NewRunspace)
  $code = 0
  try {
    [void]$session.AddScript('param($script, $words, $lines) $global:LASTEXITCODE = 0; $lines | & $script @words | ForEach-Object { [Console]::Out.WriteLine([string]$_) }; $LASTEXITCODE')
    [void]$session.AddArgument($call.script).AddArgument(@($call.words)).AddArgument(@($call.lines))
    $code = [int]@($session.Invoke())[-1]
    foreach ($each in $session.Streams.Error) { $problems.WriteLine([string]$each) }
  } catch { $problems.WriteLine([string]$_); $code = 1 } finally { $session.Dispose() }
  [Console]::SetOut($out)
  $out.WriteLine((ConvertTo-Json -Compress @{ code = $code; stdout = $written.ToString(); stderr = $problems.ToString() }))
  $out.Flush()
}
`;

let host: { readonly child: ChildProcess; readonly answers: Interface; readonly folder: string } | undefined;
let isBusy = false;

function started(): NonNullable<typeof host> {
	if (host) return host;
	const folder = mkdtempSync(join(tmpdir(), "crossfade-powershell-"));
	const file = join(folder, "host.ps1");
	writeFileSync(file, HOST);
	const child = spawn(pwsh.path, ["-NoProfile", "-NonInteractive", "-Command", `& '${file}'`], {
		env: { PATH: process.env["PATH"], NO_COLOR: "1", HOME: folder },
		stdio: ["pipe", "pipe", "inherit"],
	});
	process.on("exit", () => {
		child.kill("SIGKILL");
		rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
	});
	host = { child, answers: createInterface({ input: child.stdout }), folder };
	return host;
}

/** Whether a script can be run at once. */
export const isHostFree = () => !isBusy;

/** Runs a script in the PowerShell that stays. */
export async function runHosted({ script, words, env, stdin }: HostedCall): Promise<ScriptRun> {
	isBusy = true;
	try {
		const { child, answers } = started();
		const answer = Promise.race([once(answers, "line"), once(answers, "close")]);
		const lines = stdin === "" ? [] : stdin.replace(/\r?\n$/, "").split(/\r?\n/);
		const variables = Object.entries({ PATH: process.env["PATH"] ?? "", NO_COLOR: "1", ...env });
		child.stdin?.write(`${JSON.stringify({ script, words, lines, env: variables })}\n`);
		const [line] = await answer;
		if (line === undefined) throw new Error("the PowerShell that stays has ended");
		return JSON.parse(line);
	} finally {
		isBusy = false;
	}
}
