import { forms } from "../adapters/clis/emits.generated.ts";
import { defaultProvider } from "../adapters/providers/registry.ts";
import { CrossfadeError, type ExitName, type Problem } from "../base/errors.ts";
import type { Effects } from "../effects/effects.ts";
import type { TlsFiles } from "../effects/net/phase.ts";
import type { Terminal } from "../effects/terminal/output.ts";
import { type ProbeReport, probeJson, probeJunit, probeLines, probeText } from "../prove/probe/report.ts";
import { probeRound } from "../prove/probe/round.ts";
import { judgeRows, worstExit } from "../prove/probe/verdict.ts";
import type { Round } from "../prove/probe/world.ts";
import type { FollowedRotation } from "../rotate/follow.ts";
import type { Flags } from "../spec/flags.ts";
import { FLEET_FILE } from "../spec/fleet-text.ts";
import { parseProbeFlags, paths } from "../spec/probe.ts";
import { type LeftOut, type ProbePlan, protocols } from "../spec/probe-plan.ts";
import { rotateCommand } from "../spec/rotation-command.ts";
import { fingerprint } from "../token/fingerprint.ts";
import type { Secret } from "../token/secret.ts";
import { backendOptions } from "./backend-options.ts";
import type { Command, Invocation } from "./command.ts";
import { readFleet } from "./fleet-options.ts";
import { followRotation, type RotationFollower, rotationOption, rotationTokens } from "./rotation-option.ts";

const PEM_BYTES = 1024 * 1024;

/** For the examples: a CLI that has the token in the URL. */
const inUrl = forms.find(({ path }) => path === "url") ?? forms[0];

export const probeCommand: Command = {
	name: "probe",
	description: `Sends one test log, metric and trace with each token to each place, and shows which token is accepted now, for which
signal, and if not, the cause and the fix.

Once per run, a place that accepts a token also gets one record with a made-up token of the same shape: if it accepts that
too, it does not check tokens, and nothing is proven.

A row covers one hop. A gateway's 200 means that it received the record, and proves no more; with --metrics the counters of
its exporter show whether it forwarded it.
Name the tokens of a rotation old and new; any other is expected to be accepted. The exit code is that of the worst
row, the lowest above 0 first: new rejected 3, old rejected before its deadline or without one 4, old accepted after
it 5, no usable response 6, partly accepted 7, retry later 8, not proven 9, also if a token or gateway of the
fleet file could not be asked. With --repeat it is that of the last round.`,
	options: [
		{ flags: "-f, --fleet <file>", description: `the fleet file (default: ${FLEET_FILE}, if it exists)`, files: true },
		{
			flags: "--token <name=ref>",
			description: "a token by name, from file:PATH, env:NAME, fd:N, prompt or -",
			repeatable: true,
		},
		{
			...rotationOption,
			description: "both tokens, provider and deadline from the journal of this rotation of the fleet file",
		},
		backendOptions.provider,
		backendOptions.endpoint,
		{ flags: "--via <url>", description: "[name=]URL of a gateway", repeatable: true },
		{
			flags: "--metrics <url>",
			description: "[name=]URL of a gateway's metrics, to check that it forwards records",
			repeatable: true,
		},
		{ flags: "--exporter <id>", description: "the gateway's exporter that counts, where it has several" },
		backendOptions.signals,
		{ flags: "--path <way>", description: "how to send the token (default: bearer)", choices: paths },
		{ flags: "--protocol <name>", description: "default: http/protobuf", choices: protocols },
		{
			flags: "--as <cli>",
			description: "send what this CLI would send, in the same way",
			choices: forms.map(({ id }) => id),
		},
		backendOptions.authHeader,
		backendOptions.authScheme,
		{ flags: "--ca <file>", description: "extra CA certificates (PEM) to trust", files: true },
		{ flags: "--cert <file>", description: "client certificate (PEM)", files: true },
		{ flags: "--key <file>", description: "its key (PEM)", files: true },
		{ flags: "--proxy <url>", description: "none, or a URL without credentials (default: from the environment)" },
		backendOptions.allowPlaintext,
		{ flags: "--gzip", description: "compress the requests" },
		{ flags: "--no-control", description: "send no made-up token to check that places refuse it" },
		{ flags: "--timeout <time>", description: "per row, including retries (default: 10s)" },
		{ flags: "--retry <n>", description: "retries on 429, 502, 503 and 504 (default: 0)" },
		{ flags: "--deadline <time>", description: "when the old token ends: a time with zone, or 24h from now" },
		{ flags: "--repeat <time>", description: "repeat at this interval, e.g. 30s, until --until or Ctrl-C" },
		{ flags: "--until <time>", description: "with --repeat: when to stop" },
		{ flags: "--evidence <folder>", description: "save observations there, for watch and report", files: true },
		{ flags: "--json", description: "print JSON; with --repeat one line per row" },
		{ flags: "--junit", description: "print JUnit XML" },
	],
	examples: [
		[
			`crossfade probe --provider ${defaultProvider.id} --token old=file:old.token --token new=file:new.token`,
			"are both accepted?",
		],
		[
			"crossfade probe --token env:TOKEN --via gw=http://127.0.0.1:4318 --metrics http://127.0.0.1:8888/metrics",
			"one token through a gateway, and out of it",
		],
		[
			`crossfade probe --provider ${defaultProvider.id} --token new=prompt --as ${inUrl.id}`,
			"with the token in the URL, as this CLI has it",
		],
		["crossfade probe --rotation prod", "the tokens of a rotation of crossfade rotate"],
		["crossfade probe --repeat 30s --until 24h", "the fleet in crossfade.yaml, during its overlap"],
	],
	run,
};

