import { readFileSync, statSync } from "node:fs";
import { request as rawRequest } from "node:http";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { fingerprint } from "../../../src/token/fingerprint.ts";
import { madeUpToken } from "../../../src/token/made-up.ts";
import { type Canary, canary, leaks } from "../../harness/canary.ts";
import { crossfadeProcess, scratch, startCrossfade } from "../../harness/cli.ts";
import { crossfade } from "../../harness/command.ts";
import { otlpRequest } from "../../harness/otlp.ts";

interface Send {
	readonly token?: string;
	readonly path?: string;
	readonly body?: Uint8Array | string;
	readonly type?: string;
	readonly gzip?: boolean;
}

async function sandbox(args: readonly string[] = []) {
	const cwd = scratch();
	const cli = startCrossfade(["sandbox", "--token-out", "first.token", ...args], { cwd });
	const url = await cli.find(/sandbox\s+(http:\S+)\n/);
	const first = readFileSync(join(cwd, "first.token"), "utf8");
	const send = async ({
		token = first,
		path = "/v1/logs",
		body = otlpRequest("logs", 3),
		type = "application/x-protobuf",
		gzip,
	}: Send = {}) => {
		const headers = {
			"content-type": type,
			...(token ? { authorization: `Bearer ${token}` } : {}),
			...(gzip ? { "content-encoding": "gzip" } : {}),
		};
		const response = await fetch(url + path, { method: "POST", headers, body: gzip ? gzipSync(body) : body });
		return { status: response.status, type: response.headers.get("content-type"), text: await response.text() };
	};
	const control = async (path: string, body?: unknown) => {
		const response = await fetch(
			`${url}/_sandbox${path}`,
			body === undefined ? {} : { method: "POST", body: JSON.stringify(body) },
		);
		const answer = (await response.json()) as {
			token: string;
			fingerprint: string;
			tokens: unknown[];
			traffic: unknown[];
		};
		return { code: response.status, ...answer };
	};
	return { cli, cwd, url, first, send, control };
}

