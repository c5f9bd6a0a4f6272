import { spawn } from "node:child_process";
import { once } from "node:events";
import { utimesSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { canary } from "../harness/canary.ts";
import { type EndpointMachine, machine, write } from "../harness/endpoint.ts";
import { needs } from "../harness/parts.ts";
import { procfs } from "../harness/processes.ts";

const HOUR_S = 3600;

/** A machine with a token installed, whose ps shows one background process of Codex. */
async function withDaemon(age: string, variables: Readonly<Record<string, string>> = {}): Promise<EndpointMachine> {
	const m = machine();
	expect(await m.run("scope=user users=self", { token: canary().token })).toMatchObject({ code: 0 });
	const child = spawn("sleep", ["600"], { env: { PATH: "/usr/bin:/bin", ...variables }, stdio: "ignore" });
	onTestFinished(() => void child.kill("SIGKILL"));
	await once(child, "spawn");
	const line = `${process.getuid?.()} ${age} ${child.pid} /opt/codex/bin/codex app-server --managed-daemon`;
	write(join(m.root, ".."), "tools/ps", `#!/bin/sh\necho '${line}'\n`, 0o755);
	return m;
}

const report = async (m: EndpointMachine) => (await m.run("report scope=user users=self")).stdout;

/** A file's mtime, an hour ago; its ctime is now. */
function antedate(path: string): void {
	const then = Date.now() / 1000 - HOUR_S;
	utimesSync(path, then, then);
}

describe("a background process of Codex", needs(procfs), () => {
	test("that started after the last change of its file is no reason for stale", async () => {
		expect(await report(await withDaemon("00:00"))).toContain("codex:ok");
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

	test("with a variable of its own that goes before the file is stale, however young", async () => {
		const m = await withDaemon("00:00", { OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer another" });
		expect(await report(m)).toContain("codex:stale");
		expect(await report(await withDaemon("00:00", { OTHER_OTEL_EXPORTER_OTLP_HEADERS: "x" }))).toContain("codex:ok");
	});
});
