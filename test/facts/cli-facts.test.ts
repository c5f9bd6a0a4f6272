import { chmodSync, existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { clis } from "../../src/adapters/clis/registry.ts";
import { lab as claude } from "../adapters/clis/claude-code.lab.ts";
import { lab as codex } from "../adapters/clis/codex.lab.ts";
import { lab as gemini } from "../adapters/clis/gemini.lab.ts";
import { canary } from "../harness/canary.ts";
import { claudeSettings, codexConfig, geminiSettings } from "../harness/clis/configs.ts";
import { mentions, PROMPT_WORD, startLab, tokensOf } from "../harness/clis/lab.ts";
import { cliParts, labOf } from "../harness/clis/labs.ts";
import { namespaces } from "../harness/clis/machine.ts";
import { runCli } from "../harness/clis/run.ts";
import { needs } from "../harness/parts.ts";
import { waitFor } from "../harness/wait.ts";

const names = clis.map(({ id }) => id);

const needed = needs(namespaces, ...cliParts);

/** Headers of every request, each value once. */
const header = (requests: readonly { headers: Readonly<Record<string, unknown>> }[], name: string) => [
	...new Set(requests.map(({ headers }) => headers[name])),
];
const urls = (requests: readonly { signal: string; url: string }[]) =>
	Object.fromEntries(requests.map(({ signal, url }) => [signal, url]));

describe("Claude Code", needed, () => {
	const file = claude.userFile;

	test.each(Object.values(claude.releases))(
		"%s sends header values as they are, cut at a comma; percent escapes stay",
		async (version) => {
			const { machine, prompt, to } = await startLab();
			const values = {
				"x-plain": "tok-_.~123",
				"x-base64": "abc+/==",
				"x-escape": "ab%2Ccd",
				"x-semicolon": "ab;cd",
				"x-quotes": '"q"',
			};
			const headers = Object.entries({ ...values, "x-comma": "ab,cd" }).map(([key, value]) => `${key}=${value}`);
			machine.write(file, claudeSettings(to(canary()), { OTEL_EXPORTER_OTLP_HEADERS: headers.join(",") }));
			const { requests } = await prompt("claude-code", { version });
			for (const [key, value] of Object.entries({ ...values, "x-comma": "ab" }))
				expect(header(requests, key)).toEqual([value]);
		},
	);

	test("a percent sign that begins no escape is sent; the old release then sends nothing at all", async () => {
		const { machine, prompt, to } = await startLab();
		const env = { OTEL_EXPORTER_OTLP_HEADERS: "Authorization=Bearer 100%zz" };
		machine.write(file, claudeSettings(to(canary()), env));
		expect((await prompt("claude-code", { version: claude.releases.old })).requests).toEqual([]);
		expect(tokensOf((await prompt("claude-code")).requests)).toEqual(["100%zz"]);
	});

	test("a header with a colon for the equals sign is not sent, and nothing says so", async () => {
		const { machine, prompt, to } = await startLab();
		const token = canary();
		machine.write(
			file,
			claudeSettings(to(token), { OTEL_EXPORTER_OTLP_HEADERS: `Authorization: Bearer ${token.token}` }),
		);
		const { requests, stderr } = await prompt("claude-code");
		expect(header(requests, "authorization")).toEqual([undefined]);
		expect(stderr).toBe("");
	});

	test("the signal's path is added to the base URL, and the endpoint of a signal is taken as it is", async () => {
		const { machine, prompt, to, capture } = await startLab();
		const env = {
			OTEL_EXPORTER_OTLP_ENDPOINT: `${capture.url}/base/`,
			OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: capture.url,
		};
		machine.write(file, claudeSettings(to(canary()), env));
		expect(urls((await prompt("claude-code")).requests)).toEqual({ logs: "/base/v1/logs", metrics: "/" });
	});

	test("http/json and gzip are as they are set", async () => {
		const { machine, prompt, to } = await startLab();
		const env = { OTEL_EXPORTER_OTLP_PROTOCOL: "http/json", OTEL_EXPORTER_OTLP_COMPRESSION: "gzip" };
		machine.write(file, claudeSettings(to(canary()), env));
		const { requests } = await prompt("claude-code");
		expect(header(requests, "content-type")).toEqual(["application/json"]);
		expect(header(requests, "content-encoding")).toEqual(["gzip"]);
	});

	test("a variable of the shell for one signal diverts it with the token of the file", async () => {
		const { machine, prompt, to, capture } = await startLab();
		const token = canary();
		machine.write(file, claudeSettings(to(token)));
		const env = { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${capture.url}/shell` };
		const { requests } = await prompt("claude-code", { env });
		expect(urls(requests)).toEqual({ logs: "/shell", metrics: "/v1/metrics" });
		expect(tokensOf(requests)).toEqual([token.token]);
	});

	test("a managed file keeps such variables out", async () => {
		const { machine, prompt, to, capture } = await startLab();
		machine.write("/etc/claude-code/managed-settings.d/50-crossfade.json", claudeSettings(to(canary())));
		const env = { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${capture.url}/shell` };
		expect(urls((await prompt("claude-code", { env })).requests)).toEqual({ logs: "/v1/logs", metrics: "/v1/metrics" });
	});

	test("otelHeadersHelper goes before the static header and takes up a new token while a session runs", async () => {
		const { machine, prompt, to, model } = await startLab();
		const [fixed, old, fresh] = [canary(), canary(), canary()];
		for (const token of [old, fresh]) to(token);
		machine.write("~/token", old.token);
		const helper = `#!/bin/sh\nprintf '{"Authorization":"Bearer %s"}' "$(cat ~/token)"\ncp ~/token ~/seen\n`;
		machine.write("~/helper", helper, 0o755);
		const env = {
			CLAUDE_CODE_OTEL_HEADERS_HELPER_DEBOUNCE_MS: "200",
			OTEL_METRIC_EXPORT_INTERVAL: "200",
			OTEL_LOGS_EXPORT_INTERVAL: "200",
		};
		machine.write(file, claudeSettings(to(fixed), env, { otelHeadersHelper: machine.path("~/helper") }));
		machine.write("~/fresh", fresh.token);
		model.callShell("cp ~/fresh ~/token; timeout 60 sh -c 'until cmp -s ~/token ~/seen; do sleep 0.05; done'");
		const { requests } = await prompt("claude-code", { args: ["--allowedTools", "Bash"] });
		expect(tokensOf(requests)).toEqual([old.token, fresh.token]);
	});

	test("a helper that fails stops everything, even with a static header", async () => {
		const { machine, prompt, to } = await startLab();
		machine.write(file, claudeSettings(to(canary()), {}, { otelHeadersHelper: "/bin/false" }));
		const { requests, stderr } = await prompt("claude-code");
		expect(requests).toEqual([]);
		expect(stderr).toMatch(/otelHeadersHelper/);
	});

	test("says nothing of the host unless OTEL_RESOURCE_ATTRIBUTES does, and then in the resource and in every point", async () => {
		const { machine, prompt, to } = await startLab();
		machine.write(file, claudeSettings(to(canary())));
		const silent = await prompt("claude-code");
		expect(silent.requests.flatMap(({ items }) => items).filter(({ resource }) => "host.name" in resource)).toEqual([]);
		machine.write(file, claudeSettings(to(canary()), { OTEL_RESOURCE_ATTRIBUTES: "host.name=tester,device.id=d%201" }));
		const { requests } = await prompt("claude-code");
		for (const { resource, attributes } of requests.flatMap(({ items }) => items)) {
			expect(resource).toMatchObject({ "host.name": "tester", "device.id": "d 1", "service.name": "claude-code" });
			expect(attributes).toMatchObject({ "host.name": "tester" });
		}
	});

	test("a comment in the file switches all of it off", async () => {
		const { machine, prompt, to } = await startLab();
		machine.write(file, `// mine\n${claudeSettings(to(canary()))}`);
		expect((await prompt("claude-code")).requests).toEqual([]);
	});
});

describe("Codex", needed, () => {
	const file = codex.userFile;

	test.each(Object.values(codex.releases))(
		"%s decodes percent escapes in headers and nothing else",
		async (version) => {
			const { machine, prompt, to } = await startLab();
			const headers =
				'x-escape = "a%2Fb", x-percent = "100%zz", x-marks = "a,b;c=d", x-variable = "${HOME}", Authorization';
			machine.write(file, codexConfig(to(canary())).replaceAll("Authorization", headers));
			const { requests } = await prompt("codex", { version });
			for (const [key, value] of Object.entries({
				"x-escape": "a/b",
				"x-percent": "100%zz",
				"x-marks": "a,b;c=d",
				"x-variable": "${HOME}",
			}))
				expect(header(requests, key)).toEqual([value]);
		},
	);

	test("posts each signal to its URL as it is", async () => {
		const { machine, prompt, to } = await startLab();
		machine.write(file, codexConfig(to(canary())).replace("/v1/logs", "").replace("/v1/metrics", "/m/?host=tester"));
		expect(urls((await prompt("codex")).requests)).toEqual({ logs: "/", metrics: "/m/?host=tester" });
	});

	test("sends JSON when asked, never gzip", async () => {
		const { machine, prompt, to } = await startLab();
		machine.write(file, codexConfig(to(canary()), [], "json"));
		const { requests } = await prompt("codex");
		expect(header(requests, "content-type")).toEqual(["application/json"]);
		expect(header(requests, "content-encoding")).toEqual([undefined]);
	});

	test("headers of the shell replace those of the file; its endpoint does not count", async () => {
		const { machine, prompt, to, capture } = await startLab();
		machine.write(file, codexConfig(to(canary())));
		const env = {
			OTEL_EXPORTER_OTLP_HEADERS: "Authorization=Bearer shell",
			OTEL_EXPORTER_OTLP_ENDPOINT: `${capture.url}/shell`,
		};
		const { requests } = await prompt("codex", { env });
		expect(tokensOf(requests)).toEqual(["shell"]);
		expect(urls(requests)).toEqual({ logs: "/v1/logs", metrics: "/v1/metrics" });
	});

	test("OTEL_EXPORTER_OTLP_COMPRESSION=gzip in the shell ends its telemetry", async () => {
		const { machine, prompt, to } = await startLab();
		machine.write(file, codexConfig(to(canary())));
		const { requests, stderr } = await prompt("codex", { env: { OTEL_EXPORTER_OTLP_COMPRESSION: "gzip" } });
		expect(requests).toEqual([]);
		expect(stderr).toMatch(/otel exporter/);
	});

	test.each([
		["a second [otel]", '[otel]\nenvironment = "a"\n[otel]\nlog_user_prompt = false\n'],
		["no protocol", '[otel]\nexporter = { otlp-http = { endpoint = "http://127.0.0.1:1" } }\n'],
	])("%s: does not start", async (_what, text) => {
		const { machine, model } = await startLab();
		machine.write(file, text);
		const { code, stderr } = await runCli("codex", { machine, model, prompt: "Hello" });
		expect(code).toBe(1);
		expect(stderr).toMatch(/Error loading config.toml/);
		expect(model.requests).toEqual([]);
	});

	test("names the host in logs, not in metrics", async () => {
		const { machine, prompt, to } = await startLab();
		machine.write(file, codexConfig(to(canary())));
		const { requests } = await prompt("codex");
		const named = (signal: string) =>
			requests
				.filter((each) => each.signal === signal)
				.flatMap(({ items }) => items.map(({ resource }) => "host.name" in resource));
		expect([...new Set(named("logs"))]).toEqual([true]);
		expect([...new Set(named("metrics"))]).toEqual([false]);
	});

	test("its metrics are wanted by its maker unless they have an exporter", async () => {
		const { machine, prompt, to } = await startLab();
		machine.write(file, codexConfig(to(canary())));
		await prompt("codex");
		expect([...machine.wanted]).not.toContain("ab.chatgpt.com:443");
		machine.write(file, "");
		await prompt("codex");
		expect([...machine.wanted]).toContain("ab.chatgpt.com:443");
	});
});

describe("Gemini CLI", needed, () => {
	const file = gemini.userFile;

	test("adds the signal's path to that of the endpoint, keeps the query, and sends user and password as Basic", async () => {
		const { machine, prompt, to, capture } = await startLab();
		const token = canary();
		const { host } = new URL(capture.url);
		machine.write(
			file,
			geminiSettings(to(token), { otlpEndpoint: `http://crossfade:${token.token}@${host}/base/?host=tester` }),
		);
		const { requests } = await prompt("gemini");
		expect(urls(requests)).toEqual({
			logs: "/base/v1/logs?host=tester",
			metrics: "/base/v1/metrics?host=tester",
			traces: "/base/v1/traces?host=tester",
		});
		expect(header(requests, "authorization")).toEqual([`Basic ${btoa(`crossfade:${token.token}`)}`]);
		expect(header(requests, "content-type")).toEqual(["application/json"]);
		expect(header(requests, "content-encoding")).toEqual([undefined]);
	});

	test("the shell's OTEL_EXPORTER_OTLP_ENDPOINT goes before the file, and its headers are sent", async () => {
		const { machine, prompt, to, capture } = await startLab();
		machine.write(file, geminiSettings(to(canary())));
		const env = {
			OTEL_EXPORTER_OTLP_ENDPOINT: `${capture.url}/shell`,
			OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20shell",
		};
		const { requests } = await prompt("gemini", { env });
		expect(urls(requests)).toMatchObject({ logs: "/shell/v1/logs" });
		expect(tokensOf(requests)).toEqual(["shell"]);
	});

	test("variables in the file are replaced, unknown ones stay", async () => {
		const { machine, prompt, to, capture } = await startLab();
		machine.write(file, geminiSettings(to(canary()), { otlpEndpoint: `${capture.url}/ingest/\${KNOWN}-$UNKNOWN` }));
		const { requests } = await prompt("gemini", { env: { KNOWN: "known" } });
		expect(urls(requests)).toMatchObject({ logs: "/ingest/known-$UNKNOWN/v1/logs" });
	});

	test("an outfile of the user's stops OTLP under a system file that does not empty it", async () => {
		const { machine, prompt, to } = await startLab();
		machine.write(file, JSON.stringify({ telemetry: { outfile: machine.path("~/telemetry.log") } }));
		machine.write("/etc/gemini-cli/settings.json", geminiSettings(to(canary()), { outfile: undefined }));
		expect((await prompt("gemini")).requests).toEqual([]);
		machine.write("/etc/gemini-cli/settings.json", geminiSettings(to(canary())));
		expect((await prompt("gemini")).requests).not.toEqual([]);
	});

	test("a system file that others may write is left out", async () => {
		const { machine, prompt, to } = await startLab();
		machine.write("/etc/gemini-cli/settings.json", geminiSettings(to(canary())));
		chmodSync(machine.path("/etc/gemini-cli/settings.json"), 0o664);
		const { requests, stderr } = await prompt("gemini");
		expect(requests).toEqual([]);
		expect(stderr).toMatch(/Security Warning: Skipping system settings file/);
	});

	test("a comment is read over, a BOM or a trailing comma keeps it from starting", async () => {
		const { machine, prompt, to, model } = await startLab();
		machine.write(file, `// mine\n${geminiSettings(to(canary()))}`);
		expect((await prompt("gemini")).requests).not.toEqual([]);
		const settings = geminiSettings(to(canary()));
		for (const damaged of [`\uFEFF${settings}`, settings.replace(/\}\s*$/, ",}")]) {
			machine.write(file, damaged);
			expect((await runCli("gemini", { machine, model, prompt: "Hello" })).code).toBe(52);
		}
	});
});

