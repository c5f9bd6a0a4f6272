import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type OutgoingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { scratch } from "../harness/cli.ts";
import { crossfade } from "../harness/command.ts";

/** A token that stands by mistake where a message repeats a word: of a file's names and values, of a header, of an answer. */

/** As random as any, and the same in each run: what is masked depends on how a token looks. */
const T = ["kQ7vX2mZ9rT4", "bN6wL1cJ8hF3", "dS5gP0yAeUiO2468"].join("");
const canaries = [{ token: T, fingerprint: fingerprint(T) }];

/** Runs a command over files of a folder, and fails if the token shows in what it printed. */
async function ran(args: readonly string[], files: Readonly<Record<string, string>>) {
	const cwd = scratch();
	for (const [path, text] of Object.entries(files)) {
		mkdirSync(dirname(join(cwd, path)), { recursive: true });
		writeFileSync(join(cwd, path), text, { mode: 0o600 });
	}
	const { code, stdout, stderr } = await crossfade(args, { cwd, canaries, holders: Object.keys(files) });
	expect(code, stderr).not.toBe(70);
	return (stdout + stderr).replaceAll(/\s+/g, " ");
}

describe("collector and check", () => {
	const INTO = ["collector", "-d", "alloy", "--into", "a.alloy", "--diff"];
	const RECEIVER = 'otelcol.receiver.otlp "in" { output { logs = [] } }';

	test.each(["foreach", "declare"])("the label of a %s that has the receivers", async (block) => {
		const said = await ran(INTO, { "a.alloy": `${block} "${T}" {\n${RECEIVER}\n}\n` });
		expect(said).toMatch(new RegExp(`are inside ${block} "\\[40 characters\\]"`));
	});

	test("a name in the file that is like the one that is meant", async () => {
		const alloy = `otelcol.processor.batch "${T}" { output { } }\notelcol.receiver.otlp "in" { output { logs = [otelcol.processor.batch.${T}x.input] } }\n`;
		expect(await ran(["check", "a.alloy", "-d", "alloy"], { "a.alloy": alloy })).toContain("[");
		const yaml = [
			`receivers: { otlp/${T}: { protocols: { grpc: {} } } }`,
			"exporters: { debug: {} }",
			`service: { pipelines: { logs: { receivers: [otlp/${T}x], exporters: [debug] } } }`,
		];
		const said = await ran(["check", "a.yaml", "-d", "contrib"], { "a.yaml": `${yaml.join("\n")}\n` });
		expect(said).toContain("otlp/[41 characters]");
		expect(said).not.toContain("Did you mean");
	});
});

describe("rotate", () => {
	test("the names of stores and rotations of the fleet file, and what is not one of them", async () => {
		const store = "kind: token-file, path: live.token, confirm: person, within: 1m";
		const fleet = [
			"version: 1",
			`stores: { ${T}: { ${store} } }`,
			`rotations: { ${T}: { provider: torii, current: store:${T}, stores: [${T}x], key: file:k } }`,
		];
		const said = await ran(["rotate", "plan", `${T}x`], { "crossfade.yaml": `${fleet.join("\n")}\n` });
		expect(said).toContain("there is no store [41 characters]");
		expect(said).not.toContain("did you mean");
	});
});

