import { chmodSync, mkdirSync, symlinkSync } from "node:fs";
import { dirname } from "node:path";
import { describe, expect, test } from "vitest";
import { type Canary, canary, leaks } from "../harness/canary.ts";
import { CLI } from "../harness/cli.ts";
import type { Captured } from "../harness/clis/capture.ts";
import { claudeSettings, codexConfig, geminiSettings } from "../harness/clis/configs.ts";
import { clis, type Lab, startLab } from "../harness/clis/lab.ts";
import { namespaces } from "../harness/clis/machine.ts";
import { type CliName, cliPart, cliParts, releases } from "../harness/clis/run.ts";
import { needs } from "../harness/parts.ts";

const needed = needs(namespaces, ...cliParts);

const ids = { claude: "claude-code", codex: "codex", gemini: "gemini" } as const;
const packages = { claude: "@anthropic-ai/claude-code", codex: "@openai/codex", gemini: "@google/gemini-cli" } as const;

/** One way to set up a CLI: what it writes and what the shell has. Tokens by a letter. */
interface Setup {
	readonly env?: Readonly<Record<string, string>>;
}
type Write = (at: {
	lab: Lab;
	to(name: string, path?: string): { url: string; token: string };
	token(name: string): string;
}) => unknown;

const userClaude = "~/.claude/settings.json";
const managed = "/etc/claude-code/managed-settings.json";
const dropIn = (name: string) => `/etc/claude-code/managed-settings.d/${name}.json`;
const codexUser = "~/.codex/config.toml";
const geminiUser = "~/.gemini/settings.json";
const geminiSystem = "/etc/gemini-cli/settings.json";
const helper = (token: string) => `#!/bin/sh\nprintf '{"Authorization":"Bearer %s"}' ${token}\n`;

