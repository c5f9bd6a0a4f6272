import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { canary } from "../harness/canary.ts";
import { scratch } from "../harness/cli.ts";
import { needs, otelcol, pwsh, pwshWine, wine } from "../harness/parts.ts";
import { runPowerShell, SID } from "../harness/powershell.ts";
import { httpText, rawServer } from "../harness/raw-server.ts";
import { leftovers, named, rotationScene, standIn } from "../harness/rotation.ts";
import { CLOSED, rotateScriptWindows, windowsPlace } from "../harness/rotation-windows.ts";
import { waitFor } from "../harness/wait.ts";
import { closePrefix, winePrefix } from "../harness/wine.ts";

const beside = (tokenFile: string) => leftovers(tokenFile).filter((name) => name !== ".crossfade-rotate.lock");

describe("the rotation script for Windows by PowerShell on this system, on a real collector under load", {
	...needs(otelcol, pwsh),
	timeout: 600_000,
}, () => {
	const scene = async () => {
		const s = await rotationScene();
		const place = await windowsPlace(named(s.provider.token), s.tokenFile, { endpoint: s.provider.url });
		const pid = s.places[s.places.indexOf("--pid") + 1] ?? "";
		const ways = ["--metrics", s.collector.metricsUrl, "--pid", pid];
		const logs = ["--logs", `[System.IO.File]::ReadAllLines('${s.collector.logPath}')`];
		return { ...s, ...place, pid, ways: [...ways, ...logs] };
	};

	test("it watches the file: a wrong token is refused, or put back; the right one is proven, and nothing is lost", async () => {
		const s = await scene();
		const old = s.provider.token;
		const watch = [...s.ways, "--apply", ""];
		const wrong = canary();
		const refused = await s.run(wrong.token, watch);
		expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining("rejects the new token (HTTP 401)") });
		expect(s.content()).toBe(old);
		const token = await s.provider.rotate();
		const outcome = await s.run(token, watch, { watched: true });
		expect(outcome).toMatchObject({ code: 0, stderr: "" });
		expect(outcome.stdout).toContain(`accepted  Torii accepts fp=${named(token).fingerprint}`);
		expect(outcome.stdout).toContain(`proven    exports succeed with fp=${named(token).fingerprint}`);
		expect(s.content()).toBe(token);
		expect(beside(s.tokenFile)).toEqual([]);
		const before = await s.received(old);
		await waitFor("records with the new token", async () => (await s.received(token)) > 1_000);
		expect(await s.received(old)).toBe(before);
		await s.stopLoad();
		await waitFor("everything to arrive", async () => (await s.received()) >= s.sent());
		expect(await s.received()).toBe(s.sent());
		process.stdout.write(`rotation for Windows, watched: ${s.sent()} events sent, ${await s.received()} arrived\n`);
	});

	test("it restarts (here: reloads): proven by its log; a wrong token is put back and used again", async () => {
		const s = await scene();
		const restart = [...s.ways, "--apply", `& /bin/kill -HUP ${s.pid}`];
		const old = s.provider.token;
		const wrong = canary();
		const failed = await s.run(wrong.token, [...restart, "--no-precheck"]);
		expect(failed).toMatchObject({
			code: 3,
			stdout: expect.stringContaining(`restored  fp=${named(old).fingerprint}`),
		});
		expect(s.content()).toBe(old);
		const before = await s.received(old);
		await waitFor("events on the old token again", async () => (await s.received(old)) > before + 1_000);
		const token = await s.provider.rotate();
		expect(await s.run(token, restart)).toMatchObject({ code: 0, stdout: expect.stringContaining("proven") });
		await waitFor("records with the new token", async () => (await s.received(token)) > 1_000);
		expect(beside(s.tokenFile)).toEqual([]);
	});
});

