import type { Effects } from "../effects/effects.ts";
import { CrossfadeError, type ExitName, type Problem } from "../errors.ts";
import { shown } from "../render/quote.ts";
import { newLedger } from "../sandbox/ledger.ts";
import { startSandbox } from "../sandbox/server.ts";
import { Secret } from "../secret.ts";
import { durationMs } from "../spec/duration.ts";
import { parseTokenRef, type TokenRef } from "../spec/token-ref.ts";
import type { Command, Invocation } from "./command.ts";

export const sandboxCommand: Command = {
	name: "sandbox",
	description: `Runs a provider on this machine that behaves like Torii: it takes OTLP over HTTP (protobuf and JSON, gzip), with the
token as Bearer or in the path, rotates it, accepts the old one until the overlap ends, and then answers 401. For tests,
demos and dry runs. It keeps no token, only fingerprints.

While it runs:
  GET  /_sandbox          which tokens are accepted, and what arrived with which
  GET  /_sandbox/events   the same as it happens, a JSON line each
  POST /_sandbox/rotate   a new token (Accept: text/plain gives the token alone)
  POST /_sandbox/clock    {"advance": "23h"} or {"at": "2026-01-31T12:00:00Z"}`,
	options: [
		{ flags: "--port <n>", description: "port on 127.0.0.1 (default: any free one)" },
		{ flags: "--token <ref>", description: "take the first token from file:PATH, env:NAME, fd:N or prompt" },
		{
			flags: "--token-out <file>",
			description: "make the first token and write it to this new file (0600)",
			files: true,
		},
		{ flags: "--overlap <time>", description: "how long the old token is accepted, e.g. 30s (default: 24h)" },
		{ flags: "--json", description: "print events as JSON lines" },
	],
	examples: [
		["crossfade sandbox --port 4319 --token-out ./torii.token", "a provider with a fresh token"],
		["curl -sX POST -H 'Accept: text/plain' 127.0.0.1:4319/_sandbox/rotate -o new.token", "rotate it"],
	],
	run,
};

async function run(fx: Effects, { options }: Invocation): Promise<ExitName> {
	const { port, overlapMs, ref, tokenOut } = parseFlags(options);
	const ledger = newLedger("torii", overlapMs);
	const first = ref ? await fx.readToken(ref) : Secret.of(fx.random.token());
	if (tokenOut !== undefined) await fx.files.createSecret(tokenOut, first);
	ledger.rotate(first.reveal(), fx.clock.now());
	const { terminal } = fx;
	const server = await startSandbox(fx, {
		host: "127.0.0.1",
		port,
		ledger,
		onEvent: (event) => {
			if (options["json"]) terminal.print(`${JSON.stringify(event)}\n`);
			else
				terminal.detail(
					`${event.at} ${event.kind} ${event.fingerprint ?? ""} ${event.signal ?? ""} ${event.status ?? ""}`.trimEnd(),
				);
		},
	});
	terminal.note(`sandbox   ${server.url}`);
	terminal.note(`token     fp=${first.fingerprint}${tokenOut === undefined ? "" : `, in ${tokenOut}`}`);
	terminal.note(`status    ${server.url}/_sandbox`);
	terminal.note("stop with Ctrl-C");
	await fx.stopped();
	await server.close();
	return "ok";
}

function parseFlags(options: Invocation["options"]) {
	const problems: Problem[] = [];
	const text = (name: string) => (typeof options[name] === "string" ? options[name] : undefined);
	const port = Number(text("port") ?? 0);
	if (!Number.isInteger(port) || port < 0 || port > 65535) {
		problems.push({
			what: "the port is not one",
			expected: "0 to 65535",
			got: shown(text("port") ?? ""),
			where: { file: "--port" },
			fix: "choose a free port, or 0 for any",
		});
	}
	const overlapMs = durationMs(text("overlap") ?? "24h");
	if (overlapMs === undefined) {
		problems.push({
			what: "the overlap is not a time",
			expected: "a number with ms, s, m, h or d, such as 24h",
			got: shown(text("overlap") ?? ""),
			where: { file: "--overlap" },
			fix: "write it like 30s or 24h",
		});
	}
	const parsed = text("token") === undefined ? undefined : parseTokenRef(text("token") ?? "", "--token");
	if (parsed && "what" in parsed) problems.push(parsed);
	if (parsed && text("tokenOut") !== undefined) {
		problems.push({
			what: "the first token is either read or made",
			expected: "one of --token and --token-out",
			where: { file: "--token-out" },
			fix: "leave one of them away",
		});
	}
	if (problems.length > 0 || overlapMs === undefined) throw new CrossfadeError("usage", problems);
	return { port, overlapMs, ref: parsed as TokenRef | undefined, tokenOut: text("tokenOut") };
}
