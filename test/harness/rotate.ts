import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { sandboxProviders } from "../../src/adapters/providers/sandbox.generated.ts";
import { type ExitName, exitCodes } from "../../src/base/errors.ts";
import { readSettings } from "../../src/base/settings.ts";
import { serve } from "../../src/effects/net/http-server.ts";
import type { SandboxStatus } from "../../src/rehearse/sandbox/ledger.ts";
import { startSandbox } from "../../src/rehearse/sandbox/server.ts";
import { newAgeKey } from "../../src/rotate/sealing.ts";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { filesBelow, leaks } from "./canary.ts";
import { type CliRunOptions, crossfadeProcess, scratch } from "./cli.ts";
import { crossfade } from "./command.ts";

export interface RotationOptions {
	/** Lines of the rotation's block besides the usual ones. */
	readonly rotation?: readonly string[];
	/** Keys of the store besides kind and path, as YAML in one line. */
	readonly store?: string;
	/** More blocks of the file. */
	readonly more?: readonly string[];
	readonly settings?: Readonly<Record<string, string>>;
	/** The place in the endpoint of OTLP providers. */
	readonly base?: string;
}

/** A provider in this process, a fleet file with one rotation `it` and one store `file`, and a folder in which commands run. */
export async function rotationWorld(id: string, options: RotationOptions = {}) {
	const provider = sandboxProviders.find((each) => each.id === id);
	if (!provider) throw new Error(`no sandbox of ${id}`);
	const random = { token: () => randomBytes(32).toString("base64url") };
	const first = provider.prefix + random.token();
	const admin = (provider.adminKey?.prefix ?? "") + random.token();
	const problem = (wrong: { what: string }) => expect.unreachable(wrong.what);
	const server = await startSandbox(
		{ serve, random, clock: { now: () => Date.now(), after: () => () => {} } },
		{
			host: "127.0.0.1",
			port: 0,
			provider,
			settings: readSettings(provider.settings, options.settings ?? {}, () => "--set", problem),
			token: first,
			adminKey: admin,
			faults: [],
			onEvent: () => {},
		},
	);
	onTestFinished(() => server.close());
	const key = await newAgeKey();
	const endpoint = server.url + (options.base ?? provider.otlp?.base ?? "");
	const cwd = scratch({ "live.token": first, "admin.key": admin, "crossfade.key": key.identity });
	for (const name of ["live.token", "admin.key", "crossfade.key"]) chmodSync(join(cwd, name), 0o600);
	const fleet = [
		"version: 1",
		"stores:",
		`  file: { kind: token-file, path: live.token, ${options.store ?? "confirm: person, within: 1m"} }`,
		"rotations:",
		"  it:",
		`    provider: ${id}`,
		"    current: store:file",
		"    stores: [file]",
		`    endpoint: ${endpoint}`,
		"    key: file:crossfade.key",
		...(options.rotation ?? []).map((line) => `    ${line}`),
		...(options.more ?? []),
		"",
	].join("\n");
	writeFileSync(join(cwd, "crossfade.yaml"), fleet);
	const tokens = [first, admin, key.identity];
	const holders = [
		"live.token",
		"admin.key",
		"crossfade.key",
		"new.token",
		"out.token",
		"other.token",
		"app.env",
		"script.secret.sh",
	];
	const control = async (path: string, body: unknown = {}) => {
		const response = await fetch(`${server.url}/_sandbox${path}`, { method: "POST", body: JSON.stringify(body) });
		return (await response.json()) as Record<string, unknown>;
	};
	const read = (name: string) => readFileSync(join(cwd, name), "utf8");
	const runOptions = (more: CliRunOptions): CliRunOptions => ({
		cwd,
		canaries: [...tokens, ...seen()].map((token) => ({ token, fingerprint: fingerprint(token) })),
		holders,
		...more,
	});
	/** Whatever the store holds now must not show elsewhere either. */
	const live = () => (existsSync(join(cwd, "live.token")) ? read("live.token").trim() : "");
	const seen = () => [live()].filter((token) => token.length >= 20 && !tokens.includes(token));
	/** Once more after the run, which may have got a token that nobody knew before: what it printed, and the journal. */
	const searched = ({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }) => {
		const known = [...tokens, ...seen()].map((token) => ({ token, fingerprint: fingerprint(token) }));
		const state = join(cwd, ".local");
		const journals = existsSync(state) ? filesBelow(state) : {};
		expect(leaks(known, { stdout, stderr, ...journals }), "a token in output or journal").toEqual([]);
	};
	return {
		cwd,
		url: server.url,
		first,
		read,
		control,
		/** Runs a verb, and compares how it ended. */
		async rotate(exit: ExitName, verb: string, ...flags: string[]) {
			const ran = await crossfade(["rotate", verb, "it", ...flags], runOptions({}));
			searched(ran);
			expect(`${verb}: ${ran.code}\n${ran.stdout}${ran.stderr}`).toMatch(
				new RegExp(`^${verb}: ${exitCodes[exit][0]}\n`),
			);
			return ran.stdout + ran.stderr;
		},
		/** A verb with words of its own; returns all that it printed, the result first. */
		async rotateAny(exit: ExitName, ...args: string[]) {
			const { stdout, stderr } = await this.run(exit, "rotate", ...args);
			return exit === "ok" ? stdout : stdout + stderr;
		},
		/** Another command in the same folder. */
		async run(exit: ExitName, ...args: string[]) {
			const ran = await crossfade(args, runOptions({}));
			searched(ran);
			expect(`${args[0]}: ${ran.code}\n${ran.stdout}${ran.stderr}`).toMatch(
				new RegExp(`^${args[0]}: ${exitCodes[exit][0]}\n`),
			);
			return ran;
		},
		/** The exit code of any command. */
		async code(...args: string[]) {
			const ran = await crossfade(args, runOptions({}));
			searched(ran);
			return ran.code;
		},
		/** The same in a process of its own, which may be killed. */
		async process(verb: string, flags: readonly string[], more: CliRunOptions = {}) {
			const ran = await crossfadeProcess(["rotate", verb, "it", ...flags], runOptions(more));
			searched(ran);
			return ran;
		},
		/** The portal's button; the new token is in `new.token`. */
		async click(body: unknown = {}) {
			const { token } = await control(id === "activitylog" ? "/mint" : "/rotate", body);
			tokens.push(String(token));
			writeFileSync(join(cwd, "new.token"), String(token), { mode: 0o600 });
			return String(token);
		},
		later: (time: string) => control("/clock", { advance: time, date: true }),
		status: async () => (await (await fetch(`${server.url}/_sandbox`)).json()) as SandboxStatus,
		/** The state of a token at the provider. */
		async stateOf(token: string) {
			const { tokens: all } = (await (await fetch(`${server.url}/_sandbox`)).json()) as SandboxStatus;
			return all.find((each) => each.fingerprint === fingerprint(token))?.state;
		},
		fleet,
		write: (name: string, text: string) => writeFileSync(join(cwd, name), text, { mode: 0o600 }),
	};
}

