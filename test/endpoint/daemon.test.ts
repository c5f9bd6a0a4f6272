import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { canary } from "../harness/canary.ts";
import { scratch } from "../harness/cli.ts";
import { type EndpointMachine, machine, write } from "../harness/endpoint.ts";
import { needs } from "../harness/parts.ts";
import { procfs } from "../harness/processes.ts";

const HOUR_S = 3600;

/** A machine with a token installed, whose ps shows one background process of Codex. */
async function withDaemon(
	age: string,
	variables: (home: string) => Readonly<Record<string, string>> = () => ({}),
	command = "/opt/codex/bin/codex app-server --managed-daemon",
	pid?: number,
): Promise<EndpointMachine> {
	const m = machine();
	expect(await m.run("scope=user users=self", { token: canary().token })).toMatchObject({ code: 0 });
	const child = spawn("sleep", ["600"], { env: { PATH: "/usr/bin:/bin", ...variables(m.home) }, stdio: "ignore" });
	onTestFinished(() => void child.kill("SIGKILL"));
	await once(child, "spawn");
	const line = `${process.getuid?.()} ${age} ${pid ?? child.pid} ${command}`;
	const folder = join(m.root, "..");
	const clock = join(folder, "clock");
	write(folder, "tools/ps", `#!/bin/sh\necho '${line}'\n[ ! -e ${clock}.next ] || mv ${clock}.next ${clock}\n`, 0o755);
	write(folder, "tools/date", `#!/bin/sh\n[ "$*" = +%s ] || exec /bin/date "$@"\ncat ${clock}\n`, 0o755);
	setClock(m, 60);
	return m;
}

/** Sets the machine's clock to seconds after the last change of the file, for ps, and for what comes after it. */
function setClock(m: EndpointMachine, seconds: number, afterPs = seconds): void {
	const changed = Math.floor(statSync(m.files.codex).ctimeMs / 1000);
	write(join(m.root, ".."), "clock", `${changed + seconds}\n`);
	write(join(m.root, ".."), "clock.next", `${changed + afterPs}\n`);
}

const report = async (m: EndpointMachine) => (await m.run("report scope=user users=self")).stdout;

/** A file's mtime, an hour ago; its ctime is now. */
function antedate(path: string): void {
	const then = Date.now() / 1000 - HOUR_S;
	utimesSync(path, then, then);
}

describe("a background process of Codex", needs(procfs), () => {
	test("that started after the last change of its file is no reason for stale", async () => {
		expect(await report(await withDaemon("00:58"))).toContain("codex:ok");
	});

	test("that started within two seconds after it is stale: whole seconds do not tell which came first", async () => {
		expect(await report(await withDaemon("00:59"))).toContain("codex:stale");
	});

	test("that started before it is stale, however long the look took", async () => {
		const m = await withDaemon("00:20");
		setClock(m, 10, 600);
		expect(await report(m)).toContain("codex:stale");
	});

	test("that started before somebody else changed the file is stale, whatever our record says", async () => {
		const m = await withDaemon("05:00");
		antedate(`${m.files.codex}.crossfade-undo`);
		expect(await report(m)).toContain("codex:stale");
	});

	test("that started before a file with an old time was put there is stale", async () => {
		const m = await withDaemon("05:00");
		antedate(`${m.files.codex}.crossfade-undo`);
		antedate(m.files.codex);
		expect(await report(m)).toContain("codex:stale");
	});

	test.each<[string, "ok" | "stale", (home: string, other: string) => Readonly<Record<string, string>>]>([
		["in another home", "ok", (_home, other) => ({ HOME: other })],
		["with CODEX_HOME elsewhere", "ok", (home, other) => ({ HOME: home, CODEX_HOME: other })],
		["in this home", "stale", (home) => ({ HOME: home })],
		["in this home by another path", "stale", (home) => ({ HOME: `${home}/./` })],
		["with this home's CODEX_HOME", "stale", (home, other) => ({ HOME: other, CODEX_HOME: `${home}/.codex` })],
		["in a home that is not there", "stale", (home) => ({ HOME: `${home}/gone` })],
		["in a home without a full path", "stale", () => ({ HOME: "." })],
		["with two homes", "stale", (_home, other) => ({ HOME: other, X: `\nHOME=${other}` })],
	])("that started before it, %s, is %s", async (_where, state, variables) => {
		const other = scratch({ ".codex/config.toml": "" });
		expect(await report(await withDaemon("05:00", (home) => variables(home, other)))).toContain(`codex:${state}`);
	});

	test.each([
		"/bin/sh -c needle=--managed-daemon",
		"grep -rn -- --managed-daemon .codex",
		"/opt/codex/bin/codex resume needle=--managed-daemon",
	])("is told by its program and a word after it: %s is none", async (command) => {
		const m = await withDaemon("05:00", () => ({}), command);
		expect(await report(m)).toContain("codex:ok");
	});

	test("in a folder with blanks is one", async () => {
		const m = await withDaemon("05:00", () => ({}), "/opt/my apps/codex app-server --managed-daemon");
		expect(await report(m)).toContain("codex:stale");
	});

	test("that ended while the script looked is none", async () => {
		const gone = spawnSync("true").pid;
		const m = await withDaemon("05:00", () => ({}), "/opt/codex/bin/codex app-server --managed-daemon", gone);
		expect(await report(m)).toContain("codex:ok");
	});

	test("with a variable of its own that goes before the file is stale, however young", async () => {
		const m = await withDaemon("00:00", () => ({ OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer another" }));
		expect(await report(m)).toContain("codex:stale");
		const harmless = await withDaemon("00:00", () => ({ OTHER_OTEL_EXPORTER_OTLP_HEADERS: "x" }));
		expect(await report(harmless)).toContain("codex:ok");
	});
});
