import { createHash } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { nodeEffects } from "../../src/effects/node.ts";
import { nodeTerminal } from "../../src/effects/terminal.ts";
import { Secret } from "../../src/secret.ts";
import { canary } from "../harness/canary.ts";

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
