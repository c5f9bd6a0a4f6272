import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { type Canary, filesBelow, leaks } from "../harness/canary.ts";
import { needs, nodeWindows, wine } from "../harness/parts.ts";
import { openWine, type Wine } from "../harness/wine.ts";

let windows: Wine;

/** The system is Wine's, with its file system and without its access lists: no claim about a real Windows. */
describe("rotate by the Windows build of Node under Wine", needs(wine, nodeWindows), () => {
	beforeAll(() => {
		windows = openWine();
		return () => windows.close();
	});

	test("the README's rotation: paste, rollback, again, confirmed, status, retire, resume after the end, log, export, schedule", async () => {
		const cwd = windows.folder("rotation");
		const sandbox = windows.start(["sandbox", "--provider", "torii", "--token-out", "gateway.token"], { cwd });
		const url = await sandbox.find(/(http:\/\/127\.0\.0\.1:\d+)/);
		const canaries: Canary[] = [];
		const know = (token: string) => void canaries.push({ token, fingerprint: "" });
		know(readFileSync(join(cwd, "gateway.token"), "utf8"));
		const run = async (code: number, ...args: string[]) => {
			const outcome = await windows.crossfade(args, { cwd });
			expect(outcome.code, `${args.join(" ")}\n${outcome.stdout}${outcome.stderr}`).toBe(code);
			expect(leaks(canaries, { stdout: outcome.stdout, stderr: outcome.stderr })).toEqual([]);
			// It is the oldest Node that is supported.
			expect(outcome.stderr).not.toContain("ExperimentalWarning");
			return outcome.stdout;
		};
		const click = async () => {
			const response = await fetch(`${url}/_sandbox/rotate`, { method: "POST", headers: { accept: "text/plain" } });
			const token = await response.text();
			writeFileSync(join(cwd, "new.token"), token);
			know(token);
			return token;
		};
		await run(0, "init", "--rotate", "--provider", "torii");
		const fleet = readFileSync(join(cwd, "crossfade.yaml"), "utf8").replace(/^# endpoint:.*/m, `endpoint: ${url}`);
		writeFileSync(join(cwd, "crossfade.yaml"), fleet);
		await run(0, "rotate", "plan");
		await run(16, "rotate", "start");
		const second = await click();
		await run(16, "rotate", "resume", "--token", "file:new.token");
		const held = () => readFileSync(join(cwd, "gateway.token"), "utf8");
		expect(held()).toBe(second);
		const first = canaries[0]?.token;
		await run(16, "rotate", "rollback");
		expect(held()).toBe(first);
		await run(16, "rotate", "resume", "--forward");
		expect(held()).toBe(second);
		await run(0, "rotate", "export", "--out", "sealed.token", "--yes");
		await run(15, "rotate", "resume", "--confirmed", "gateway", "--because", "its log shows the new token");
		await run(15, "rotate", "status");
		await run(0, "rotate", "schedule", "calendar");
		await run(2, "rotate", "schedule", "cron");
		await run(0, "rotate", "schedule", "windows", "--every", "30d", "--out", "task");
		const task = readFileSync(join(cwd, "task/crossfade-rotate-main.xml"), "utf8");
		expect(task).toContain("<WorkingDirectory>C:\\rotation</WorkingDirectory>");
		expect(task).toContain("rotate resume main --fleet C:\\rotation\\crossfade.yaml --quiet</Arguments>");
		expect(task).toContain("\\root</UserId>");
		await run(15, "rotate", "retire");
		await fetch(`${url}/_sandbox/clock`, { method: "POST", body: '{"advance": "25h", "date": true}' });
		await run(0, "rotate", "resume");
		await run(0, "rotate", "log");
		const state = filesBelow(join(windows.drive, "users"));
		const journals = Object.keys(state).filter((path) => path.endsWith(".journal"));
		expect(journals).toEqual([expect.stringContaining("/AppData/Local/crossfade/rotations/main/")]);
		expect(leaks(canaries, state)).toEqual([]);
	});
});