describe("crossfade sandbox", () => {
	test("accepts what each CLI sends, and counts it by fingerprint", async () => {
		const { cli, cwd, first, send, control } = await sandbox();
		expect(statSync(join(cwd, "first.token")).mode & 0o777).toBe(0o600);
		expect(await send()).toEqual({ status: 200, type: "application/x-protobuf", text: "" });
		expect((await send({ gzip: true, body: otlpRequest("logs", 40) })).status).toBe(200);
		expect(await send({ type: "application/json", body: otlpRequest("logs", 2, "json") })).toMatchObject({
			status: 200,
			text: "{}",
		});
		expect((await send({ token: "", path: `/${first}/v1/metrics`, body: otlpRequest("metrics", 5) })).status).toBe(200);
		const { traffic } = await control("");
		expect(traffic).toMatchObject([
			{ fingerprint: fingerprint(first), signal: "logs", accepted: true, requests: 3, records: 45 },
			{ fingerprint: fingerprint(first), signal: "metrics", accepted: true, requests: 1, records: 5 },
		]);
		expect((await cli.stop()).code).toBe(0);
	});

	test("a rotation: both tokens until the overlap ends, then 401, and the clock decides", async () => {
		const { first, send, control } = await sandbox(["--overlap", "24h"]);
		const { token, fingerprint: id } = await control("/rotate", {});
		expect(id).toBe(fingerprint(token));
		expect([(await send()).status, (await send({ token })).status]).toEqual([200, 200]);
		await control("/clock", { advance: "23h59m" });
		expect((await send()).status).toBe(200);
		await control("/clock", { advance: "2m" });
		expect(await send()).toEqual({
			status: 401,
			type: "application/x-protobuf",
			text: expect.stringContaining("not accepted"),
		});
		expect((await send({ token })).status).toBe(200);
		const { tokens } = await control("");
		expect(tokens).toMatchObject([
			{ role: "new", fingerprint: id },
			{ role: "old", fingerprint: fingerprint(first) },
		]);
	});

	test("the page's cards: a tool is stale when its last event that was taken is older than 14 minutes", async () => {
		const { send, control } = await sandbox();
		const from = (service: string) => otlpRequest("logs", 1, "protobuf", { "service.name": service });
		const cards = async () => {
			const { cards: found } = (await control("")) as unknown as { cards: { tool: string; isStale: boolean }[] };
			return found.map(({ tool, isStale }) => [tool, isStale]);
		};
		await send({ body: from("claude-code") });
		await send({ body: from("codex"), token: canary().token });
		expect(await cards()).toEqual([["claude-code", false]]);
		await control("/clock", { advance: "14m" });
		await send({ body: from("gemini-cli") });
		expect(await cards()).toContainEqual(["gemini-cli", false]);
		await control("/clock", { advance: "10s" });
		expect(await cards()).toEqual([
			["claude-code", true],
			["gemini-cli", false],
		]);
	});

	test("the portal's Copy gives the newest token again, and keeps none that it was given", async () => {
		const { first, url, control } = await sandbox();
		const copied = () => fetch(`${url}/_sandbox/copy`, { method: "POST", headers: { accept: "text/plain" } });
		const before = await copied();
		expect(before.status).toBe(409);
		expect(await before.text()).not.toContain(first);
		const { token } = await control("/rotate", {});
		expect(await (await copied()).text()).toBe(token);
		expect(await (await copied()).text()).toBe(token);
	});

	test("a made-up token, as a probe sends it, is refused and counted apart", async () => {
		const { first, send, control } = await sandbox();
		expect((await send({ token: madeUpToken(first, "seed") })).status).toBe(401);
		expect(await control("")).toMatchObject({ traffic: [], controls: { requests: 1, accepted: 0 } });
	});

	test("what is no OTLP export is refused with the right status", async () => {
		const { url, send, control } = await sandbox();
		expect((await send({ token: canary().token })).status).toBe(401);
		expect((await send({ token: "" })).status).toBe(401);
		expect((await send({ body: "nonsense" })).status).toBe(400);
		expect((await send({ type: "text/plain" })).status).toBe(415);
		expect((await send({ path: "/v1/nothing" })).status).toBe(404);
		expect((await fetch(`${url}/v1/logs`)).status).toBe(405);
		expect(
			(await fetch(`${url}/v1/logs`, { method: "POST", headers: { "content-encoding": "gzip" }, body: "no gzip" }))
				.status,
		).toBe(400);
		for (const wrong of [
			{ advance: "soon" },
			{ advance: "99999999d" },
			{ at: "tomorrow" },
			{ at: 5e15 },
			{},
			[],
			null,
		]) {
			expect((await control("/clock", wrong)).code).toBe(400);
		}
	});

	test("no web page can reach its controls", async () => {
		const { url } = await sandbox();
		expect(
			(await fetch(`${url}/_sandbox/rotate`, { method: "POST", headers: { origin: "https://evil.example" } })).status,
		).toBe(403);
		const status = await new Promise((done) => {
			rawRequest(`${url}/_sandbox`, { headers: { host: "evil.example" } }, (response) =>
				done(response.statusCode),
			).end();
		});
		expect(status).toBe(403);
	});

	test("the tail shows each event as it happens", async () => {
		const { url, send } = await sandbox();
		const response = await fetch(`${url}/_sandbox/events`);
		const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
		await send();
		expect(JSON.parse((await reader?.read())?.value ?? "")).toMatchObject({
			kind: "request",
			signal: "logs",
			status: 200,
			records: 3,
		});
		await reader?.cancel();
	});

	test("never prints a token, whatever happens", async () => {
		const mine = canary();
		const cwd = scratch({ "mine.token": `${mine.token}\n` });
		const cli = startCrossfade(["sandbox", "--token", "file:mine.token", "--json", "--verbose"], {
			cwd,
			canaries: [mine],
			holders: ["mine.token"],
		});
		const url = await cli.find(/sandbox\s+(http:\S+)\n/);
		for (const path of ["/v1/logs", `/${mine.token}/v1/logs`, `/${mine.token}/nothing`, `/_sandbox/${mine.token}`]) {
			await fetch(url + path, {
				method: "POST",
				headers: { authorization: `Bearer ${mine.token}`, "content-type": "application/json" },
				body: "{}",
			});
		}
		expect(await cli.find(/fp=([0-9a-f]{12})/)).toBe(mine.fingerprint);
		const { stdout } = await cli.stop();
		expect(
			stdout
				.trim()
				.split("\n")
				.map((line) => JSON.parse(line).fingerprint),
		).toEqual([mine.fingerprint, mine.fingerprint]);
	});

	test.each([
		["torii", "", false],
		["activitylog", "al_", true],
		["glean", "glean_", false],
		["tooken", "tok_live_", true],
		["wrapd", "wrapd_sk_", true],
	])("%s: what it made is in the files and nowhere else", async (provider, prefix, hasAdmin) => {
		const cwd = scratch();
		const files = ["first.token", ...(hasAdmin ? ["admin.key"] : [])];
		const admin = hasAdmin ? ["--admin-out", "admin.key"] : [];
		const args = ["--provider", provider, "--token-out", "first.token", ...admin, "--fault", "500:on=ingest,times=1"];
		const canaries: Canary[] = [];
		const cli = startCrossfade(["sandbox", ...args, "--json", "--verbose"], { cwd, canaries, holders: files });
		const url = await cli.find(/sandbox\s+(http:\S+)\n/);
		await cli.find(/stop with/);
		const made = files.map((name) => readFileSync(join(cwd, name), "utf8"));
		const rotated = await fetch(`${url}/_sandbox/rotate`, { method: "POST", headers: { accept: "text/plain" } });
		made.push(await rotated.text());
		canaries.push(...made.map((token) => ({ token, fingerprint: fingerprint(token) })));
		for (const name of files) expect(statSync(join(cwd, name)).mode & 0o777).toBe(0o600);
		expect([made[0]?.startsWith(prefix), made.at(-1)?.startsWith(prefix)]).toEqual([true, true]);
		for (const token of made) {
			const headers = { authorization: `Bearer ${token}`, "x-api-key": token };
			for (const path of [
				`/${token}`,
				`/v1/${token}`,
				`/v1/alice/${token}`,
				`/v1/tokens/${token}`,
				`/${token}/v1/logs`,
			])
				await fetch(url + path, { method: "POST", headers, body: token });
		}
		expect(leaks(canaries, { status: await (await fetch(`${url}/_sandbox`)).text() })).toEqual([]);
		expect((await cli.stop()).code).toBe(0);
	});

	test.each([
		["--provider", (token: string) => token],
		["--set", (token: string) => token],
		["--set", (token: string) => `overlap=${token}`],
		["--set", (token: string) => `${token}=1`],
		["--overlap", (token: string) => token],
		["--fault", (token: string) => token],
		["--fault", (token: string) => `503:times=${token}`],
		["--fault", (token: string) => `503:${token}=1`],
	])("a token given to %s is not repeated", async (flag, value) => {
		const secret = canary();
		const outcome = await crossfade(["sandbox", flag, value(secret.token)], {
			canaries: [secret],
			seenInArguments: true,
		});
		expect([outcome.code, outcome.stderr]).toEqual([2, expect.stringContaining(flag)]);
	});

	test.each([
		[["--port", "x"], 2, "port"],
		[["--provider", "tori"], 2, "did you mean --provider torii"],
		[["--provider", "torii", "--admin-out", "admin.key"], 2, "no management API"],
		[["--provider", "tooken", "--overlap", "1h"], 2, "unknown setting"],
		[["--provider", "wrapd", "--overlap", "30m"], 2, "one of 0s, 15m, 1h, 6h, 24h, 3d, 7d"],
		[["--provider", "glean", "--set", "period=23h"], 2, "at least 24h"],
		[["--provider", "activitylog", "--set", "retention=30"], 2, "one of 7"],
		[["--provider", "activitylog", "--set", "tier=gold"], 2, "one of free, pro, enterprise"],
		[["--provider", "tooken", "--set", "scopes=tokens:all"], 2, "tokens:rotate"],
		[["--set", "overlap"], 2, "name=value"],
		[["--set", "overlapp=1h"], 2, "did you mean --set overlap"],
		[["--fault", "fire"], 2, "unknown fault"],
		[["--fault", "503:times=0", "--port", "x"], 2, "whole number"],
		[["--overlap", "long"], 2, "overlap"],
		[["--token", canary().token], 2, "not a token reference"],
		[["--token", "file:nowhere"], 12, "no such file"],
		[["--token", "env:NOT_SET"], 11, "not set"],
		[["--token", "file:empty"], 11, "empty"],
		[["--token", "file:bearer"], 11, "Bearer"],
		[["--token-out", "empty"], 12, "already exists"],
	])("bad input: %j", async (args, code, message) => {
		const secret = canary();
		const cwd = scratch({ empty: "", bearer: `Bearer ${secret.token}` });
		const outcome = await crossfade(["sandbox", ...args], { cwd, canaries: [secret], holders: ["bearer"] });
		expect(outcome.stderr).toContain(message);
		expect(outcome.code).toBe(code);
	});

	test("bad input: a question for the token where there is no terminal", async () => {
		const { code, stderr } = await crossfadeProcess(["sandbox", "--token", "prompt"]);
		expect({ code, stderr }).toEqual({ code: 11, stderr: expect.stringContaining("terminal") });
	});
});
