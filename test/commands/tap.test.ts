import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { exitCodes } from "../../src/base/errors.ts";
import { openStore } from "../../src/prove/evidence/store.ts";
import type { Judgement } from "../../src/prove/judge/case.ts";
import { parseExposition } from "../../src/prove/metrics/exposition.ts";
import { type Canary, canary } from "../harness/canary.ts";
import { scratch, startCrossfade } from "../harness/cli.ts";
import { crossfade } from "../harness/command.ts";
import { quietEffects } from "../harness/effects.ts";
import { otlpRequest } from "../harness/otlp.ts";
import { needs, sysfs } from "../harness/parts.ts";
import { startProvider } from "../harness/provider.ts";
import { httpText, otlpTaken, rawServer } from "../harness/raw-server.ts";
import { waitFor } from "../harness/wait.ts";

async function startTap(to: string, args: readonly string[] = [], options: Parameters<typeof startCrossfade>[1] = {}) {
	const cli = startCrossfade(["tap", "--to", to, "--listen", "127.0.0.1:0", ...args], options);
	return { ...cli, url: await cli.find(/tap {7}(http:\S+) ->/) };
}

async function post(
	url: string,
	token: string,
	{ records = 5, signal = "logs" as const, path = "" } = {},
): Promise<number> {
	const headers = { "content-type": "application/x-protobuf", ...(path ? {} : { authorization: `Bearer ${token}` }) };
	const body = Buffer.from(otlpRequest(signal, records));
	const response = await fetch(`${url}${path}/v1/${signal}`, { method: "POST", headers, body });
	await response.arrayBuffer();
	return response.status;
}

async function evidenceIn(folder: string) {
	const { traffic, warnings } = await (await openStore(quietEffects(), folder)).read();
	expect(warnings).toEqual([]);
	return traffic.reduce<Record<string, number>>((sums, { fingerprint, records }) => {
		sums[fingerprint] = (sums[fingerprint] ?? 0) + records;
		return sums;
	}, {});
}

const known = (token: string, fingerprint: string): Canary => ({ token, fingerprint });

