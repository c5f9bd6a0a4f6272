import { join } from "node:path";
import { expect, test } from "vitest";
import { canary } from "../../harness/canary.ts";
import { contents, endpointScript, text } from "../../harness/endpoint.ts";
import { simulatedMacos } from "../../harness/simulated-macos.ts";

test("a variable or standard input; options as arguments or in a variable", async () => {
	const host = simulatedMacos({ linux: true });
	const before = contents(host.root);
	const [old, next] = [canary(), canary()];
	const canaries = [old, next];
	const install = endpointScript("generic");
	expect(await host.run(install, [], { canaries, env: { TOKEN: old.token } })).toMatchObject({
		code: 0,
		stderr: "",
		stdout: expect.stringContaining(`crossfade ok fp=${old.fingerprint} `),
		carriers: [],
	});
	const env = { CROSSFADE_OPTIONS: "clis=codex", CROSSFADE_ENDPOINT: "https://otlp.example.com/" };
	expect(await host.run(install, ["no-host"], { canaries, stdin: `${next.token}\n`, env })).toMatchObject({
		code: 0,
		stderr: "",
		stdout: expect.stringContaining("cli=codex:ok"),
	});
	const report = endpointScript("generic", { action: "report" });
	const expecting = [`expect=${old.fingerprint}`];
	expect(await host.run(report, expecting, { canaries })).toMatchObject({
		code: 10,
		stdout: expect.stringContaining("fp=mixed"),
	});
	expect(await host.run(endpointScript("generic", { action: "uninstall" }), [], { canaries })).toMatchObject({
		code: 0,
	});
	expect(contents(host.root)).toEqual(before);
});

test("variables that move the folders of root's own CLIs do not move those of others", async () => {
	const host = simulatedMacos({ linux: true });
	const env = { CODEX_HOME: join(host.root, "elsewhere"), CLAUDE_CONFIG_DIR: join(host.root, "elsewhere") };
	const install = endpointScript("generic", { scope: "user" });
	expect(await host.run(install, [], { env, stdin: `${canary().token}\n` })).toMatchObject({ code: 0, stderr: "" });
	expect(text(join(host.home, ".codex/config.toml"))).toBeDefined();
	expect(text(join(host.root, "elsewhere/config.toml"))).toBeUndefined();
});

test("a file that reports cannot install, and says so", async () => {
	const report = endpointScript("generic", { action: "report" });
	const run = await simulatedMacos({ linux: true }).run(report, ["install"], { stdin: `${canary().token}\n` });
	expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining("this file cannot install, only: report") });
});