describe("the rotation script under the build of PowerShell 7 for Windows in Wine, which is not Windows", {
	...needs(wine, pwshWine),
	timeout: 600_000,
}, () => {
	test("proven by a page of counters; killed in the middle of the replacement and put back; a file held open is left", async () => {
		const { prefix, drive } = winePrefix();
		const env = { WINEPREFIX: prefix, HOME: scratch() };
		onTestFinished(() => closePrefix(prefix));
		const folder = join(drive, "cf/token");
		mkdirSync(folder, { recursive: true });
		const old = canary();
		const file = join(folder, "torii.token");
		writeFileSync(file, `${old.token}\r\n`);
		writeFileSync(join(drive, "cf.lists"), `C:\\cf\\token\t${CLOSED}\n`);
		const script = join(scratch(), "rotate-torii.ps1");
		writeFileSync(script, await rotateScriptWindows("C:\\cf\\token\\torii.token"));
		const collector = await standIn(() => 'otelcol_exporter_queue_size{exporter="otlp_http/torii"} 0\n');
		let look = 0;
		let print = "";
		const page = await rawServer((socket) => {
			socket.end(
				httpText("200 OK", {}, `crossfade_gateway_log_records_total{crossfade_fingerprint="${print}"} ${look++}\n`),
			);
		});
		const run = (token: string, more: Readonly<Record<string, string>> = {}, args: readonly string[] = []) =>
			runPowerShell(
				pwshWine.path,
				script,
				[
					"--metrics",
					collector.url,
					"--no-precheck",
					"--pid",
					"0",
					"--counters",
					page.url,
					"--apply",
					"$done = 1",
					...args,
				],
				{
					stdin: `${token}\r\n`,
					canaries: token === "" ? [old] : [old, named(token)],
					env: {
						...env,
						CROSSFADE_TEST_ROOT: "C:\\cf",
						CROSSFADE_TEST_SID: SID,
						CROSSFADE_TEST_ADMIN: "yes",
						CROSSFADE_TEST_ACCOUNT: "LocalSystem",
						CROSSFADE_TEST_WAIT: "500",
						...more,
					},
				},
			);
		const killed = canary();
		let missing = 0;
		// The steps of a replacement; before them it writes what it keeps.
		for (let at = 11; at < 20 && missing === 0; at++) {
			expect((await run(killed.token, { CROSSFADE_TEST_KILL: String(at) })).code).not.toBe(0);
			if (!existsSync(file)) missing = at;
		}
		expect(missing).toBeGreaterThan(0);
		const next = await run("");
		expect(next).toMatchObject({ code: 11, stderr: expect.stringContaining("the new token is empty") });
		expect(readFileSync(file, "latin1")).toBe(`${old.token}\r\n`);
		const token = canary();
		print = token.fingerprint;
		const outcome = await run(token.token);
		expect(outcome).toMatchObject({
			code: 0,
			stdout: expect.stringContaining(`proven    exports succeed with fp=${print}`),
		});
		expect(readFileSync(file, "latin1")).toBe(token.token);
		expect(leftovers(file)).toEqual([]);
		const gate = join(drive, "gate");
		const hold = [
			"$f = [System.IO.File]::Open('C:\\cf\\token\\torii.token', 'Open', 'Read', 'Read')",
			"[System.IO.File]::WriteAllText('C:\\ready', 'x')",
			"while (-not [System.IO.File]::Exists('C:\\gate')) { Start-Sleep -Milliseconds 200 }",
		];
		const holder = runPowerShell(pwshWine.path, "", [], {
			stdin: "",
			canaries: [],
			env,
			command: hold.join("; "),
		});
		await waitFor("the file to be held", () => existsSync(join(drive, "ready")));
		const busy = await run(canary().token);
		expect(busy).toMatchObject({ code: 12, stderr: expect.stringContaining("is in use by another program") });
		writeFileSync(gate, "");
		await holder;
		expect(readFileSync(file, "latin1")).toBe(token.token);
		expect(leftovers(file)).toEqual([]);
	});
});
