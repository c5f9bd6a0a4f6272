import { emissions } from "../adapters/clis/emissions.ts";
import { providers } from "../adapters/providers/registry.ts";
import type { TlsFiles } from "../effects/connection.ts";
import type { Effects } from "../effects/effects.ts";
import { CrossfadeError, type ExitName, type Problem } from "../errors.ts";
import type { ProbeEvidence } from "../evidence/evidence.ts";
import { gatewayCounters } from "../evidence/metrics.ts";
import { openStore } from "../evidence/store.ts";
import { fingerprint } from "../fingerprint.ts";
import type { GatewayReading } from "../probe/gateway.ts";
import { type ProbePlan, protocols } from "../probe/plan.ts";
import { probeRound, type Round } from "../probe/round.ts";
import { judgeRows, worstExit } from "../probe/verdict.ts";
import { type ProbeReport, probeJson, probeJunit, probeLines, probeText } from "../report/probe.ts";
import type { Secret } from "../secret.ts";
import { parseProbeFlags, paths } from "../spec/probe.ts";
import type { Command, Invocation, OptionSpec } from "./command.ts";
import { fleetOption, readFleet } from "./fleet-options.ts";

/** What the command works with besides the world. */
export interface ProbeParts {
	/** Reads a gateway's metrics. */
	readonly readGateway?: (text: string) => GatewayReading;
	/** Adds rows to the evidence folder. */
	readonly addProbes?: (fx: Effects, folder: string, writer: string, rows: readonly ProbeEvidence[]) => Promise<void>;
}

const PEM_BYTES = 1024 * 1024;
const WIDTH = 80;

/** The command, with what it needs put in. */
export function newProbeCommand(parts: ProbeParts): Command {
	const optional: readonly (readonly [part: unknown, option: OptionSpec])[] = [
		[
			parts.readGateway,
			{
				flags: "--metrics <url>",
				description: "[name=]URL of a gateway's metrics, to see records leave it",
				repeatable: true,
			},
		],
		[
			parts.addProbes,
			{ flags: "--evidence <folder>", description: "keep what was seen there, for watch and report", files: true },
		],
	];
	return {
		name: "probe",
		description: `Sends one test log, metric and trace with each token to each place and says which token is accepted now, for which
signal, and if not, why: the cause and the next step.

A row covers one hop. A gateway's 200 says that it took the record; with --metrics its own counters say whether it left.
Call the tokens of a rotation old and new; every other name is expected to be accepted. The exit code is that of the
worst row, the lowest but 0 first: new rejected 3, old rejected before its deadline 4, old accepted after it 5,
unreachable 6, partly accepted 7, retry later 8, nothing proven 9. With --repeat it is that of the last round.`,
		options: [
			fleetOption,
			{
				flags: "--token <name=ref>",
				description: "a token by name, from file:PATH, env:NAME, fd:N, prompt or -",
				repeatable: true,
			},
			{ flags: "--provider <id>", description: "who takes the data", choices: providers.map(({ id }) => id) },
			{ flags: "--endpoint <url>", description: "base URL of the OTLP ingest (default: the provider's)" },
			{ flags: "--via <url>", description: "[name=]URL of a gateway", repeatable: true },
			...optional.filter(([part]) => part !== undefined).map(([, option]) => option),
			{ flags: "--signals <list>", description: "logs,metrics,traces (default: what the provider documents)" },
			{ flags: "--path <way>", description: "how the token travels (default: bearer)", choices: paths },
			{ flags: "--protocol <name>", description: "default: http/protobuf", choices: protocols },
			{
				flags: "--as <cli>",
				description: "send what this CLI would send, as it would",
				choices: emissions.map(({ id }) => id),
			},
			{ flags: "--auth-header <name>", description: "the header that carries the token (default: Authorization)" },
			{ flags: "--auth-scheme <word>", description: 'the word before the token, "" for none (default: Bearer)' },
			{ flags: "--ca <file>", description: "trust these certificates instead", files: true },
			{ flags: "--cert <file>", description: "client certificate", files: true },
			{ flags: "--key <file>", description: "its key", files: true },
			{ flags: "--proxy <url>", description: "none, or one without credentials (default: the environment's)" },
			{ flags: "--allow-plaintext", description: "send the token over plain http to another machine" },
			{ flags: "--gzip", description: "pack the requests" },
			{ flags: "--timeout <time>", description: "for one row with all its attempts (default: 10s)" },
			{ flags: "--retry <n>", description: "attempts after the first on 429, 502, 503 and 504 (default: 0)" },
			{ flags: "--deadline <time>", description: "when the old token ends, e.g. 2026-01-31T12:00:00Z or 24h" },
			{ flags: "--repeat <time>", description: "again and again, e.g. 30s, until --until or Ctrl-C" },
			{ flags: "--until <time>", description: "with --repeat: when to end" },
			{ flags: "--json", description: "print JSON; with --repeat a line for each row" },
			{ flags: "--junit", description: "print JUnit XML" },
		],
		examples: [
			["crossfade probe --provider torii --token old=file:old.token --token new=file:new.token", "are both accepted?"],
			["crossfade probe --token env:TOKEN --via gw=http://127.0.0.1:4318", "one token through a gateway"],
			["crossfade probe --provider torii --token new=prompt --as gemini", "as Gemini CLI would send it"],
		],
		run: (fx, invocation) => run(fx, invocation, parts),
	};
}