describe("a token that changes while a session runs", needed, () => {
	test.each(names)("%s sends with the old one to its end, and the next session with the new one", async (name) => {
		const { machine, prompt, to, model } = await startLab();
		const { userFile, config, toolArgs } = labOf(name);
		const [old, fresh] = [canary(), canary()];
		machine.write(userFile, config(to(old)));
		model.callShell("touch ~/asked; timeout 60 sh -c 'until [ -e ~/changed ]; do sleep 0.05; done'");
		const session = prompt(name, { args: toolArgs });
		await waitFor("the session to be under way", () => existsSync(machine.path("~/asked")));
		machine.write(userFile, config(to(fresh)));
		machine.write("~/changed", "");
		expect(tokensOf((await session).requests)).toEqual([old.token]);
		expect(tokensOf((await prompt(name)).requests)).toEqual([fresh.token]);
	});
});

describe("a token that is not accepted", needed, () => {
	test.each(names)("%s tries once per batch, and answers all the same", async (name) => {
		const { machine, prompt, to, capture } = await startLab();
		machine.write(labOf(name).userFile, labOf(name).config(to(canary())));
		capture.answer(401);
		const { requests, stdout, stderr } = await prompt(name);
		expect(requests.length).toBeGreaterThan(0);
		const says = /Export failed/.test(stdout + stderr);
		expect(says).toBe(labOf(name).saysRefusal);
		expect(new Set(requests.map(({ text }) => text)).size).toBe(requests.length);
	});
});