describe("crossfade tap", () => {
	test("forwards, counts by token, and keeps the counters over a stop and a start", async () => {
		const provider = await startProvider();
		const { fingerprint: id } = (await provider.status()).tokens[0] ?? { fingerprint: "" };
		const stranger = canary();
		const cwd = scratch();
		const canaries = [known(provider.token, id), stranger];
		for (const expected of [5, 10]) {
			const tap = await startTap(provider.url, ["--evidence", "evidence", "--metrics", "127.0.0.1:0"], {
				cwd,
				canaries,
			});
			const pages = (await tap.find(/metrics {3}(http:\S+)\/metrics/)).trim();
			expect(await post(tap.url, provider.token)).toBe(200);
			expect(await post(tap.url, stranger.token)).toBe(401);
			expect(await (await fetch(`${pages}/healthz`)).text()).toBe("ok\n");
			const counted = () =>
				fetch(`${pages}/metrics`)
					.then((page) => page.text())
					.then((text) => {
						const { samples, badLines } = parseExposition(text);
						expect(badLines).toBe(0);
						return samples.filter(({ name }) => name === "crossfade_tap_records_total");
					});
			await waitFor("both to be counted", async () => (await counted()).length === 2);
			expect((await counted()).map(({ labels, value }) => ({ ...labels, value }))).toEqual(
				[id, stranger.fingerprint].map((fingerprint) => ({
					fingerprint,
					signal: "logs",
					host: "tester",
					cli: "load",
					value: 5,
				})),
			);
			expect((await fetch(`${pages}/other`)).status).toBe(404);
			expect(await tap.stop()).toMatchObject({ code: 0, stdout: "" });
			expect(await evidenceIn(join(cwd, "evidence"))).toEqual({ [id]: expected, [stranger.fingerprint]: expected });
		}
		expect(await provider.records()).toBe(10);
	});

	test.each([
		["404", "refused"],
		["503", "pending"],
	])(
		"a thousand made-up credentials that are answered %s change nothing, and the rotation's own have their rows",
		async (status, row) => {
			const [old, fresh] = [canary(), canary()];
			const upstream = await rawServer((socket, first) => {
				let rest = "";
				const take = (text: string) => {
					const heads = (rest + text).split("\r\n\r\n");
					rest = heads.pop() ?? "";
					for (const head of heads) {
						const isOurs = head.includes(old.token) || head.includes(fresh.token);
						socket.write(isOurs ? otlpTaken : httpText(`${status} No`));
					}
				};
				take(first);
				socket.on("data", (chunk) => take(chunk.toString("latin1")));
			});
			const cwd = scratch({
				"crossfade.yaml": `version: 1\ntokens: { old: "fp:${old.fingerprint}", new: "fp:${fresh.fingerprint}" }\nhosts: { expected: [tester] }\n`,
			});
			const made = Array.from({ length: 1_010 }, () => canary());
			const tap = await startTap(upstream.url, ["--evidence", "crossfade-evidence", "--host", "tester"], {
				cwd,
			});
			const post = (token: Canary) =>
				`POST /v1/logs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token.token}\r\nContent-Length: 0\r\n\r\n`;
			const socket = connect(Number(new URL(tap.url).port), "127.0.0.1");
			let answers = "";
			socket.on("data", (chunk) => {
				answers += chunk;
			});
			for (const each of [...made, old, fresh]) socket.write(post(each));
			await waitFor("every answer", () => answers.split("HTTP/1.1 ").length > made.length + 2);
			socket.destroy();
			expect((await tap.stop()).code).toBe(0);
			const { traffic } = await (await openStore(quietEffects(), join(cwd, "crossfade-evidence"))).read();
			const rows = new Set(traffic.map(({ fingerprint }) => fingerprint));
			expect([rows.has(old.fingerprint), rows.has(fresh.fingerprint), rows.has(row), rows.has("others")]).toEqual([
				true,
				true,
				true,
				false,
			]);
			const { stdout } = await crossfade(["report", "--json"], { cwd, canaries: [old, fresh, ...made.slice(0, 10)] });
			const { obligations } = JSON.parse(stdout).judgement as Judgement;
			const open = (id: string) => obligations.filter((each) => each.id === id && each.state !== "proven").length;
			// Who was told to try again may do so: those are open for a day.
			expect({ whole: open("whole"), seen: open("seen") > 0 }).toEqual({ whole: 0, seen: status === "503" });
		},
	);

	test("as JSON lines, a sender each, when it is first seen", async () => {
		const provider = await startProvider();
		const canaries = [known(provider.token, "old")];
		const tap = await startTap(provider.url, ["--json", "--place", "gw"], { canaries });
		await post(tap.url, provider.token);
		await post(tap.url, provider.token);
		await post(tap.url, provider.token, { path: `/${provider.token}` });
		await tap.printed(/"cli":"load"/);
		const { stdout } = await tap.stop();
		expect(
			stdout
				.trim()
				.split("\n")
				.map((line) => JSON.parse(line)),
		).toEqual([
			expect.objectContaining({ host: "tester", cli: "load", signal: "logs", status: 200, at: expect.any(String) }),
		]);
	});

	test("reports a missing upstream once, and tells clients to retry", async () => {
		const tap = await startTap("http://127.0.0.1:1");
		expect([await post(tap.url, canary().token), await post(tap.url, canary().token)]).toEqual([502, 502]);
		expect((await tap.stop()).stderr.match(/cannot connect to the upstream.*\n.*got {6}ECONNREFUSED/g)).toHaveLength(1);
	});

	test.each<[string, string[], RegExp]>([
		["nothing to forward to", [], /--to: no upstream given/],
		["no URL", ["--to", "example"], /--to: /],
		[
			"clear text to another machine",
			["--to", "http://gw.example:4318"],
			/--to: the tokens would cross the network in clear text/,
		],
		["itself", ["--to", "http://127.0.0.1:4318"], /--to: the tap would forward to itself/],
		["itself by a name with a dot", ["--to", "http://localhost.:4318"], /--to: the tap would forward to itself/],
		["no address", ["--to", "https://x.example", "--listen", "4318x"], /--listen: not an address to listen on/],
		["a port too high", ["--to", "https://x.example", "--metrics", "1:99999"], /--metrics: not an address/],
		["no header name", ["--to", "https://x.example", "--auth-header", "x y"], /--auth-header: not a valid header name/],
	])("refuses %s", async (_name, args, message) => {
		expect(await crossfade(["tap", ...args])).toEqual({ code: 2, stdout: "", stderr: expect.stringMatching(message) });
	});

	test.each(["--allow-plaintext", "--allow-plain-http"])("%s lets http to another machine pass", async (flag) => {
		const { code, stderr } = await crossfade(["tap", "--to", "http://gw.example:4318", "--listen", "4318x", flag]);
		expect({ code, problems: stderr.match(/^error: .*/gm) }).toEqual({
			code: 2,
			problems: [expect.stringContaining("not an address to listen on")],
		});
	});

	test("Ctrl-C as soon as it says anything ends it", async () => {
		for (let round = 0; round < 5; round++) {
			const tap = startCrossfade(["tap", "--to", "http://127.0.0.1:9", "--listen", "127.0.0.1:0"]);
			await tap.find(/^tap /m);
			expect([0, exitCodes.interrupted[0]]).toContain((await tap.stop()).code);
		}
	});

	test("the help does not show a flag's former name", async () => {
		const { stdout } = await crossfade(["tap", "--help"]);
		expect(stdout).toContain("--allow-plaintext");
		expect(stdout).not.toContain("--allow-plain-http");
	});

	test("refuses a token in the place of a name or URL, all at once, without repeating it", async () => {
		const token = canary();
		const args = ["tap", "--to", `https://u:${token.token}@x.example`, "--place", token.token, "--host", token.token];
		const { code, stderr } = await crossfade(args, { canaries: [token], seenInArguments: true });
		expect({ code, problems: stderr.match(/^error: /gm)?.length }).toEqual({ code: 2, problems: 3 });
	});

	test("says that a port is taken", async () => {
		const provider = await startProvider();
		const taken = await startTap(provider.url);
		const args = ["tap", "--to", provider.url, "--listen", new URL(taken.url).host];
		expect(await crossfade(args)).toMatchObject({
			code: 12,
			stderr: expect.stringMatching(/another program is listening there/),
		});
	});
});