const cases: Record<CliName, Record<string, Write>> = {
	claude: {
		"the user's file": ({ lab, to }) => lab.machine.write(userClaude, claudeSettings(to("a"))),
		"the shell alone": ({ to }) => ({ env: JSON.parse(claudeSettings(to("a"))).env }),
		"the user's file and the same variables in the shell": ({ lab, to }) => {
			lab.machine.write(userClaude, claudeSettings(to("a")));
			return { env: JSON.parse(claudeSettings(to("b", "/shell"))).env };
		},
		"the shell diverts one signal": ({ lab, to }) => {
			lab.machine.write(userClaude, claudeSettings(to("a")));
			return { env: { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${lab.capture.url}/shell` } };
		},
		"a header for one signal": ({ lab, to, token }) => {
			const headers = { OTEL_EXPORTER_OTLP_LOGS_HEADERS: `Authorization=Bearer ${token("b")}` };
			lab.machine.write(userClaude, claudeSettings(to("a"), headers));
		},
		"a managed file over the user's": ({ lab, to }) => {
			lab.machine.write(userClaude, claudeSettings(to("a")));
			lab.machine.write(managed, claudeSettings(to("b")));
		},
		"a managed file, and a diversion in the user's file and in the shell": ({ lab, to }) => {
			lab.machine.write(managed, claudeSettings(to("a")));
			const env = { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${lab.capture.url}/user` };
			lab.machine.write(userClaude, JSON.stringify({ env }));
			return { env: { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${lab.capture.url}/shell` } };
		},
		"two drop-ins over a managed file": ({ lab, to }) => {
			lab.machine.write(managed, claudeSettings(to("a")));
			lab.machine.write(dropIn("50-a"), claudeSettings(to("b")));
			lab.machine.write(dropIn("60-b"), claudeSettings(to("c")));
		},
		"a project's file over the user's": ({ lab, to }) => {
			lab.machine.write(userClaude, claudeSettings(to("a")));
			lab.machine.write("~/project/.claude/settings.json", claudeSettings(to("b")));
		},
		"a comment in the user's file, and the shell": ({ lab, to }) => {
			lab.machine.write(userClaude, `// mine\n${claudeSettings(to("a"))}`);
			return { env: JSON.parse(claudeSettings(to("b"))).env };
		},
		"a byte order mark": ({ lab, to }) => lab.machine.write(userClaude, `\ufeff${claudeSettings(to("a"))}`),
		"our own program for the header": ({ lab, to, token }) => {
			lab.machine.write("~/.claude/crossfade-header", helper('"$(cat "${0%/*}/crossfade-token")"'));
			lab.machine.write("~/.claude/crossfade-token", `${token("b")}\n`);
			const program = `/bin/sh ${lab.machine.path("~/.claude/crossfade-header")}`;
			lab.machine.write(userClaude, claudeSettings(to("a"), {}, { otelHeadersHelper: program }));
		},
	},
	codex: {
		"the user's file": ({ lab, to }) => lab.machine.write(codexUser, codexConfig(to("a"))),
		"the system's file": ({ lab, to }) => lab.machine.write("/etc/codex/config.toml", codexConfig(to("a"))),
		"a header of the user's in the table of the system's": ({ lab, to, token }) => {
			lab.machine.write("/etc/codex/config.toml", codexConfig(to("a")));
			const header = `[otel.exporter.otlp-http.headers]\nAuthorization = "Bearer ${token("b")}"\n`;
			lab.machine.write(codexUser, header);
		},
		"none of the user's over the system's": ({ lab, to }) => {
			lab.machine.write("/etc/codex/config.toml", codexConfig(to("a")));
			lab.machine.write(codexUser, '[otel]\nexporter = "none"\n');
		},
		"requirements over the user's file": ({ lab, to }) => {
			lab.machine.write(codexUser, codexConfig(to("a")));
			lab.machine.write("/etc/codex/requirements.toml", codexConfig(to("b")));
		},
		"requirements for logs alone": ({ lab, to }) => {
			lab.machine.write(codexUser, codexConfig(to("a")));
			const { url, token } = to("b", "/enforced");
			const headers = `headers = { Authorization = "Bearer ${token}" }`;
			const exporter = `exporter = { otlp-http = { endpoint = "${url}", protocol = "binary", ${headers} } }`;
			lab.machine.write("/etc/codex/requirements.toml", `[otel]\n${exporter}\n`);
		},
		"the legacy managed file over the user's": ({ lab, to }) => {
			lab.machine.write(codexUser, codexConfig(to("a")));
			lab.machine.write("/etc/codex/managed_config.toml", codexConfig(to("b")));
		},
		"headers of the shell": ({ lab, to, token }) => {
			lab.machine.write(codexUser, codexConfig(to("a")));
			return { env: { OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer ${token("b")}` } };
		},
		"headers of the shell for logs": ({ lab, to, token }) => {
			lab.machine.write(codexUser, codexConfig(to("a")));
			return { env: { OTEL_EXPORTER_OTLP_LOGS_HEADERS: `authorization=Bearer ${token("b")}` } };
		},
		"the shell's endpoint, which does not count": ({ lab, to }) => {
			lab.machine.write(codexUser, codexConfig(to("a")));
			return { env: { OTEL_EXPORTER_OTLP_ENDPOINT: `${lab.capture.url}/shell` } };
		},
		"compression asked for by the shell": ({ lab, to }) => {
			lab.machine.write(codexUser, codexConfig(to("a")));
			return { env: { OTEL_EXPORTER_OTLP_COMPRESSION: "none" } };
		},
		"a project's file": ({ lab, to }) => {
			const trust = `[projects."${lab.machine.project}"]\ntrust_level = "trusted"\n`;
			lab.machine.write(codexUser, `${codexConfig(to("a"))}${trust}`);
			lab.machine.write("~/project/.codex/config.toml", codexConfig(to("b")));
		},
	},
	gemini: {
		"the user's file": ({ lab, to }) => lab.machine.write(geminiUser, geminiSettings(to("a"))),
		"the system's file over the user's": ({ lab, to }) => {
			lab.machine.write(geminiUser, geminiSettings(to("a")));
			lab.machine.write(geminiSystem, geminiSettings(to("b")));
		},
		"a system's file that others may write": ({ lab, to }) => {
			lab.machine.write(geminiUser, geminiSettings(to("a")));
			lab.machine.write(geminiSystem, geminiSettings(to("b")));
			chmodSync(lab.machine.path(geminiSystem), 0o664);
		},
		"the shell's OTEL_EXPORTER_OTLP_ENDPOINT": ({ lab, to }) => {
			lab.machine.write(geminiUser, geminiSettings(to("a")));
			const { url, token } = to("b");
			return { env: { OTEL_EXPORTER_OTLP_ENDPOINT: `${url}/ingest/${token}` } };
		},
		"GEMINI_TELEMETRY_ENABLED=false, which does not stop it": ({ lab, to }) => {
			lab.machine.write(geminiUser, geminiSettings(to("a")));
			return { env: { GEMINI_TELEMETRY_ENABLED: "false" } };
		},
		"user and password in the URL": ({ lab, to, token }) => {
			const endpoint = `http://crossfade:${token("a")}@${new URL(lab.capture.url).host}/base/`;
			lab.machine.write(geminiUser, geminiSettings(to("a"), { otlpEndpoint: endpoint }));
		},
	},
};

/** What the other release does not have, or takes too long over to be asked again. */
const newestOnly: Partial<Record<CliName, Record<string, Write>>> = {
	gemini: {
		"the shell's headers": ({ lab, to, token }) => {
			lab.machine.write(geminiUser, geminiSettings(to("a")));
			return { env: { OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${token("b")}` } };
		},
		"a project's file over the user's": ({ lab, to }) => {
			lab.machine.write(geminiUser, geminiSettings(to("a")));
			lab.machine.write("~/project/.gemini/settings.json", geminiSettings(to("b")));
		},
		"an outfile of the user's under the system's file": ({ lab, to }) => {
			const outfile = lab.machine.path("~/telemetry.log");
			lab.machine.write(geminiUser, JSON.stringify({ telemetry: { outfile } }));
			lab.machine.write(geminiSystem, geminiSettings(to("a"), { outfile: undefined }));
		},
		"a project's .env": ({ lab, to }) => {
			lab.machine.write(geminiUser, geminiSettings(to("a")));
			const { url, token } = to("b");
			lab.machine.write("~/project/.env", `OTEL_EXPORTER_OTLP_ENDPOINT=${url}/ingest/${token}\n`);
			lab.machine.write("~/.gemini/.env", `OTEL_EXPORTER_OTLP_ENDPOINT=${url}/ingest/never-read\n`);
		},
		"the .env of the home": ({ lab, to }) => {
			lab.machine.write(geminiUser, geminiSettings(to("a")));
			const { url, token } = to("b");
			lab.machine.write("~/.gemini/.env", `# mine\nGEMINI_TELEMETRY_OTLP_ENDPOINT="${url}/ingest/${token}"\n`);
		},
	},
	claude: {
		"a program of the user's under a managed file": ({ lab, to, token }) => {
			lab.machine.write(managed, claudeSettings(to("a")));
			lab.machine.write("~/.claude/crossfade-header", helper('"$(cat "${0%/*}/crossfade-token")"'));
			lab.machine.write("~/.claude/crossfade-token", token("b"));
			const otelHeadersHelper = `/bin/sh ${lab.machine.path("~/.claude/crossfade-header")}`;
			lab.machine.write(userClaude, JSON.stringify({ otelHeadersHelper }));
		},
		"a managed file with a header alone, and an endpoint of the user's": ({ lab, to, token }) => {
			const env = { OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer ${token("b")}` };
			lab.machine.write(managed, JSON.stringify({ env }));
			lab.machine.write(userClaude, claudeSettings(to("a")));
		},
	},
};

const all = (Object.keys(cases) as CliName[]).flatMap((name) => [
	...Object.values(releases[name]).flatMap((version) =>
		Object.entries(cases[name]).map(([title, write]) => [name, version, title, write] as const),
	),
	...Object.entries(newestOnly[name] ?? {}).map(
		([title, write]) => [name, releases[name].newest, title, write] as const,
	),
]);

interface DoctorOutput {
	readonly signals: readonly { signal: string; sends: boolean; url?: string; token?: string; fingerprint?: string }[];
	readonly release: string;
}

describe("what doctor says is what the real CLI then does", needed, () => {
	test.each(all)("%s %s: %s", async (name, version, _title, write) => {
		const lab = await startLab();
		const tokens = new Map<string, Canary>();
		const known = (letter: string) => {
			const token = tokens.get(letter) ?? canary();
			tokens.set(letter, token);
			return token;
		};
		const setup = write({
			lab,
			to: (letter, path = "") => ({ ...lab.to(known(letter)), url: `${lab.capture.url}${path}` }),
			token: (letter) => known(letter).token,
		}) as Setup | undefined;
		installed(lab, name, version);
		const told = await consult(lab, name, [...tokens], setup?.env);
		expect(told.release).toBe(version);
		lab.capture.clear();
		const { code, stdout } = await clis[name].run({
			...lab,
			prompt: "Hello",
			version,
			...(setup?.env && { env: setup.env }),
		});
		expect({ code, answered: stdout.includes("Done."), refused: lab.capture.refused }).toEqual({
			code: 0,
			answered: true,
			refused: [],
		});
		expect(sent(told)).toEqual(arrived(lab.capture.requests, lab.capture.url, tokens));
	});
});

/** The package where doctor looks for it: in an npm root of the home. */
function installed(lab: Lab, name: CliName, version: string): void {
	const link = lab.machine.path(`~/.npm-global/lib/node_modules/${packages[name]}`);
	mkdirSync(dirname(link), { recursive: true });
	symlinkSync(cliPart(name, version).path, link);
}

async function consult(
	lab: Lab,
	name: CliName,
	tokens: readonly (readonly [string, Canary])[],
	env: Readonly<Record<string, string>> = {},
): Promise<DoctorOutput> {
	const flags = tokens.flatMap(([letter, { fingerprint }]) => ["--token", `${letter}=fp:${fingerprint}`]);
	const { stdout, stderr } = await lab.machine.run(
		[process.execPath, CLI, "doctor", "--json", "--cli", ids[name], ...flags],
		{ env },
	);
	expect(stderr).toBe("");
	expect(
		leaks(
			tokens.map(([, token]) => token),
			{ stdout, stderr },
		),
	).toEqual([]);
	return JSON.parse(stdout).clis[0];
}

/** Signal, URL and the letter of the token, as doctor says. */
function sent({ signals }: DoctorOutput): string[] {
	return signals
		.filter(({ sends, url }) => sends && url)
		.map(({ signal, url, token }) => `${signal} ${url} ${token ?? "none"}`)
		.sort();
}

/** The same as it arrived. */
function arrived(requests: readonly Captured[], origin: string, tokens: ReadonlyMap<string, Canary>): string[] {
	const found = requests.map(({ signal, url, headers }) => {
		const { authorization = "" } = headers;
		const carried = authorization.startsWith("Basic ")
			? Buffer.from(authorization.slice(6), "base64").toString()
			: authorization || url;
		const [letter = "none", token] = [...tokens].find(([, each]) => carried.includes(each.token)) ?? [];
		// Where the header carries another one, the one in the path is shown by its length.
		const shown =
			token && url.includes(token.token)
				? url.replace(token.token, "TOKEN")
				: url.replace(/[\w-]{43}/, "[43 characters]");
		return `${signal} ${origin}${shown} ${letter}`;
	});
	return [...new Set(found)].sort();
}
