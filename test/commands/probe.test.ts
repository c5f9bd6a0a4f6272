import { chmodSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Canary, canary, filesBelow, leaks } from "../harness/canary.ts";
import { type CliRunOptions, scratch, startCrossfade } from "../harness/cli.ts";
import { crossfade } from "../harness/command.ts";
import { startProvider } from "../harness/provider.ts";
import { httpText, otlpTaken, rawServer } from "../harness/raw-server.ts";
import { waitFor } from "../harness/wait.ts";

/** A folder with token files that only their owner reads. */
function tokenFolder(tokens: Readonly<Record<string, string>>, more: Readonly<Record<string, string>> = {}): string {
	const cwd = scratch({ ...tokens, ...more });
	for (const name of Object.keys(tokens)) chmodSync(join(cwd, name), 0o600);
	return cwd;
}

const [oldToken, newToken] = [canary(), canary()];
const both = ["--token", "old=file:old.token", "--token", "new=file:new.token"];

function run(args: readonly string[], options: CliRunOptions = {}) {
	const cwd = options.cwd ?? tokenFolder({ "old.token": oldToken.token, "new.token": newToken.token });
	return crossfade(["probe", ...args], {
		canaries: [oldToken, newToken],
		holders: ["old.token", "new.token"],
		...options,
		cwd,
	});
}

/** A server that answers by the token it sees. */
async function server(answers: { readonly old?: string; readonly new?: string }) {
	return rawServer((socket, first) => {
		const isOld = first.includes(oldToken.token);
		const isNew = first.includes(newToken.token);
		socket.end((isOld ? answers.old : isNew ? answers.new : no) ?? otlpTaken);
	});
}

const no = httpText("401 Unauthorized", { "content-type": "application/json" }, '{"message":"no such token"}');

