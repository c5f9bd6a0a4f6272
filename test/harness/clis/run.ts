import { join } from "node:path";
import { cliPackage, type Part } from "../parts.ts";
import type { Ended, LabMachine } from "./machine.ts";
import type { FakeModel } from "./model.ts";

/** One prompt, in one run of a CLI. */
export interface CliRun {
	readonly machine: LabMachine;
	readonly model: FakeModel;
	readonly prompt: string;
	/** The newest of ours if not given. */
	readonly version?: string;
	/** Variables of the shell that it is started from. */
	readonly env?: Readonly<Record<string, string>>;
	/** More of its own arguments. */
	readonly args?: readonly string[];
}

/** The releases in test/parts/clis: the newest, and one on the other side of a gate. */
export const releases = {
	claude: { newest: "2.1.330", old: "2.1.81" },
	codex: { newest: "0.169.0", old: "0.165.0" },
	gemini: { newest: "0.61.0", old: "0.33.2" },
} as const;

/** Where a package starts; from before a release in another file. */
const entries = { claude: "cli-wrapper.cjs", codex: "bin/codex.js", gemini: "bundle/gemini.js" } as const;
const formerEntries: Readonly<Record<string, string>> = { "claude-2.1.81": "cli.js", "gemini-0.33.2": "dist/index.js" };

export type CliName = keyof typeof releases;

/** The package of a CLI, or the reason why it is not here. */
export const cliPart = (name: CliName, version: string = releases[name].newest): Part =>
	cliPackage(`${name}-${version}`);

/** The packages of every CLI in both releases. */
export const cliParts = (Object.keys(releases) as CliName[]).flatMap((name) =>
	Object.values(releases[name]).map((version) => cliPart(name, version)),
);

function run(
	name: CliName,
	args: readonly string[],
	env: Readonly<Record<string, string>>,
	options: CliRun,
): Promise<Ended> {
	const { version = releases[name].newest, machine } = options;
	const script = join(cliPart(name, version).path, formerEntries[`${name}-${version}`] ?? entries[name]);
	return machine.run([process.execPath, script, ...args, ...(options.args ?? [])], { env: { ...env, ...options.env } });
}

/** `claude -p`, with an API key that means nothing, and more time to send at its end than a busy machine needs. */
export function runClaude(options: CliRun): Promise<Ended> {
	const env = {
		ANTHROPIC_BASE_URL: options.model.url.anthropic,
		ANTHROPIC_API_KEY: "sk-ant-fake",
		DISABLE_AUTOUPDATER: "1",
		CLAUDE_CODE_TMPDIR: options.machine.tmp,
		CLAUDE_CODE_OTEL_SHUTDOWN_TIMEOUT_MS: "60000",
	};
	return run("claude", ["-p", options.prompt], env, options);
}

/** `codex exec`, whose model provider is given by flags, so that config.toml is left to the test. */
export function runCodex(options: CliRun): Promise<Ended> {
	const provider = `{ name = "fake", base_url = "${options.model.url.openai}", env_key = "FAKE_KEY", wire_api = "responses" }`;
	const flags = ["-c", 'model_provider="fake"', "-c", `model_providers.fake=${provider}`, "-c", 'model="fake"'];
	return run("codex", ["exec", "--skip-git-repo-check", ...flags, options.prompt], { FAKE_KEY: "fake" }, options);
}

/**
 * `gemini -p`, with an API key that means nothing. The way to sign in stands in the lowest of its files; the folder is trusted; and the
 * model is named, because else another one is asked which to take.
 */
export function runGemini(options: CliRun): Promise<Ended> {
	const signIn = { security: { auth: { selectedType: "gemini-api-key" } } };
	options.machine.write("/etc/gemini-cli/system-defaults.json", JSON.stringify(signIn));
	const env = {
		GOOGLE_GEMINI_BASE_URL: options.model.url.gemini,
		GEMINI_API_KEY: "fake",
		GEMINI_CLI_TRUST_WORKSPACE: "true",
	};
	return run("gemini", ["-m", "gemini-2.5-flash", "-p", options.prompt], env, options);
}
