import { spawn } from "node:child_process";
import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { canary } from "../../harness/canary.ts";
import { scratch } from "../../harness/cli.ts";
import { howMany } from "../../harness/matrix.ts";
import { needs, program } from "../../harness/parts.ts";
import { leftovers, rotateScript, standIn } from "../../harness/rotation.ts";

/** Few in every run, and as many as found faults before in the long one. */
const KILLS = howMany(8, 260);
/** A run waits longer than this for its proof, so that some are killed before the new token is in place and some after. */
const LONGEST_MS = 4_000;

test(`the rotation script, killed at ${KILLS} moments: the token file is whole, and the next run puts the proven token back`, {
	...needs(program("curl"), program("dash")),
	timeout: 30 * 60_000,
}, async () => {
	const old = canary().token;
	const tokenFile = join(scratch({ "torii.token": old }), "torii.token");
	chmodSync(tokenFile, 0o400);
	const collector = await standIn();
	const script = await rotateScript(tokenFile);
	const given = ["--metrics", collector.url, "--validate", "", "--no-precheck", "--logs", "true"];
	const run = (token: string, killAfter?: number) => {
		const args = [script, ...given, "--pid", `${process.pid}`];
		const child = spawn(program("dash").path, args, { stdio: ["pipe", "ignore", "ignore"], detached: true });
		const kill = () => process.kill(-(child.pid ?? 0), "SIGKILL");
		onTestFinished(() => {
			child.kill("SIGKILL");
		});
		child.stdin.on("error", () => undefined);
		child.stdin.end(`${token}\n`);
		const timer = killAfter === undefined ? undefined : setTimeout(kill, killAfter);
		return new Promise<number | null>((done) =>
			child.on("close", (code) => {
				clearTimeout(timer);
				done(code);
			}),
		);
	};
	for (let round = 0; round < KILLS; round++) {
		const token = canary().token;
		const killAfter = (LONGEST_MS * (round + 0.5)) / KILLS;
		expect(await run(token, killAfter)).toBeNull();
		expect([old, token]).toContain(readFileSync(tokenFile, "utf8"));
		// It is given nothing to put in place, and recovers all the same.
		expect(await run("")).toBe(11);
		expect({ killAfter, token: readFileSync(tokenFile, "utf8"), left: leftovers(tokenFile) }).toEqual({
			killAfter,
			token: old,
			left: [],
		});
	}
});
