import { issuers } from "../adapters/providers/registry.generated.ts";
import { sandboxProviders } from "../adapters/providers/sandbox.generated.ts";
import { CrossfadeError, type ExitName } from "../base/errors.ts";
import { shown, shownName } from "../base/mask.ts";
import { readSettings } from "../base/settings.ts";
import { table } from "../base/table.ts";
import type { Effects } from "../effects/effects.ts";
import type { Terminal } from "../effects/terminal/output.ts";
import { type Fault, faultHelp, parseFault } from "../rehearse/sandbox/faults.ts";
import type { SandboxEvent } from "../rehearse/sandbox/ledger.ts";
import { startSandbox } from "../rehearse/sandbox/server.ts";
import { type FlagReader, readFlags } from "../spec/flags.ts";
import { parseTokenRef } from "../token/reference.ts";
import { Secret } from "../token/secret.ts";
import type { Command, Invocation } from "./command.ts";

const [standardProvider] = sandboxProviders;
/** For the examples: the provider whose old token dies at once. */
const strict = issuers.find(({ overlapMs }) => overlapMs === 0) ?? standardProvider;

export const sandboxCommand: Command = {
	name: "sandbox",
	description: `Runs a provider on this machine that behaves like the real one: it issues, rotates and ends
tokens by its rules, accepts or refuses data sent with them, and has a movable clock. For
tests, demos and dry runs. It stores no tokens, only digests.

Providers:
${lines(sandboxProviders.map(({ id, about }) => [id, about]))}

Their settings (--set), with defaults:
${lines(sandboxProviders.flatMap(({ id, settings }) => Object.entries(settings).map(([name, { standard, what }]) => [id, `${name}=${standard}`, what])))}

While it runs:
  GET  /_sandbox          which tokens are accepted, and what arrived with which
  GET  /_sandbox/events   the same live, as JSON lines
  POST /_sandbox/rotate   as in the portal (Accept: text/plain returns only the token)
  POST /_sandbox/copy     the newest token once more, if the portal shows it
  POST /_sandbox/mint     another token, if the portal can create them
  POST /_sandbox/revoke   {"token": "<id or fingerprint>"}, if the portal can
  POST /_sandbox/clock    {"advance": "23h"} or {"at": "2026-01-31T12:00:00Z"}; with "date": true
                          the Date header goes with it, by which crossfade rotate tells the time
  POST /_sandbox/fault    {"fault": "503", "times": 3} or {"fault": "off"}

Faults (--fault), each optionally with times=N, skip=N (after N requests) and on=ingest or on=manage:
${lines(faultHelp())}`,
	options: [
		{
			flags: "--provider <id>",
			description: `which provider (default: ${standardProvider.id})`,
			choices: sandboxProviders.map(({ id }) => id),
		},
		{ flags: "--port <n>", description: "port on 127.0.0.1 (default: any free port)" },
		{ flags: "--token <ref>", description: "read the first token from file:PATH, env:NAME, fd:N or prompt" },
		{
			flags: "--token-out <file>",
			description: "generate the first token and write it to this new file, for its owner only",
			files: true,
		},
		{
			flags: "--admin-out <file>",
			description: "write the credential of the management API to this new file, for its owner only",
			files: true,
		},
		{
			flags: "--overlap <time>",
			description: "how long the old token is accepted, e.g. 30s; the same as --set overlap",
		},
		{ flags: "--set <name=value>", description: "a provider setting; repeatable", repeatable: true },
		{ flags: "--fault <fault>", description: "inject a fault from the start, e.g. 503:times=3", repeatable: true },
		{ flags: "--json", description: "print events as JSON lines" },
	],
	examples: [
		[`crossfade sandbox --port 4319 --token-out ./${standardProvider.id}.token`, "a provider with a new token"],
		["curl -sX POST -H 'Accept: text/plain' 127.0.0.1:4319/_sandbox/rotate -o new.token", "rotate it"],
		[
			`crossfade sandbox --provider ${strict.id} --admin-out ./api.key`,
			"one that rotates by API and ends the old token at once",
		],
		["crossfade sandbox --fault reset:times=1,on=manage", "lose the response to the first rotation"],
	],
	run,
};

function lines(rows: readonly (readonly string[])[]): string {
	return table(rows)
		.map((line) => `  ${line}`)
		.join("\n");
}

