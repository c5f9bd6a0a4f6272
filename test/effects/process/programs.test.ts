import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { nodeEffects } from "../../../src/effects/node.ts";
import { nodeTerminal } from "../../../src/effects/terminal/terminal.ts";
import { Secret } from "../../../src/token/secret.ts";
import { canary } from "../../harness/canary.ts";
import { scratch } from "../../harness/cli.ts";
import { waitFor } from "../../harness/wait.ts";

const { programs } = nodeEffects(nodeTerminal({ quiet: true, verbose: false, color: false }));

test("a variable that holds a token we took is kept from children; others are not", async () => {
	const { token } = canary();
	process.env["CROSSFADE_TEST_TOKEN"] = `Bearer ${token}`;
	process.env["CROSSFADE_TEST_OTHER"] = "kept";
	onTestFinished(() => {
		delete process.env["CROSSFADE_TEST_TOKEN"];
		delete process.env["CROSSFADE_TEST_OTHER"];
	});
	Secret.of(token);
	const { code, stdout } = await programs.run("/usr/bin/env", [], { timeoutMs: 60_000 });
	expect(code).toBe(0);
	expect(stdout).toContain("CROSSFADE_TEST_OTHER=kept");
	expect(stdout).not.toContain(token);
});

test("a program that hangs is ended, and that is said", async () => {
	expect(await programs.run("/bin/sleep", ["60"], { timeoutMs: 50 })).toMatchObject({
		code: undefined,
		timedOut: true,
	});
});

/** Lines of sh that start a program which keeps our pipes open, and are no longer there to end it. */
function leavesBehind(): { readonly start: string } {
	const note = join(scratch(), "pid");
	onTestFinished(() => {
		const pid = existsSync(note) ? Number(readFileSync(note, "utf8")) : 0;
		if (pid > 0) process.kill(pid, "SIGKILL");
	});
	return { start: `sleep 3000 & echo $! >'${note}'` };
}

test("a program that ended is not waited for as long as what it left running keeps its output open", async () => {
	const { start } = leavesBehind();
	const run = programs.run("/bin/sh", ["-c", `${start}; echo said; exit 3`], { timeoutMs: 600_000 });
	expect(await run).toMatchObject({ code: 3, stdout: "said\n", timedOut: false });
});

test("nor is one that took too long", async () => {
	const { start } = leavesBehind();
	const run = programs.run("/bin/sh", ["-c", `${start}; wait`], { timeoutMs: 500 });
	expect(await run).toMatchObject({ code: undefined, timedOut: true });
});

test("a program that somebody else killed did not take too long", async () => {
	const run = programs.run("/bin/sh", ["-c", "kill -9 $$"], { timeoutMs: 600_000 });
	expect(await run).toMatchObject({ code: undefined, timedOut: false });
});

test("all that a program wrote before it ended is read", async () => {
	const { stdout } = await programs.run("/bin/sh", ["-c", "head -c 3000000 /dev/zero"], { timeoutMs: 600_000 });
	expect(stdout).toHaveLength(3_000_000);
});

test("arguments go to the program as they are, never through a shell", async () => {
	const { stdout } = await programs.run("/usr/bin/printf", ["%s|", "$(id)", "; echo x", "`id`"], { timeoutMs: 60_000 });
	expect(stdout).toBe("$(id)|; echo x|`id`|");
});

test("programs are found on PATH, or by their path, if they can be run", () => {
	expect(programs.find("sh")).toMatch(/\/sh$/);
	expect(programs.find("no-such-program-anywhere")).toBeUndefined();
	expect(programs.find("/etc/passwd")).toBeUndefined();
});

test("a secret gets to a program on its standard input alone, with a line break; others find nothing there", async () => {
	const { token, fingerprint } = canary();
	const watched = ["-c", "sha256sum; tr '\\0' ' ' </proc/$$/cmdline; env"];
	const { stdout } = await programs.run("/bin/sh", watched, { timeoutMs: 60_000, input: Secret.of(token) });
	expect(stdout).not.toContain(token);
	expect(stdout.slice(0, 64)).toBe(createHash("sha256").update(`${token}\n`).digest("hex"));
	expect(fingerprint).toHaveLength(12);
	expect(await programs.run("/bin/cat", [], { timeoutMs: 60_000 })).toMatchObject({ code: 0, stdout: "" });
});

test("a program that ends without reading its input is no error", async () => {
	const input = Secret.of(canary(4000).token);
	expect(await programs.run("/bin/true", [], { timeoutMs: 60_000, input })).toMatchObject({ code: 0 });
});

test("a background program: its output is captured, it sees no token, and stop ends it", async () => {
	const { token } = canary();
	process.env["CROSSFADE_TEST_TOKEN"] = token;
	onTestFinished(() => {
		delete process.env["CROSSFADE_TEST_TOKEN"];
	});
	Secret.of(token);
	const program = await programs.start("/bin/sh", ["-c", "env; echo ready >&2; exec sleep 600"]);
	await waitFor("it to be ready", () => program.output().includes("ready"));
	expect(program.output()).not.toContain(token);
	expect(program.isRunning()).toBe(true);
	await program.stop();
	expect(program.isRunning()).toBe(false);
	await program.stop();
	expect(process.listenerCount("SIGHUP")).toBe(0);
});

test("children of a program end with it, even if they ignore signals", async () => {
	const script = 'trap "" TERM; sleep 600 & echo "id $!."; while :; do wait; done';
	const program = await programs.start("/bin/sh", ["-c", script]);
	await waitFor("it to start another", () => /id \d+\./.test(program.output()));
	const id = Number(/id (\d+)/.exec(program.output())?.[1]);
	await program.stop();
	await waitFor("the other to be gone", () => !isAlive(id));
	expect(program.isRunning()).toBe(false);
});

function isAlive(id: number): boolean {
	try {
		return !/^State:\s+Z/m.test(readFileSync(`/proc/${id}/status`, "utf8"));
	} catch {
		return false;
	}
}

test("a program that cannot be started is one clear error", async () => {
	await expect(programs.start("/no/such/program", [])).rejects.toMatchObject({ exit: "io" });
	await expect(programs.start("/etc", [])).rejects.toMatchObject({ exit: "io" });
	expect(process.listenerCount("SIGHUP")).toBe(0);
});
