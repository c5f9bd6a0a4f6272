import type { ExitName } from "../base/errors.ts";
import type { Effects } from "../effects/effects.ts";
import { FLEET_FILE } from "../spec/fleet-text.ts";
import type { Command, Invocation } from "./command.ts";

export const rotateCommand: Command = {
	name: "rotate",
	description: `Rotates a token from the provider to the last place that sends with it, as rotations: and stores: of the fleet file say. Every
step is in a journal before and after it happens, so that a crash, a reboot or Ctrl-C at any moment loses nothing: the same
command goes on from there. Tokens in the journal are sealed with age.

Verbs:
  plan      what would happen, in which order, until when, where it cannot be undone; changes nothing
  start     begins, and goes as far as it can now
  resume    goes on from wherever it stopped; harmless when there is nothing to do
  status    where it stands; the exit code is for monitors
  retire    ends the old token, if the verdict on the evidence is yes
  rollback  back to the old token, as long as the provider takes it
  close     ends an operation that cannot end well, naming what was left behind
  reopen    the provider's support gave the old token more time
  log       who did what when
  export    writes the new token to a file, for the day everything else fails
  schedule  systemd, cron, windows, kubernetes or github: prints what runs resume in time; calendar: people's steps

Exit codes: 0 the operation is over and well, 7 it is over and names what it left behind, 15 nothing to do before the time shown, 16 a
person is needed, 17 only a look at the provider or a store can settle it, 18 the plan is not safe, 5 the old token lives though it
should have ended.`,
	arguments: [
		{ name: "<verb>", description: "one of the verbs above" },
		{ name: "[rotation]", description: "its name, if the fleet file has several; schedule: the kind first" },
		{ name: "[name]", description: "schedule: the rotation's name, if the fleet file has several" },
	],
	options: [
		{ flags: "-f, --fleet <file>", description: `the fleet file (default: ${FLEET_FILE})`, files: true },
		{
			flags: "--token <ref>",
			description: "resume: read the new token from file:PATH, env:NAME, fd:N, prompt or -",
		},
		{ flags: "--adopt <ref>", description: "start: a person already rotated; read the new token from there" },
		{
			flags: "--public-id <id>",
			description: "start --adopt, resume --token: the public half of a pair, which is no secret",
		},
		{ flags: "--since <time>", description: "start, resume: when the person clicked, if before now" },
		{ flags: "--old-ends <time>", description: "resume: when the old token ends, as the provider's page shows it" },
		{
			flags: "--leaked",
			description: "start: the token is known to others: the shortest overlap; supersedes an open operation",
		},
		{ flags: "--lost", description: "resume: the new token's value is lost before it got anywhere; ask for another" },
		{ flags: "--written <store>", description: "resume: a person wrote the token there" },
		{
			flags: "--confirmed <store>",
			description: "resume: a person saw that the new token is in use there (--because)",
		},
		{
			flags: "--removed <store>",
			description: "resume: a store that left the fleet file needs nothing more (--because)",
		},
		{ flags: "--same", description: "resume: a person compared what the provider did not tell" },
		{ flags: "--ended", description: "resume: a person ended the token" },
		{ flags: "--forward", description: "resume: go on to the new token after a rollback" },
		{
			flags: "--moved",
			description: "resume: the journal or the fleet file was moved here, and nothing goes on where it was (--because)",
		},
		{ flags: "--because <reason>", description: "the reason, for the log" },
		{ flags: "--despite <reason>", description: "retire: without a yes; the reason is recorded" },
		{ flags: "--stranded", description: "close: needed, because what was not done stays undone" },
		{ flags: "--replace", description: "close: and begin the next rotation in its place, with the options of start" },
		{ flags: "--until <time>", description: "reopen: when the old token ends now" },
		{
			flags: "-o, --out <file>",
			description: "export: the new file for the token, for your account alone; schedule: a folder",
			files: true,
		},
		{ flags: "--every <time>", description: "schedule: also begin a rotation when the last one began so long ago" },
		{ flags: "--if-older <time>", description: "start: only if the last rotation began so long ago; for schedulers" },
		{ flags: "--yes", description: "export: yes, write the token to a file" },
		{
			flags: "--accept-unproven",
			description: "start, resume: go on although nothing proves that a store can be written",
		},
		{ flags: "--accept-outage", description: "start: go on although places are refused until they have the new token" },
		{
			flags: "--prometheus <file>",
			description: "status: also write it for the textfile collector of node_exporter; name it *.prom",
			files: true,
		},
		{ flags: "--json", description: "plan, status, log: print JSON" },
	],
	examples: [
		["crossfade rotate plan", "what would happen"],
		["crossfade rotate start", "begin; at a portal it says what to click, and stops"],
		["crossfade rotate resume --token prompt", "paste the new token, which is not shown"],
		["crossfade rotate resume", "go on, after a crash or from cron"],
		["crossfade rotate status --json", "for a monitor"],
		["crossfade rotate status --prometheus /var/lib/node_exporter/crossfade.prom --quiet", "for Prometheus, from cron"],
		["crossfade rotate schedule systemd --every 30d --out units", "a service and a timer"],
		[
			"crossfade rotate schedule calendar --every 90d --out .",
			"a reminder of the next rotation, and of a person's steps",
		],
		["crossfade rotate retire", "end the old token, if the evidence says yes"],
	],
	run: async (fx: Effects, invocation: Invocation): Promise<ExitName> =>
		(await import("./rotate-verbs.ts")).runVerb(fx, invocation),
};