export const probeCommand = newProbeCommand({
	readGateway: gatewayCounters,
	addProbes: async (fx, folder, writer, rows) => (await openStore(fx, folder)).addProbes(writer, rows),
});

async function run(fx: Effects, invocation: Invocation, { readGateway, addProbes }: ProbeParts): Promise<ExitName> {
	const options = await withFleet(fx, invocation.options);
	const plan = parseProbeFlags(options, fx.clock.now());
	const tokens = await readTokens(fx, plan);
	const round: Round = {
		plan,
		tokens,
		tls: await readPem(fx, plan.files),
		marker: fingerprint(fx.random.token()),
		readGateway,
	};
	const folder = typeof options["evidence"] === "string" ? options["evidence"] : undefined;
	const print = printer(options, plan, fx.terminal.color);
	const once = async (signal?: AbortSignal): Promise<ExitName | undefined> => {
		const result = await probeRound(fx, { ...round, signal });
		if (signal?.aborted) return undefined;
		const rows = judgeRows(result, plan.deadline);
		if (folder !== undefined)
			await addProbes?.(
				fx,
				folder,
				"probe",
				rows.map(({ evidence }) => evidence),
			);
		fx.terminal.print(
			print({ marker: round.marker, now: fx.clock.now(), deadline: plan.deadline, rows, whoami: result.whoami }),
		);
		return worstExit(rows);
	};
	return plan.repeat
		? repeat(fx, plan.repeat, once)
		: ((await fx.terminal.progress("waiting for answers", once())) ?? "internal");
}

/** Rounds until the end or until somebody stops it, which also ends a round that is under way. */
async function repeat(
	fx: Effects,
	{ everyMs, until }: NonNullable<ProbePlan["repeat"]>,
	once: (signal: AbortSignal) => Promise<ExitName | undefined>,
): Promise<ExitName> {
	const stop = new AbortController();
	fx.stopped().then(() => stop.abort());
	let last: ExitName = "interrupted";
	for (;;) {
		const started = fx.clock.now();
		last = (await once(stop.signal)) ?? last;
		const next = started + everyMs;
		if (stop.signal.aborted || (until !== undefined && next > until)) return last;
		await fx.sleep(Math.max(0, next - fx.clock.now()), stop.signal);
		if (stop.signal.aborted) return last;
	}
}

function printer(
	options: Invocation["options"],
	{ repeat: again }: ProbePlan,
	color: boolean,
): (report: ProbeReport) => string {
	if (options["junit"] === true) return probeJunit;
	if (options["json"] === true) return again ? probeLines : probeJson;
	return (report) => probeText(report, { color, width: WIDTH });
}

/** All tokens, or one error with what is wrong with any of them. */
async function readTokens(fx: Effects, plan: ProbePlan): Promise<{ name: string; secret: Secret }[]> {
	const problems: Problem[] = [];
	const tokens: { name: string; secret: Secret }[] = [];
	for (const { name, ref } of plan.tokens) {
		if (ref.kind === "prompt") fx.terminal.note(`the token called ${name}:`);
		try {
			const secret = await fx.readToken(ref);
			const same = tokens.find((each) => each.secret.fingerprint === secret.fingerprint);
			if (same) {
				const fix = "name the file that holds the other token: comparing a token with itself proves nothing";
				problems.push({
					what: `${same.name} and ${name} are the same token`,
					got: `fp=${secret.fingerprint} twice`,
					where: { file: "--token" },
					fix,
				});
			}
			tokens.push({ name, secret });
		} catch (error) {
			if (!(error instanceof CrossfadeError) || error.exit === "interrupted") throw error;
			problems.push(...error.problems);
		}
	}
	if (problems.length > 0) throw new CrossfadeError("refused", problems);
	return tokens;
}

/** The PEM files' text; what is none is refused before anything is sent. */
async function readPem(fx: Effects, files: ProbePlan["files"]): Promise<TlsFiles> {
	const problems: Problem[] = [];
	const read = async (path: string | undefined, flag: string, holds: string) => {
		if (path === undefined) return undefined;
		const text = Buffer.from(await fx.files.read(path, { maxBytes: PEM_BYTES })).toString("utf8");
		if (new RegExp(`-----BEGIN [A-Z ]*${holds}-----`).test(text)) return text;
		const fix = "give a PEM file; openssl x509 and openssl pkey convert others";
		problems.push({ what: `${flag} is no PEM file with a ${holds.toLowerCase()}`, where: { file: path }, fix });
		return undefined;
	};
	const tls = {
		ca: await read(files.ca, "--ca", "CERTIFICATE"),
		cert: await read(files.cert, "--cert", "CERTIFICATE"),
		key: await read(files.key, "--key", "PRIVATE KEY"),
	};
	if (problems.length > 0) throw new CrossfadeError("refused", problems);
	return tls;
}

/** Flags, and for those that were not given what the fleet file says, if there is one. */
async function withFleet(fx: Effects, flags: Invocation["options"]): Promise<Invocation["options"]> {
	const fleet = await readFleet(fx, flags);
	if (!fleet) return flags;
	const { fleetAsFlags } = await import("../spec/fleet-flags.ts");
	return { ...fleetAsFlags(fleet), ...flags };
}