describe("what is sent of a tool although prompts are off", needed, () => {
	test.each([
		["claude-code", claude.releases.newest, [], []],
		["claude-code", claude.releases.old, ["tool_result tool_parameters"], []],
		["codex", codex.releases.newest, ["codex.tool_result arguments"], ["codex.tool_result output"]],
		["codex", codex.releases.old, ["codex.tool_result arguments"], ["codex.tool_result output"]],
		["gemini", gemini.releases.newest, [], []],
	] as const)("%s %s: the command in %j, its output in %j", async (name, version, command, output) => {
		const { machine, prompt, to, model } = await startLab();
		machine.write(labOf(name).userFile, labOf(name).config(to(canary())));
		model.callShell("printf 'man%s' go # papaya");
		const { requests } = await prompt(name, { version, args: labOf(name).toolArgs });
		expect(model.requests.some(({ body }) => body.includes("mango"))).toBe(true);
		expect(mentions(requests, "papaya")).toEqual(command);
		expect(mentions(requests, "mango")).toEqual(output);
	});

	test("Codex with max_bytes = 0: the command still, its output no more", async () => {
		const { machine, prompt, to, model } = await startLab();
		machine.write(codex.userFile, codexConfig(to(canary()), ["tool_result = { max_bytes = 0 }"]));
		model.callShell("printf 'man%s' go # papaya");
		const { requests } = await prompt("codex", { args: codex.toolArgs });
		expect(mentions(requests, "papaya")).toEqual(["codex.tool_result arguments"]);
		expect(mentions(requests, "mango")).toEqual([]);
	});

	test("Gemini CLI sends its system prompt, with what ~/.gemini/GEMINI.md says", async () => {
		const { machine, prompt, to } = await startLab();
		machine.write(gemini.userFile, geminiSettings(to(canary())));
		machine.write("~/.gemini/GEMINI.md", "A kumquat is a fruit.");
		const { requests } = await prompt("gemini");
		expect(mentions(requests, "kumquat")).toEqual([
			"gen_ai.client.inference.operation.details gen_ai.system_instructions",
			"llm_call gen_ai.system_instructions",
		]);
		expect(mentions(requests, PROMPT_WORD)).toEqual(["resource process.command_args"]);
	});
});