describe("doctor", () => {
	const env = (...names: string[]) => JSON.stringify({ env: Object.fromEntries(names.map((name) => [name, T])) });
	const claude = ".claude/settings.json";
	const codex = ".codex/config.toml";

	test.each([
		["Claude Code", claude, env("OTEL_LOGS_EXPORTER", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TIMEOUT", T)],
		[
			"Claude Code",
			claude,
			JSON.stringify({
				env: { OTEL_LOGS_EXPORTER: T },
				hooks: { [T]: [{ hooks: [{ type: T, [T]: T }] }] },
				[T]: { [T]: T },
			}),
		],
		["Claude Code", claude, JSON.stringify({ extraKnownMarketplaces: { [T]: { source: { source: T, [T]: T } } } })],
		[
			"Claude Code",
			claude,
			JSON.stringify({ permissions: { defaultMode: T, allow: T, [T]: T }, cleanupPeriodDays: T }),
		],
		["Codex CLI", codex, `[otel]\nexporter = "${T}"\nenvironment = "${T}"\n${T} = "${T}"\n`],
		["Codex CLI", codex, `[otel]\nexporter = { ${T} = { endpoint = "${T}" } }\n`],
		[
			"Codex CLI",
			codex,
			`[otel]\nexporter = { otlp-http = { endpoint = "${T}", protocol = "${T}", ${T} = "${T}" } }\n`,
		],
		[
			"Codex CLI",
			codex,
			`sandbox_mode = "${T}"\napproval_policy = "${T}"\n[mcp_servers.${T}]\ncommand = 1\n[tools]\nweb_search = "${T}"\n`,
		],
		[
			"Codex CLI",
			codex,
			`[model_providers.${T}]\nname = 1\n[profiles.${T}]\nmodel = 1\n[projects."${T}"]\ntrust_level = "${T}"\n`,
		],
		["Codex CLI", codex, `[otel\n${T}`],
		[
			"Gemini CLI",
			".gemini/settings.json",
			JSON.stringify({ telemetry: { enabled: T, target: T, otlpProtocol: T, [T]: T } }),
		],
		[
			"Gemini CLI",
			".gemini/settings.json",
			JSON.stringify({ telemetry: { enabled: true }, hooks: { [T]: [{ [T]: T }] }, tools: T, mcpServers: { [T]: T } }),
		],
	])("the settings of %s, in %s: %#", async (title, path, text) => {
		const about = new RegExp(`${title}(: not found| \\(release unknown\\)) (layers|logs|error|warning) `);
		expect(await ran(["doctor"], { [path]: text })).toMatch(about);
		expect(await ran(["doctor", "--json"], { [path]: text })).toContain("{");
	});
});

describe("probe", () => {
	const json = (body: unknown) => JSON.stringify(body);
	const loss = (rejected: unknown) =>
		json({ partialSuccess: { rejectedLogRecords: rejected, errorMessage: `invalid ${T}` } });

	test.each<readonly [string, number, OutgoingHttpHeaders, string]>([
		["a cache", 200, { "x-cache": `${T} HIT`, via: `1.1 ${T}`, server: `${T}/1` }, "{}"],
		["a warning", 200, { warning: `110 ${T} "${T}"`, age: T, "cf-cache-status": `HIT ${T}` }, "{}"],
		["a content type", 200, { "content-type": `${T}/${T}` }, "{}"],
		["a page", 200, { "content-type": "text/html" }, `<html>${T}`],
		["a loss", 200, {}, loss(1)],
		["an impossible loss", 200, {}, loss(-1)],
		["a loss that is no number", 200, {}, loss(T)],
		["a contradiction", 200, { "grpc-status": T, "grpc-message": T }, json({ message: `unauthorized ${T}`, code: T })],
		["a refusal", 401, { "www-authenticate": `Bearer realm="${T}", error="${T}"` }, json({ error: T })],
		["another refusal", 403, { "x-error": T, "x-amzn-errortype": T }, T],
		["a redirect", 302, { location: `/${T}?t=${T}` }, ""],
		["an error", 503, { "retry-after": T }, json({ message: T })],
	])("the words of %s", async (_, status, headers, body) => {
		const server = createServer((request, response) => {
			request.resume().on("end", () => {
				response.writeHead(status, { "content-type": "application/json", ...headers }).end(body);
			});
		}).listen(0, "127.0.0.1");
		onTestFinished(() => {
			server.closeAllConnections();
			server.close();
		});
		await once(server, "listening");
		const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
		const sent = [
			"--provider",
			"custom",
			"--endpoint",
			endpoint,
			"--token",
			"old=file:other.token",
			"--signals",
			"logs",
		];
		const said = await ran(["probe", ...sent], { "other.token": `k${"z0".repeat(20)}` });
		expect(said).toMatch(/ (INCONCLUSIVE|REJECTED|ACCEPTED|[A-Z ]+) +\d{3} /);
	});
});