export type RotationWorld = Awaited<ReturnType<typeof rotationWorld>>;

/** Lines for a provider with a management API; the first token's id is asked of the sandbox. */
export async function managed(id: string, options: RotationOptions = {}): Promise<RotationWorld> {
	const world = await rotationWorld(id, options);
	const [token] = (await world.status()).tokens;
	world.write(
		"crossfade.yaml",
		world.fleet.replace(
			"    key: file:crossfade.key",
			`    key: file:crossfade.key\n    admin: file:admin.key\n    token-id: ${token?.id}`,
		),
	);
	return world;
}

/** What the provider answers; `date` is what its clock shows, as the header has it, and undefined where the answer does not tell. */
export interface ProviderAnswer {
	readonly status: number;
	readonly body: Buffer;
	readonly date: string | undefined;
	/** Further headers of a changed answer. */
	readonly headers?: Readonly<Record<string, string>>;
}

/** From now on the fleet file names another address of the provider, which may change what it answers. */
export async function behind(
	world: RotationWorld,
	change: (request: IncomingMessage, answer: ProviderAnswer) => ProviderAnswer,
): Promise<void> {
	const proxy = createServer(async (request, response) => {
		const body = Buffer.concat(await request.toArray());
		const { method = "GET", headers, url = "" } = request;
		const passed = ["authorization", "content-type", "content-encoding"].flatMap((name) => {
			const value = headers[name];
			return typeof value === "string" ? [[name, value] as [string, string]] : [];
		});
		const from = await fetch(world.url + url, { method, headers: passed, ...(body.length > 0 ? { body } : {}) });
		const given = change(request, {
			status: from.status,
			body: Buffer.from(await from.arrayBuffer()),
			date: from.headers.get("date") ?? undefined,
		});
		response.sendDate = false;
		if (given.date !== undefined) response.setHeader("date", given.date);
		response.setHeader("content-type", from.headers.get("content-type") ?? "text/plain");
		response.writeHead(given.status, given.headers).end(given.body);
	}).listen(0, "127.0.0.1");
	onTestFinished(() => {
		proxy.closeAllConnections();
		proxy.close();
	});
	await once(proxy, "listening");
	const { port } = proxy.address() as AddressInfo;
	world.write("crossfade.yaml", world.read("crossfade.yaml").replace(world.url, `http://127.0.0.1:${port}`));
}