describe("an evidence folder that is", () => {
	const to = ["tap", "--to", "https://x.example", "--listen", "127.0.0.1:0", "--evidence"];

	test("a file", async () => {
		const cwd = scratch({ evidence: "" });
		expect(await crossfade([...to, "evidence"], { cwd })).toMatchObject({
			code: 12,
			stderr: expect.stringContaining("evidence"),
		});
	});

	test("from a newer version is not overwritten", async () => {
		const cwd = scratch();
		const provider = await startProvider();
		const tap = await startTap(provider.url, ["--evidence", "evidence"], { cwd });
		await post(tap.url, provider.token);
		await tap.stop();
		const file = readdirSync(join(cwd, "evidence")).find((name) => name.startsWith("traffic"));
		const path = join(cwd, "evidence", file ?? "");
		const newer = readFileSync(path, "utf8").replace(/"schema":\d+/, '"schema":99');
		writeFileSync(path, newer);
		const outcome = await crossfade([...to, "evidence"], { cwd });
		expect(outcome.code).not.toBe(0);
		expect(outcome.stderr).toMatch(/newer/);
		expect(readFileSync(path, "utf8")).toBe(newer);
	});

	test("in a place where nothing can be written", needs(sysfs), async () => {
		expect(await crossfade([...to, "/sys/crossfade"])).toMatchObject({ code: 12, stdout: "" });
	});
});
