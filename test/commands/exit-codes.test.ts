import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync } from "node:fs";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { type ExitName, exitCodes } from "../../src/base/errors.ts";
import { crossfadeProcess, type RunOutcome, scratch, startCrossfade } from "../harness/cli.ts";
import { crossfade } from "../harness/command.ts";
import { httpText, rawServer } from "../harness/raw-server.ts";
import { managed, rotationWorld } from "../harness/rotate.ts";
import { rotateScript, standIn } from "../harness/rotation.ts";

interface Example {
	/** Ends with the code. */
	readonly run: () => Promise<Pick<RunOutcome, "code" | "stdout" | "stderr">>;
	/** What it says to do next; undefined where nothing is to be done. */
	readonly next: string | undefined;
}

const json = { "content-type": "application/json" };

/** A command in a folder with token files that only their owner reads. */
function withTokens(args: readonly string[], files: Readonly<Record<string, string>> = {}) {
	const cwd = scratch({ "new.token": "n".repeat(40), "old.token": "o".repeat(40), ...files });
	for (const name of ["new.token", "old.token"]) chmodSync(`${cwd}/${name}`, 0o600);
	return crossfade(args, { cwd });
}

/** A probe of one token at a place that answers this way. */
async function probed(answer: string, ...flags: readonly string[]) {
	const { url } = await rawServer((socket) => void socket.end(answer));
	const token = flags.length > 0 ? [] : ["--token", "file:new.token"];
	return withTokens(["probe", "--endpoint", url, "--signals", "logs", ...token, ...flags]);
}

const refused = httpText("401 Unauthorized", json, '{"message":"no such token"}');

/** A verb of a rotation in this world, without comparing its code. */
async function verb(world: Awaited<ReturnType<typeof rotationWorld>>, ...args: readonly string[]) {
	return crossfade(["rotate", ...args], { cwd: world.cwd });
}

/** A script, which reads a token from standard input. */
async function shell(args: readonly string[], stdin: string): Promise<RunOutcome> {
	const child = spawn("sh", args, { stdio: "pipe" });
	const ended = once(child, "close");
	child.stdin.end(`${stdin}\n`);
	const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
	const [code] = await ended;
	return { code, stdout, stderr };
}

const examples: Readonly<Record<ExitName, Example>> = {
	ok: { run: () => crossfade(["exit-codes"]), next: undefined },
	internal: {
		run: () => {
			const crash = "const { entries } = Object; Object.entries = (of) => of.oldInUse ? of.bug() : entries(of);";
			const cwd = scratch({ "crash.cjs": crash });
			return crossfadeProcess(["exit-codes"], { cwd, nodeArgs: ["--require", "./crash.cjs"] });
		},
		next: "Please report it with these lines",
	},
	usage: { run: () => crossfade(["check", "--bogus"]), next: "crossfade check --help" },
	newRejected: { run: () => probed(refused), next: "fix      check that it is this place's token" },
	oldRejectedEarly: {
		run: () => probed(refused, "--token", "old=file:old.token"),
		next: "fix      if it was meant to have ended, give its --deadline",
	},
	oldInUse: {
		run: async () => {
			const world = await rotationWorld("torii");
			const args = ["--token", "old=file:live.token", "--deadline", "2020-01-01T00:00:00Z", "--signals", "logs"];
			return crossfade(["probe", "--endpoint", world.url, ...args], { cwd: world.cwd });
		},
		next: "fix      check the deadline; if it is right, end the old token at the provider",
	},
	unreachable: { run: () => probed(httpText("500 Oops")), next: "fix      check the server's log" },
	partial: {
		run: () => probed(httpText("200 OK", {}, '{"partialSuccess":{"rejectedLogRecords":"1"}}')),
		next: "fix      see the server's own words",
	},
	retryLater: { run: () => probed(httpText("429 Slow down")), next: "fix      wait and run it again, or use --retry" },
	noEvidence: { run: () => crossfade(["report", "--require-migrated"]), next: "Next: start crossfade" },
	findings: {
		run: () => withTokens(["check", "-d", "contrib", "config.yaml"], { "config.yaml": "receivers: {}\nservice: {}\n" }),
		next: "fix      Name the file that has service.pipelines",
	},
	refused: {
		run: () => withTokens(["collector", "-d", "contrib", "--into", "x.yaml"], { "x.yaml": "a: [" }),
		next: "fix      close it",
	},
	io: { run: () => crossfade(["check", "-d", "contrib", "missing.yaml"]), next: "fix      check the path" },
	missingPart: {
		run: () => withTokens(["check", "-d", "contrib", "--bin", "./missing", "x.yaml"], { "x.yaml": "receivers: {}\n" }),
		next: "fix      name the collector binary, or use --no-bin",
	},
	notProven: {
		run: async () => {
			const folder = scratch({ "torii.token": "o".repeat(40) });
			chmodSync(`${folder}/torii.token`, 0o400);
			const script = await rotateScript(`${folder}/torii.token`);
			const { url } = await standIn();
			const flags = ["--metrics", url, "--validate", "", "--no-precheck", "--pid", "0", "--wait", "4"];
			return shell([script, ...flags], "n".repeat(40));
		},
		next: "run this again",
	},
	waiting: {
		run: async () => {
			const world = await rotationWorld("torii");
			await world.rotate("personNeeded", "start");
			await world.click();
			await world.rotate("personNeeded", "resume", "--token", "file:new.token");
			return verb(world, "resume", "it", "--confirmed", "file", "--because", "its log says so");
		},
		next: "next",
	},
	personNeeded: { run: async () => verb(await rotationWorld("torii"), "start", "it"), next: "resume" },
	unknownState: {
		run: async () => {
			const world = await managed("tooken");
			await world.control("/fault", { fault: "reset", on: "manage", skip: 2, times: 1 });
			return verb(world, "start", "it");
		},
		next: "resume",
	},
	unsafePlan: {
		run: async () => {
			const world = await rotationWorld("activitylog");
			world.write("crossfade.yaml", world.fleet.replace("/api/v1/otlp", ""));
			return verb(world, "start", "it");
		},
		next: "see whether endpoint: should end with /api/v1/otlp",
	},
	deadline: {
		run: () => {
			const tokens = ["--token", "old=fp:0123456789ab", "--token", "new=fp:ba9876543210"];
			return crossfade(["watch", "--until-safe", ...tokens, "--deadline", "2020-01-01T00:00:00Z"]);
		},
		next: "fix      see what is still open: crossfade report --explain",
	},
	interrupted: {
		run: async () => {
			const { url, received } = await rawServer(() => undefined);
			const cli = startCrossfade(["probe", "--endpoint", url, "--token", "env:T"], { env: { T: "n".repeat(40) } });
			while (received.length === 0) await new Promise((done) => setTimeout(done, 10));
			return cli.stop();
		},
		next: undefined,
	},
};

describe("each exit code: a command that ends with it says what to do next", () => {
	test.each(Object.entries(examples))("%s", async (name, { run, next }) => {
		const { code, stdout, stderr } = await run();
		expect(code, stdout + stderr).toBe(exitCodes[name as ExitName][0]);
		if (next !== undefined) expect(stdout + stderr).toContain(next);
	});
});