async function run(fx: Effects, { options }: Invocation): Promise<ExitName> {
	const { provider, settings, port, ref, tokenOut, adminOut, faults } = parseFlags(readFlags(options));
	const first = ref ? await fx.readToken(ref) : Secret.of(provider.prefix + fx.random.token());
	const admin = adminOut === undefined ? undefined : Secret.of((provider.adminKey?.prefix ?? "") + fx.random.token());
	if (tokenOut !== undefined) await fx.files.createSecret(tokenOut, first);
	if (adminOut !== undefined && admin) await fx.files.createSecret(adminOut, admin);
	const { terminal } = fx;
	const server = await startSandbox(fx, {
		host: "127.0.0.1",
		port,
		provider,
		settings,
		token: first.reveal(),
		adminKey: admin?.reveal(),
		faults,
		onEvent: eventPrinter(terminal, options["json"] === true),
	});
	terminal.note(`sandbox   ${server.url}`);
	terminal.note(`provider  ${provider.title}: ${provider.about}`);
	if (provider.otlp) terminal.note(`otlp      ${server.url}${provider.otlp.base}`);
	terminal.note(`token     fp=${first.fingerprint}${tokenOut === undefined ? "" : `, in ${shownName(tokenOut)}`}`);
	if (adminOut !== undefined) terminal.note(`admin     ${provider.adminKey?.what}, in ${shownName(adminOut)}`);
	terminal.note(`status    ${server.url}/_sandbox`);
	terminal.note(
		`rotate    crossfade init --rotate --provider ${provider.id} --endpoint ${server.url}${provider.otlp?.base ?? ""}`,
	);
	terminal.note("stop with Ctrl-C");
	await fx.stopped();
	await server.close();
	return "ok";
}

function eventPrinter(terminal: Terminal, asJson: boolean): (event: SandboxEvent) => void {
	if (asJson) return (event) => terminal.print(`${JSON.stringify(event)}\n`);
	return ({ at, kind, fingerprint = "", signal = "", status = "" }) =>
		terminal.detail(`${at} ${kind} ${fingerprint} ${signal} ${status}`.trimEnd());
}

function parseFlags(flags: FlagReader) {
	const { problems, text, wrong } = flags;
	const ids = sandboxProviders.map(({ id }) => id);
	const id = flags.choice(text("provider"), ids, "--provider", "provider");
	const provider = sandboxProviders.find((each) => each.id === id) ?? standardProvider;
	const port = Number(text("port") ?? 0);
	if (!Number.isInteger(port) || port < 0 || port > 65535) {
		wrong("--port", {
			what: "invalid port",
			expected: "0 to 65535",
			got: shown(text("port") ?? ""),
			fix: "choose a free port, or 0 for any free port",
		});
	}
	const flagOf = (name: string) => (name === "overlap" && text("overlap") !== undefined ? "--overlap" : "--set");
	const settings = readSettings(provider.settings, givenSettings(flags), flagOf, (problem) => problems.push(problem));
	const conflict = problems.length === 0 ? provider.conflict?.(settings) : undefined;
	if (conflict !== undefined) wrong("--set", { what: conflict, fix: "see crossfade sandbox --help for the settings" });
	const faults = flags
		.all("fault")
		.map((each) => parseFault(each, "--fault", (problem) => problems.push(problem)))
		.filter((fault): fault is Fault => fault !== undefined);
	const [token, tokenOut, adminOut] = [text("token"), text("tokenOut"), text("adminOut")];
	const ref = token === undefined ? undefined : parseTokenRef(token, "--token");
	if (ref && "what" in ref) problems.push(ref);
	if (token !== undefined && tokenOut !== undefined) {
		wrong("--token-out", {
			what: "--token and --token-out cannot be combined",
			expected: "one of --token and --token-out",
			fix: "omit one of them",
		});
	}
	if (adminOut !== undefined && !provider.adminKey) {
		const others = sandboxProviders.filter(({ adminKey }) => adminKey).map((each) => each.id);
		wrong("--admin-out", {
			what: `${provider.title} has no management API with its own credential`,
			expected: `--provider ${others.join(", ")}`,
			fix: "omit --admin-out, or choose another --provider",
		});
	}
	if (problems.length > 0 || (ref && "what" in ref)) throw new CrossfadeError("usage", problems);
	return { provider, settings, port, ref, tokenOut, adminOut, faults };
}

/** `--set name=value` and `--overlap value` as texts by name. */
function givenSettings({ all, text, wrong }: FlagReader): Record<string, string> {
	const pairs = all("set").map((each) => /^([a-z-]+)=(.*)$/s.exec(each)?.slice(1) ?? [each]);
	for (const pair of pairs.filter(({ length }) => length === 1)) {
		wrong("--set", {
			what: "not a setting",
			expected: "name=value",
			got: shown(pair[0] ?? ""),
			fix: "write it like --set overlap=30s",
		});
	}
	const overlap = text("overlap");
	const good = pairs.filter(({ length }) => length === 2);
	return { ...Object.fromEntries(good), ...(overlap === undefined ? {} : { overlap }) };
}
