import { execFile } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { CLI, crossfadeProcess, scratch, startCrossfade } from "../harness/cli.ts";

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

/** The commands below a mark. */
function block(mark: string): string {
	return new RegExp(`<!-- ${mark} -->\n\`\`\`sh\n([\\s\\S]*?)\`\`\``).exec(readme)?.[1] ?? "";
}

test("a stranger who runs the README's commands ends with the old token dead", async () => {
	const cwd = scratch({ "bin/crossfade": `#!/bin/sh\nexec "${process.execPath}" "${CLI}" "$@"\n` });
	chmodSync(join(cwd, "bin/crossfade"), 0o755);
	const [, flags = ""] = /^crossfade (.*)$/m.exec(block("rotate-sandbox")) ?? [];
	const sandbox = startCrossfade(flags.replace("4319", "0").split(" "), { cwd });
	const port = await sandbox.find(/sandbox +http:\/\/127\.0\.0\.1:(\d+)/);
	const first = readFileSync(join(cwd, "gateway.token"), "utf8");
	// Each command shows its exit code.
	const lines = block("rotate-commands").replaceAll("4319", port).trim().split("\n");
	expect(lines.length).toBeGreaterThan(9);
	writeFileSync(join(cwd, "run.sh"), lines.map((line) => `${line}\necho "exit $?"\n`).join(""));
	const env = { PATH: `${join(cwd, "bin")}:${process.env["PATH"]}`, HOME: cwd };
	const { stdout } = await promisify(execFile)("sh", ["run.sh"], { cwd, env });
	const codes = [...stdout.matchAll(/^(?:.*\})?exit (\d+)$/gm)].map(([, code]) => Number(code));
	expect(codes, stdout).toEqual([0, 0, 16, 0, 0, 16, 15, 15, 0, 0, 0]);
	expect(stdout).toContain("this operation is over: done");
	const now = readFileSync(join(cwd, "gateway.token"), "utf8");
	expect(now).toBe(readFileSync(join(cwd, "new.token"), "utf8"));
	expect(stdout).not.toContain(first);
	expect(stdout).not.toContain(now);
	const status = await (await fetch(`http://127.0.0.1:${port}/_sandbox`)).text();
	expect(status).toContain('"state":"expired"');

	// Once more: the clock that was moved is said, with the way out of it, which is the README's.
	const refused = await crossfadeProcess(["rotate", "start"], { cwd });
	expect(refused).toMatchObject({ code: 18, stderr: expect.stringContaining("start the sandbox again") });
	const [, given = ""] = /`(--token file:\S+)` in the place of `--token-out`/.exec(readme) ?? [];
	await sandbox.stop();
	const next = startCrossfade(["sandbox", "--port", "0", ...given.split(" ")], { cwd });
	const fleet = join(cwd, "crossfade.yaml");
	const nextPort = await next.find(/sandbox +http:\/\/127\.0\.0\.1:(\d+)/);
	writeFileSync(fleet, readFileSync(fleet, "utf8").replace(port, nextPort));
	expect(await crossfadeProcess(["rotate", "plan"], { cwd })).toMatchObject({ code: 0 });
	expect(await crossfadeProcess(["rotate", "start"], { cwd })).toMatchObject({ code: 16 });
});