describe("crossfade probe against a provider", () => {
	test("an overlap: both accepted; the old one rejected early, on time, or still accepted", async () => {
		const provider = await startProvider(["--overlap", "24h"]);
		const next = await provider.rotate();
		const mine: Canary[] = [provider.token, next].map((token) => ({ token, fingerprint: "" }));
		const cwd = tokenFolder({ "old.token": provider.token, "new.token": next });
		const ask = (...args: string[]) => run(["--endpoint", provider.url, ...both, ...args], { cwd, canaries: mine });
		const overlap = await ask("--path", "both");
		expect(overlap).toMatchObject({ code: 0, stderr: "" });
		expect(overlap.stdout.match(/ACCEPTED/g)).toHaveLength(12);
		expect(Math.max(...overlap.stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
		expect(await ask("--deadline", "2020-01-01T00:00:00Z")).toMatchObject({
			code: 5,
			stdout: expect.stringContaining("OLD STILL ALIVE"),
		});
		await provider.advance("25h");
		const undated = await ask();
		expect(undated).toMatchObject({
			code: 4,
			stdout: expect.stringMatching(/^old .+ REJECTED .+or no deadline is known$/ms),
		});
		expect(undated.stdout).not.toContain("OLD ALREADY DEAD");
		expect(await ask("--deadline", "1h")).toMatchObject({
			code: 4,
			stdout: expect.stringContaining("OLD ALREADY DEAD"),
		});
		expect(await ask("--deadline", "2020-01-01T00:00:00Z")).toMatchObject({ code: 0 });
		const records = await provider.records(next);
		await ask("--signals", "logs", "--as", "codex", "--protocol", "http/json", "--gzip");
		expect(await provider.records(next)).toBe(records + 1);
	});

	test.each<[code: number, answers: Parameters<typeof server>[0], verdict: string]>([
		[3, { new: no, old: no }, "NEW REJECTED"],
		[4, { old: no, new: httpText("500 Oops") }, "REJECTED"],
		[6, { new: httpText("500 Oops"), old: httpText("503 Busy") }, "UNREACHABLE"],
		[
			7,
			{ new: httpText("200 OK", {}, '{"partialSuccess":{"rejectedLogRecords":"1"}}'), old: httpText("429 Busy") },
			"PARTIAL",
		],
		[8, { new: httpText("429 Slow down"), old: httpText("400 What") }, "RATE LIMITED"],
		[9, { new: httpText("400 What") }, "INCONCLUSIVE"],
		[0, {}, "ACCEPTED"],
	])("exit code %d", async (code, answers, verdict) => {
		const { url } = await server(answers);
		expect(await run(["--endpoint", url, ...both])).toMatchObject({ code, stdout: expect.stringContaining(verdict) });
	});

	test("JSON and JUnit say the same", async () => {
		const { url } = await server({ new: no });
		const json = await run(["--endpoint", url, ...both, "--signals", "logs", "--json"]);
		expect(json.code).toBe(3);
		const report = JSON.parse(json.stdout);
		expect(report).toMatchObject({ schema: 1, exit: { code: 3, name: "newRejected" } });
		expect(report.rows).toMatchObject([
			{ token: "old", verdict: "ACCEPTED", fingerprint: oldToken.fingerprint, place: url },
			{
				token: "new",
				verdict: "NEW REJECTED",
				status: 401,
				cause: "http-401",
				detail: "the token was refused: no such token",
			},
		]);
		const junit = await run(["--endpoint", url, ...both, "--signals", "logs", "--junit"]);
		expect(junit).toMatchObject({ code: 3, stdout: expect.stringContaining('tests="2" failures="1" skipped="0"') });
	});

	test("a place that takes a made-up token too proves nothing, as text, JSON, JUnit and exit code", async () => {
		const { url, received } = await rawServer((socket) => socket.end(otlpTaken));
		const ask = (...args: string[]) => run(["--endpoint", url, ...both, ...args]);
		const text = await ask();
		expect(text).toMatchObject({ code: 9, stdout: expect.stringContaining("[takes-any-token]") });
		expect(text.stdout).toContain("accepted, so tokens are not checked");
		expect(text.stdout).not.toContain(" ACCEPTED ");
		// Two tokens, three signals, and one made-up token.
		expect(received).toHaveLength(7);
		const json = await ask("--json", "--path", "both");
		const { rows, controls, exit } = JSON.parse(json.stdout);
		expect({ code: json.code, exit }).toEqual({ code: 9, exit: { code: 9, name: "noEvidence" } });
		expect(new Set(rows.map(({ verdict }: { verdict: string }) => verdict))).toEqual(new Set(["INCONCLUSIVE"]));
		expect(controls).toMatchObject([
			{ path: "bearer", result: "taken" },
			{ path: "url", result: "taken" },
		]);
		const junit = await ask("--junit");
		expect(junit).toMatchObject({ code: 9, stdout: expect.stringContaining('tests="6" failures="6" skipped="0"') });
		const sent = received.length;
		const none = await ask("--no-control");
		expect(none).toMatchObject({ code: 0, stdout: expect.stringContaining("not sent, so it is unknown whether") });
		expect(received.length - sent).toBe(6);
	});

	test("whoami, where a provider has one", async () => {
		const { url, received } = await rawServer((socket, first) =>
			socket.end(
				first.startsWith("GET")
					? no
					: httpText("200 OK", { "x-al-sampled": "true", "content-type": "application/x-protobuf" }),
			),
		);
		const args = ["--provider", "activitylog", "--endpoint", `${url}/api/v1/otlp`, "--token", "new=file:new.token"];
		const { code, stdout } = await run([...args, "--signals", "logs"]);
		expect({ code, asked: received.map((text) => text.split(" ").slice(0, 2)).sort() }).toEqual({
			code: 9,
			asked: [
				["GET", "/api/v1/systems/me"],
				["POST", "/api/v1/otlp/v1/logs"],
			],
		});
		expect(stdout).toContain("whoami new at 127.0.0.1");
		expect(stdout).toContain("sampling");
	});

	test("the proxy of the environment, named without its credentials, and never for loopback", async () => {
		const proxy = await rawServer((socket) => socket.end(httpText("407 Who are you")));
		const { host } = new URL(proxy.url);
		const env = { HTTPS_PROXY: `http://me:hidden-pw@${host}`, HTTP_PROXY: `http://me:hidden-pw@${host}` };
		const outcome = await run(["--endpoint", "https://otlp.invalid", ...both, "--signals", "logs"], { env });
		expect(outcome).toMatchObject({ code: 6, stdout: expect.stringContaining(`through the proxy ${host}`) });
		expect(outcome.stdout).toContain("[proxy-auth]");
		expect(outcome.stdout + outcome.stderr).not.toContain("hidden-pw");
		expect(proxy.received[0]).toContain("proxy-authorization: Basic ");
		expect(proxy.received.join("")).not.toContain(oldToken.token);
		const { url } = await server({});
		expect((await run(["--endpoint", url, ...both], { env })).code).toBe(0);
		expect(proxy.received).toHaveLength(2);
	});

	test("a server that echoes everything it receives", async () => {
		const { url } = await rawServer((socket, first) =>
			socket.end(
				httpText("401 No", { "x-echo": first.replaceAll(/[^\x20-\x7e]/g, ""), "content-type": "text/plain" }, first),
			),
		);
		expect((await run(["--endpoint", url, ...both, "--path", "both", "-v", "--json"])).code).toBe(3);
		expect((await run(["--endpoint", url, ...both, "--path", "both", "--junit"])).code).toBe(3);
		expect((await run(["--endpoint", url, ...both, "--path", "both"])).code).toBe(3);
	});
});

describe("what it keeps and repeats", () => {
	test("evidence for watch and report", async () => {
		const { url } = await server({});
		const cwd = tokenFolder({ "old.token": oldToken.token, "new.token": newToken.token });
		const outcome = await run(["--endpoint", url, ...both, "--signals", "logs", "--evidence", "seen"], { cwd });
		expect(outcome.code).toBe(0);
		const kept = filesBelow(join(cwd, "seen"), ["folder.id"]);
		const [text = ""] = Object.values(kept);
		expect(Object.keys(kept)).toHaveLength(1);
		const rows = text
			.trimEnd()
			.split("\n")
			.slice(1)
			.map((line) => JSON.parse(line));
		expect(rows).toMatchObject([
			{ kind: "probe", token: "old", fingerprint: oldToken.fingerprint, place: url, outcome: "accepted" },
			{ kind: "probe", token: "new", fingerprint: newToken.fingerprint },
		]);
	});

	test("rounds until Ctrl-C, a line for each row; then the code of the last one", async () => {
		const { url, received } = await server({});
		const cwd = tokenFolder({ "new.token": newToken.token });
		const args = [
			"probe",
			"--endpoint",
			url,
			"--token",
			"file:new.token",
			"--signals",
			"logs",
			"--repeat",
			"1s",
			"--json",
		];
		const cli = startCrossfade([...args, "--evidence", "seen"], { cwd, canaries: [newToken], holders: ["new.token"] });
		const rounds = () => received.filter((text) => text.includes(newToken.token)).length;
		await waitFor("a second round", () => rounds() >= 2);
		await waitFor("evidence", () => Object.values(filesBelow(cwd))[0] !== undefined);
		const { code, stdout } = await cli.stop();
		const lines = stdout
			.trimEnd()
			.split("\n")
			.map((line) => JSON.parse(line));
		expect({ code, ids: new Set(lines.map(({ probeId }) => probeId)).size }).toEqual({ code: 0, ids: 1 });
		expect(lines[0]).toMatchObject({ schema: 1, verdict: "ACCEPTED", signal: "logs" });
		// The made-up token went out in the first round alone.
		expect(received.length - rounds()).toBe(1);
	});

	test("Ctrl-C does not wait for a server that never answers", async () => {
		const { url, received } = await rawServer(() => undefined);
		const cwd = tokenFolder({ "new.token": newToken.token });
		const args = ["probe", "--endpoint", url, "--token", "file:new.token", "--repeat", "1h", "--timeout", "1h"];
		const cli = startCrossfade(args, { cwd, canaries: [newToken], holders: ["new.token"] });
		await waitFor("a request", () => received.length > 0);
		expect(await cli.stop()).toMatchObject({ code: 130, stdout: "" });
	});

	test("ends by itself", async () => {
		const { url, received } = await server({});
		const { code } = await run([
			"--endpoint",
			url,
			"--token",
			"file:new.token",
			"--signals",
			"logs",
			"--repeat",
			"1s",
			"--until",
			"1ms",
		]);
		const rounds = received.filter((text) => text.includes(newToken.token)).length;
		expect({ code, rounds }).toEqual({ code: 0, rounds: 1 });
	});

	test("the fleet in crossfade.yaml", async () => {
		const { url } = await server({});
		const fleet = `version: 1
provider: custom
endpoint: ${url}
tokens: {old: "file:old.token", new: "fp:${newToken.fingerprint}"}
gateways: [{name: gw, otlp: "${url}"}]
evidence: seen
`;
		const cwd = tokenFolder({ "old.token": oldToken.token }, { "crossfade.yaml": fleet });
		const { code, stdout, stderr } = await run(["--signals", "logs"], { cwd });
		// What a gateway took is not proven to have arrived.
		expect(code).toBe(9);
		expect(stdout).toMatch(/old +bearer logs +127[^ ]+ +ACCEPTED/);
		expect(stdout).toMatch(/old +bearer logs +gw +INCONCLUSIVE/);
		expect(stdout).toContain("received by the gateway, not confirmed");
		expect(stderr).toContain("skipping the token named new");
		expect(Object.keys(filesBelow(join(cwd, "seen"), ["folder.id"]))).toHaveLength(1);
	});
});

describe("a part of the fleet that cannot be asked", () => {
	const DEADLINE = "overlap: {deadline: 2026-01-31T10:00:00Z}";

	test("the old token is dead as it should be, and the new one is known by fingerprint alone: not proven", async () => {
		const { url } = await server({});
		const tokens = `tokens: {old: "file:old.token", new: "fp:${newToken.fingerprint}"}`;
		const fleet = `version: 1\nprovider: custom\nendpoint: ${url}\n${tokens}\n${DEADLINE}\n`;
		const dead = canary().token;
		const cwd = tokenFolder({ "old.token": dead }, { "crossfade.yaml": fleet });
		for (const [form, sign] of [
			["--json", '"code": 9'],
			["--junit", 'failures="1"'],
		] as const) {
			const { code, stdout, stderr } = await run(["--signals", "logs", form], { cwd });
			expect({ code, stdout }).toEqual({ code: 9, stdout: expect.stringContaining(sign) });
			expect(stderr).toContain("skipping the token named new");
		}
		const { code, stdout } = await run(["--signals", "logs"], { cwd });
		expect(stdout).toMatch(/old +bearer logs +127[^ ]+ +REJECTED.*\nnot asked: .* new \(only its fingerprint/s);
		expect({ code, end: stdout.trimEnd().split("\n").at(-1) }).toEqual({
			code: 9,
			end: expect.stringMatching(/^exit 9: /),
		});
	});

	test("a gateway without an address: not proven, unless the places are named", async () => {
		const { url } = await server({});
		const fleet = `version: 1\nprovider: custom\nendpoint: ${url}\ntokens: {new: "file:new.token"}\ngateways: [{name: gw, metrics: "${url}/metrics"}]\n`;
		const cwd = tokenFolder({ "new.token": newToken.token }, { "crossfade.yaml": fleet });
		const all = await run(["--signals", "logs"], { cwd });
		expect(all.stdout).toContain("not asked: skipping the gateway named gw (no otlp address in the fleet file)");
		expect(all.code).toBe(9);
		expect(await run(["--signals", "logs", "--endpoint", url], { cwd })).toMatchObject({ code: 0, stderr: "" });
	});
});

describe("bad input: one clear error, nothing sent", () => {
	test.each<[what: string, files: Record<string, string>, code: number, message: string]>([
		[
			"both the same",
			{ "old.token": newToken.token, "new.token": newToken.token },
			11,
			"old and new are the same token",
		],
		["one missing", { "new.token": newToken.token }, 12, "no such file"],
		["one empty", { "old.token": "", "new.token": newToken.token }, 11, "is empty"],
		[
			"one with a line break in it",
			{ "old.token": `${oldToken.token}\n\nx`, "new.token": newToken.token },
			11,
			"white space",
		],
		["one with a BOM", { "old.token": `\ufeff${oldToken.token}`, "new.token": newToken.token }, 11, "byte order mark"],
		[
			"one with Bearer",
			{ "old.token": `Bearer ${oldToken.token}`, "new.token": newToken.token },
			11,
			"starts with the word Bearer",
		],
		["one too short", { "old.token": "abc", "new.token": newToken.token }, 11, "too short"],
	])("%s", async (_what, tokens, code, message) => {
		const { url, received } = await server({});
		const cwd = tokenFolder(tokens);
		const outcome = await run(["--endpoint", url, ...both], { cwd });
		expect(outcome).toMatchObject({ code, stdout: "", stderr: expect.stringContaining(message) });
		expect(received).toEqual([]);
	});

	test("every bad token is said at once", async () => {
		const { stderr } = await run(["--endpoint", "http://127.0.0.1:1", ...both], {
			cwd: tokenFolder({ "old.token": "", "new.token": "x" }),
		});
		expect(stderr.match(/^error: /gm)).toHaveLength(2);
	});

	test("a token file that all users can read is used, with a warning", async () => {
		const { url } = await server({});
		const cwd = scratch({ "new.token": newToken.token });
		chmodSync(join(cwd, "new.token"), 0o644);
		const outcome = await run(["--endpoint", url, "--token", "file:new.token"], { cwd });
		expect(outcome).toMatchObject({ code: 0, stderr: expect.stringContaining("every user on this machine can read") });
	});

	test("a token from standard input, a variable, and none", async () => {
		const { url } = await server({});
		expect((await run(["--endpoint", url, "--token", "-"], { stdin: `${newToken.token}\n` })).code).toBe(0);
		expect(
			(await run(["--endpoint", url, "--token", "new=env:MY_TOKEN"], { env: { MY_TOKEN: newToken.token } })).code,
		).toBe(0);
		expect(await run(["--endpoint", url, "--token", "new=env:MY_TOKEN"])).toMatchObject({
			code: 11,
			stderr: expect.stringContaining("MY_TOKEN is not set"),
		});
	});

	test("invalid PEM files", async () => {
		const cwd = tokenFolder({ "new.token": newToken.token }, { "ca.pem": "nonsense", "c.pem": "x", "k.pem": "y" });
		const files = ["--ca", "ca.pem", "--cert", "c.pem", "--key", "k.pem"];
		const outcome = await run(["--endpoint", "https://127.0.0.1:1", "--token", "file:new.token", ...files], { cwd });
		expect(outcome.code).toBe(11);
		expect(outcome.stderr.match(/is not a PEM file/g)).toHaveLength(3);
	});

	test("an evidence folder that is a file", async () => {
		const { url } = await server({});
		const cwd = tokenFolder({ "new.token": newToken.token }, { seen: "" });
		const outcome = await run(["--endpoint", url, "--token", "file:new.token", "--evidence", "seen"], { cwd });
		expect(outcome).toMatchObject({ code: 12, stdout: "" });
	});

	test("a token where a flag's value belongs is not repeated", async () => {
		const outcome = await run(["--token", newToken.token, "--endpoint", `https://x.example/${newToken.token}`], {
			seenInArguments: true,
		});
		expect(outcome.code).toBe(2);
		expect(leaks([newToken], { stderr: outcome.stderr })).toEqual([]);
	});

	test("nothing at all", async () => {
		const { code, stderr } = await run([]);
		expect(code).toBe(2);
		expect(stderr).toContain("no token given");
		expect(stderr).toContain("no destination");
	});
});