async function run(fx: Effects, { options }: Invocation): Promise<ExitName> {
	const follower = await followRotation(fx, options, ["token", "provider", "endpoint"]);
	const given = await readFleet(fx, options);
	const followed = given && (await follower?.look(given));
	const plan = parseProbeFlags(options, fx.clock.now(), followed?.fleet ?? given);
	const { tokens, leftOut: ofRotation = [] } =
		follower && followed ? await tokensOf(follower, followed) : { tokens: await readTokens(fx, plan) };
	const leftOut = [...plan.leftOut, ...ofRotation];
	for (const each of leftOut) fx.terminal.warn(each);
	const round: Round = {
		plan,
		tokens,
		tls: await readPem(fx, plan.files),
		marker: fingerprint(fx.random.token()),
		readGateway: (await import("../prove/metrics/counters.ts")).gatewayReading,
		controls: new Map(),
	};
	const store =
		plan.evidence === undefined
			? undefined
			: await (await import("../prove/evidence/store.ts")).openStore(fx, plan.evidence);
	const print = printer(options, plan, fx.terminal);
	const once = async (signal?: AbortSignal): Promise<ExitName | undefined> => {
		const { rows: seen, whoami, controls } = await probeRound(fx, { ...round, signal });
		if (signal?.aborted) return undefined;
		const rows = judgeRows(seen, plan.deadline);
		await store?.addProbes(
			"probe",
			seen.map(({ evidence }) => evidence),
		);
		const { deadline } = plan;
		fx.terminal.print(print({ marker: round.marker, now: fx.clock.now(), deadline, rows, whoami, controls, leftOut }));
		return worstExit(rows, leftOut);
	};
	if (plan.repeat) return repeat(fx, plan.repeat, once);
	return (await fx.terminal.progress("waiting for responses", once())) ?? "interrupted";
}

/** Repeats rounds until the end or until stopped, which also aborts the current round. */
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
	options: Flags,
	{ repeat: again }: ProbePlan,
	{ color, width }: Terminal,
): (report: ProbeReport) => string {
	if (options["junit"] === true) return probeJunit;
	if (options["json"] === true) return again ? probeLines : probeJson;
	return (report) => probeText(report, { color, width: width() ?? Number.POSITIVE_INFINITY });
}

/** The tokens of a rotation that may be presented now, and what is left out. */
async function tokensOf(
	follower: RotationFollower,
	followed: FollowedRotation,
): Promise<{ readonly tokens: Round["tokens"]; readonly leftOut: readonly LeftOut[] }> {
	const { spec } = follower.place;
	const { issuer } = spec;
	if (!("takes" in issuer)) {
		throw new CrossfadeError("usage", {
			what: `${issuer.title} takes no OTLP, so a probe cannot show whether it accepts a token`,
			where: { file: "--rotation" },
			fix: `ask it in its own way: ${rotateCommand(spec, "status")}`,
		});
	}
	const { tokens, skipsOld } = await rotationTokens(follower, followed);
	const old: LeftOut = {
		what: "the old token is not sent: stores have the new one, and a use of the old one would look like a sender's",
		fix: `prove that it is dead, when it is time: ${rotateCommand(spec, "resume")}`,
		isMeant: true,
	};
	return { tokens, leftOut: skipsOld ? [old] : [] };
}

/** All tokens, or one error with every token's problems and the exit code of the first. */
async function readTokens(fx: Effects, { tokens: named }: ProbePlan): Promise<Round["tokens"]> {
	const failures: CrossfadeError[] = [];
	const tokens: { name: string; secret: Secret }[] = [];
	for (const { name, ref } of named) {
		try {
			const secret = await fx.readToken(ref, "token", `Token ${name}`);
			const same = tokens.find((each) => each.secret.fingerprint === secret.fingerprint);
			if (same) throw sameToken(same.name, name, secret);
			tokens.push({ name, secret });
		} catch (error) {
			if (!(error instanceof CrossfadeError) || error.exit === "interrupted") throw error;
			failures.push(error);
		}
	}
	const [first] = failures;
	if (first)
		throw new CrossfadeError(
			first.exit,
			failures.flatMap(({ problems }) => problems),
		);
	return tokens;
}

function sameToken(one: string, other: string, { fingerprint: id }: Secret): CrossfadeError {
	return new CrossfadeError("refused", {
		what: `${one} and ${other} are the same token`,
		got: `fp=${id} twice`,
		where: { file: "--token" },
		fix: "name the file with the other token: comparing a token with itself proves nothing",
	});
}

/** The text of the PEM files; anything else is refused before sending. */
async function readPem(fx: Effects, files: ProbePlan["files"]): Promise<TlsFiles> {
	const problems: Problem[] = [];
	const read = async (path: string | undefined, flag: string, holds: string) => {
		if (path === undefined) return undefined;
		const text = Buffer.from(await fx.files.read(path, { maxBytes: PEM_BYTES })).toString("utf8");
		if (new RegExp(`-----BEGIN [A-Z ]*${holds}-----`).test(text)) return text;
		const fix = "use a PEM file; convert others with openssl x509 or openssl pkey";
		problems.push({ what: `${flag} is not a PEM file with a ${holds.toLowerCase()}`, where: { file: path }, fix });
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
