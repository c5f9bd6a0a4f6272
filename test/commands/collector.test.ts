import { execFileSync } from "node:child_process";
import {
	chmodSync,
	chownSync,
	existsSync,
	readdirSync,
	readFileSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { distributionIds, loadDistribution } from "../../src/adapters/collectors/registry.ts";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { canary, filesBelow, leaks } from "../harness/canary.ts";
import { type CliRunOptions, scratch } from "../harness/cli.ts";
import { crossfade } from "../harness/command.ts";
import { needs, smallDisks } from "../harness/parts.ts";

const distributions = (await Promise.all(distributionIds.map(loadDistribution))).filter((each) => each !== undefined);
const mine = canary();
/** A token of a kind that a name of a host could be by its letters. */
const MISPLACED = "7Hq2Zp9Lx4Vb8Kd3Wm6Tn1Rc5Yf0Js";
/** Somebody's config, with somebody's token in it. */
const config = `receivers:
  otlp:
    protocols:
      grpc:
exporters:
  splunk_hec:
    token: ${mine.token}
    endpoint: https://hec.example.com
service:
  pipelines:
    logs:
      receivers: [otlp]
      exporters: [splunk_hec]
`;
/** Files with a config in them that is nobody's own file on a host. */
const kubeStack = `collectors:
  daemon:
    config:
${config.replaceAll(/^/gm, "      ").trimEnd()}
`;
const compose = `services:
  otelcol:
    image: otel/opentelemetry-collector-contrib:0.155.0
configs:
  otelcol:
    content: |
${config.replaceAll(/^/gm, "      ").trimEnd()}
`;
const into = (folder: string, ...args: string[]) => [
	"collector",
	"-d",
	"contrib",
	"--into",
	join(folder, "c.yaml"),
	...args,
];
const isRoot = process.getuid?.() === 0;

describe("crossfade collector", () => {
	test.each(distributionIds)("-d %s prints a config and nothing else", async (id) => {
		const { code, stdout, stderr } = await crossfade(["collector", "-d", id]);
		expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
		expect(stdout).toContain("https://ai-events.toriihq.com");
	});

	test("no option takes a token, whatever it is called", async () => {
		const { stdout } = await crossfade(["collector", "--help"]);
		const options = [...stdout.matchAll(/^\s+(-\S+(?:, --\S+)?)/gm)].map(([, flag]) => flag);
		// --token takes fingerprints; collector-attribute.test.ts has it refuse a token.
		expect(options.filter((flag) => /token/.test(flag ?? ""))).toEqual(["--token-file", "--token"]);
	});

	test("--out writes the config, the runbook and the script, and again the same", async () => {
		const cwd = scratch();
		const first = await crossfade(["collector", "-d", "splunk", "--out", "made"], { cwd });
		expect(first.code).toBe(0);
		expect(readdirSync(join(cwd, "made")).sort()).toEqual([
			"RUNBOOK.md",
			"agent_config.yaml",
			"rotate-torii.sh",
			"systemd",
		]);
		expect(statSync(join(cwd, "made/rotate-torii.sh")).mode & 0o777).toBe(0o755);
		expect((await crossfade(["collector", "-d", "splunk", "--out", "made"], { cwd })).code).toBe(0);
		writeFileSync(join(cwd, "made/agent_config.yaml"), "mine: {}\n");
		const refused = await crossfade(["collector", "-d", "splunk", "--out", "made"], { cwd });
		expect(refused).toMatchObject({ code: 11, stderr: expect.stringContaining("a different file already exists") });
		expect(readFileSync(join(cwd, "made/agent_config.yaml"), "utf8")).toBe("mine: {}\n");
		expect((await crossfade(["collector", "-d", "splunk", "--out", "made", "--force"], { cwd })).code).toBe(0);
	});

	test("--json says what was decided", async () => {
		const { stdout } = await crossfade(["collector", "-d", "adot", "--target-version", "0.40", "--json"]);
		expect(JSON.parse(stdout)).toMatchObject({
			distribution: "adot",
			version: "0.40.0",
			otelcolVersion: "0.102.1",
			delivery: { way: "file", apply: "reload" },
			components: { exporter: "otlphttp/torii" },
		});
	});

	test.each([
		["contrib", "0.159.0", "kubernetes", "watch", "nothing"],
		["contrib", "0.145.0", "systemd", "file", "reload"],
		["contrib", "0.139.0", "systemd", "watch", "nothing"],
		["contrib", "0.139.0", "kubernetes", "file", "restart"],
		["contrib", "0.159.0", "windows", "watch", "restart"],
		["contrib", "0.159.0", "ecs", "watch", "restart"],
		["splunk", "0.110.0", "systemd", "file", "reload"],
		["edot", "9.3.0", "systemd", "file", "restart"],
		["edot", "9.5.2", "systemd", "watch", "nothing"],
		["ddot", "7.80.0", "systemd", "file", "restart"],
		["adot", "0.49.0", "ecs", "file", "restart"],
		["alloy", "1.5.0", "systemd", "watch", "nothing"],
	])("%s %s on %s: the token is read by %s, and needs %s", async (id, release, platform, way, apply) => {
		const { stdout } = await crossfade([
			"collector",
			"-d",
			id,
			"--target-version",
			release,
			"--platform",
			platform,
			"--json",
		]);
		expect(JSON.parse(stdout).delivery).toMatchObject({ way, apply });
	});

	test("a release newer than the tables gets the newest facts and a warning, an older one the oldest", async () => {
		const newer = await crossfade(["collector", "-d", "contrib", "--target-version", "0.999"]);
		expect(newer).toMatchObject({ code: 0, stderr: expect.stringContaining("newer than the releases we know") });
		const older = await crossfade(["collector", "-d", "contrib", "--target-version", "0.80"]);
		expect(older).toMatchObject({ code: 0, stderr: expect.stringContaining("older than the releases we know") });
		expect(older.stdout).toContain("otlphttp/torii");
	});

	test("an environment variable only on request, with the restart it needs", async () => {
		const { code, stdout, stderr } = await crossfade(["collector", "-d", "contrib", "--delivery", "env"]);
		expect(code).toBe(0);
		expect(stdout).toContain("${env:TORII_INGEST_TOKEN}");
		expect(stderr).toContain("systemctl restart otelcol-contrib.service");
	});

	test.each([
		[["-d", "contrb"], "did you mean --distribution contrib?"],
		[[], "no distribution given"],
		[["-d", "contrib", "--target-version", "new"], "not a version"],
		[["-d", "contrib", "--endpoint", "otlp.example.com"], "no scheme"],
		[["-d", "contrib", "--endpoint", `https://u:${mine.token}@otlp.example.com`], "user name or password"],
		[["-d", "contrib", "--endpoint", `https://otlp.example.com/${mine.token}`], "seems to contain a token"],
		[["-d", "contrib", "--endpoint", `https://otlp.example.com/?key=${mine.token}`], "query or fragment"],
		[["-d", "contrib", "--endpoint", "https://otlp.example.com/v1/logs"], "for a single signal"],
		[["-d", "contrib", "--endpoint", "http://otlp.example.com"], "clear text"],
		[["-d", "contrib", "--endpoint", "ftp://x"], "not an http or https URL"],
		[
			["-d", "contrib", "--provider", "activitylog", "--signals", "metrics"],
			"accepts no metrics: its OTLP ingest has endpoints for logs and traces only",
		],
		[["-d", "contrib", "--provider", "custom"], "no endpoint given"],
		[["-d", "contrib", "--token-file", mine.token], "path cannot be written"],
		[["-d", "contrib", "--token-file", "/a/../b"], "path cannot be written"],
		[["-d", "contrib", "--token-file", "/a/$(id)"], "path cannot be written"],
		[["-d", "contrib", "--auth-header", "x: y"], "header name"],
		[["-d", "contrib", "--auth-scheme", mine.token], "must be one short word"],
		[["-d", "contrib", "--name", "A/B"], "component id"],
		[["-d", "adot", "--delivery", "watch"], "has no bearertokenauth extension"],
		[["-d", "alloy", "--delivery", "reload"], "watches the token file"],
		[["-d", "k8s", "--platform", "windows"], "is not supported"],
		[["-d", "alloy", "--target-version", "1.8", "--queue", "persistent"], "has no otelcol.storage.file"],
		[["-d", "contrib", "--platform", "kubernetes", "--rotate-script"], "a script on the host cannot"],
		[["-d", "contrib", "--agent-endpoint", "http://127.0.0.1:1"], "has no agent behind it"],
		[["-d", "contrib", "--diff"], "add --into"],
		[["-d", "contrib", "--out", "y", "--rotate-script"], "cannot be combined"],
		[["-d", "contrib", "--into", "x", "--out", "y", "--remove"], "cannot be combined"],
		[["-d", "contrib", "--into", "-", "--write"], "cannot write to standard input"],
		[["-d", "contrib", "--into", "-", "--out", "y"], "--out needs the name of the config"],
		[["-d", "contrib", "--into", "a\nb", "--out", "y"], "has a line break or three backticks"],
		[["-d", "contrib", "--into", "a```b", "--out", "y"], "has a line break or three backticks"],
	])("bad flags %j: %s", async (args, message) => {
		const outcome = await crossfade(["collector", ...args], { canaries: [mine], seenInArguments: true });
		expect(outcome).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining(message) });
	});

	test("all problems at once", async () => {
		const { stderr } = await crossfade(["collector", "-d", "x", "--platform", "y", "--endpoint", "z", "--name", "N"]);
		expect(stderr.match(/^error: /gm)).toHaveLength(4);
	});
});

describe("RUNBOOK.md followed to the letter on a collector that has work", () => {
	const own = {
		otelcol: { text: config, kept: ["exporters: [splunk_hec, ", "endpoint: https://hec.example.com"] },
		alloy: {
			text: 'otelcol.receiver.otlp "in" {\n\toutput {\n\t\tlogs = [otelcol.exporter.debug.own.input]\n\t}\n}\n',
			kept: ['otelcol.receiver.otlp "in" {', "otelcol.exporter.debug.own.input,"],
		},
	};
	const installed = distributions.flatMap((distribution) =>
		(["systemd", "windows"] as const).flatMap((platform) => {
			const host = distribution.hosts[platform];
			return host && !("ownUnit" in host)
				? [[distribution.id, platform, distribution.dialect, host.config] as const]
				: [];
		}),
	);

	/** Carries out the command of a runbook that adds the backend, with `config` in the place of the collector's. */
	async function addBy(runbook: string, path: string, cwd: string): Promise<void> {
		const [, printed = ""] = /^ +(?:sudo )?crossfade (collector .* --write)$/m.exec(runbook) ?? [];
		const words = [...printed.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
		expect(words).toContain(path);
		const args = words.map((word) => (word === path ? join(cwd, "config") : word));
		expect(await crossfade(args, { cwd })).toMatchObject({ code: 0 });
		expect(await crossfade(args, { cwd })).toMatchObject({ stderr: expect.stringContaining("already up to date") });
	}

	test.each(installed)("%s, %s: nothing is taken away", async (id, platform, dialect, path) => {
		const { text, kept } = own[dialect];
		const cwd = scratch({ config: text });
		const flags = ["-d", id, "--platform", platform, "--endpoint", "https://otlp.example.com/in", "--name", "second"];
		expect(await crossfade(["collector", ...flags, "--out", "out"], { cwd })).toMatchObject({ code: 0 });
		const runbook = readFileSync(join(cwd, "out/RUNBOOK.md"), "utf8");
		expect(runbook).not.toContain(".before-crossfade");
		await addBy(runbook, path, cwd);
		const after = readFileSync(join(cwd, "config"), "utf8");
		for (const part of kept) expect(after).toContain(part);
		expect(after).toContain("https://otlp.example.com/in");
		expect(after).toContain("second");
	});

	test.each(installed)("%s, %s: --into with --out is the runbook of that file", async (id, platform, dialect) => {
		const cwd = scratch({ config: own[dialect].text });
		const path = join(cwd, "config");
		const flags = ["-d", id, "--platform", platform, "--into", path, "--out", "out"];
		const printed = await crossfade(["collector", ...flags], { cwd });
		expect(printed).toMatchObject({ code: 0, stderr: expect.stringContaining("next      read ") });
		const runbook = readFileSync(join(cwd, "out/RUNBOOK.md"), "utf8");
		const distribution = distributions.find((each) => each.id === id);
		expect(readdirSync(join(cwd, "out"))).not.toContain(distribution?.configFile);
		expect(runbook).not.toContain(distribution?.hosts[platform]?.config);
		expect(runbook).toContain("Before the next start, the token must be in ");
		expect(runbook).not.toContain("relative path");
		// The config is somebody's, with a token of theirs in it.
		expect(leaks([mine], filesBelow(join(cwd, "out")))).toEqual([]);
		await addBy(runbook, path, cwd);
		expect(readFileSync(path, "utf8")).toBe(printed.stdout);
	});

	test.each([
		["values of a chart", "values.yaml", kubeStack, "volumeMounts:", "kubectl -n NAMESPACE create secret"],
		["Compose", "compose.yaml", compose, "volumes: [/etc/crossfade:/etc/crossfade:ro]", "sudo sh rotate-torii.sh"],
	])(
		"--into with --out for %s: token, change, mount, start, in this order",
		async (_what, name, text, mount, token) => {
			const cwd = scratch({ [name]: text });
			const args = ["collector", "-d", "contrib", "--into", name, "--out", "out", "--write"];
			expect(await crossfade(args, { cwd })).toMatchObject({ code: 0 });
			const runbook = readFileSync(join(cwd, "out/RUNBOOK.md"), "utf8");
			const setUp = runbook.slice(0, runbook.indexOf("## Rotate"));
			const steps = [token, `--into ${name} --write`, mount, "Apply the changed file the way you usually do"];
			const places = steps.map((step) => setUp.indexOf(step));
			expect(places).not.toContain(-1);
			expect(places).toEqual([...places].sort((a, b) => a - b));
			expect(runbook).toContain("put the names of your collector in their place");
			expect(leaks([mine], filesBelow(join(cwd, "out")))).toEqual([]);
			for (const file of ["kubernetes.yaml", "values.yaml", "compose.yaml", "docker compose up"]) {
				expect(runbook.replaceAll(`--into ${name}`, "").replaceAll(`| \`${name}\` |`, "")).not.toContain(file);
			}
		},
	);

	test("--into a relative path with --out says for which file its commands are", async () => {
		const cwd = scratch({ "c.yaml": config });
		const args = ["collector", "-d", "contrib", "--into", "c.yaml", "--out", "out"];
		expect(await crossfade(args, { cwd, canaries: [] })).toMatchObject({ code: 0 });
		const runbook = readFileSync(join(cwd, "out/RUNBOOK.md"), "utf8");
		expect(runbook).toContain("the commands that validate take it for /etc/otelcol-contrib/config.yaml");
	});

	test.each([
		["address: 0.0.0.0:8899", "curl -s http://127.0.0.1:8899/metrics", "METRICS=http://127.0.0.1:8899/metrics"],
		["level: none", "are not there or elsewhere: level: none", "METRICS=http://127.0.0.1:8888/metrics"],
	])(
		"the runbook reads its own metrics where the file serves them, or says that it does not: %s",
		async (line, told, inScript) => {
			const cwd = scratch({ "c.yaml": `${config}\n  telemetry:\n    metrics:\n      ${line}\n` });
			const args = ["collector", "-d", "contrib", "--into", "c.yaml", "--out", "out"];
			expect(await crossfade(args, { cwd, canaries: [] })).toMatchObject({ code: 0 });
			expect(readFileSync(join(cwd, "out/RUNBOOK.md"), "utf8")).toContain(told);
			expect(readFileSync(join(cwd, "out/rotate-torii.sh"), "utf8")).toContain(inScript);
		},
	);

	test.each([
		`address: ${MISPLACED}:8899`,
		`readers: [{pull: {exporter: {prometheus: {host: ${MISPLACED}, port: 8899}}}}]`,
	])("a token in the place of that page's host is in no command, script or message: %s", async (line) => {
		const cwd = scratch({ "c.yaml": `${config}\n  telemetry:\n    metrics:\n      ${line}\n` });
		const { code, stderr } = await crossfade(["collector", "-d", "contrib", "--into", "c.yaml", "--out", "out"], {
			cwd,
		});
		expect(code).toBe(0);
		// The changed config itself, on standard output, has it as before.
		const written = { stderr, ...filesBelow(join(cwd, "out")) };
		expect(leaks([{ token: MISPLACED, fingerprint: fingerprint(MISPLACED) }], written)).toEqual([]);
		expect(readFileSync(join(cwd, "out/RUNBOOK.md"), "utf8")).toContain("host or port is not a plain value");
	});

	test("a name in the file cannot end the runbook's text or open a tag", async () => {
		const cwd = scratch({
			"c.yaml": compose.replace("image: otel/opentelemetry-collector-contrib", "image: evil<b>x"),
		});
		const args = ["collector", "-d", "contrib", "--into", "c.yaml", "--out", "out"];
		expect(await crossfade(args, { cwd })).toMatchObject({ code: 0 });
		expect(readFileSync(join(cwd, "out/RUNBOOK.md"), "utf8")).not.toContain("<b>");
	});
});

describe("crossfade collector --into", () => {
	test("prints the new file: the old one, byte for byte, plus ours", async () => {
		const cwd = scratch({ "c.yaml": config });
		const { code, stdout, stderr } = await crossfade(into(cwd), { cwd });
		expect(code).toBe(0);
		expect(parse(stdout).service.pipelines.logs.exporters).toEqual(["splunk_hec", "otlp_http/torii"]);
		expect(stderr).toContain("wired     logs -> otlp_http/torii");
		expect(stderr).toContain("note      Torii takes logs and metrics, so no traces are sent to it");
		expect(stderr).toContain("release   0.159.0, the newest known: if yours is older, add --target-version");
		expect(stderr).toContain("start     before the next start, the token must be in /etc/crossfade/torii.token");
		expect(readFileSync(join(cwd, "c.yaml"), "utf8")).toBe(config);
	});

	test("reads standard input", async () => {
		const outcome = await crossfade(["collector", "-d", "contrib", "--into", "-"], { stdin: config });
		expect(parse(outcome.stdout).exporters).toHaveProperty(["otlp_http/torii"]);
	});

	test("--diff shows what would change, and masks a nearby token", async () => {
		const cwd = scratch({ "c.yaml": config });
		const { code, stdout } = await crossfade(into(cwd, "--diff"), { cwd, canaries: [mine], holders: ["c.yaml"] });
		expect(code).toBe(0);
		expect(stdout).toMatch(/^--- a\/.*\n\+\+\+ b\/.*\n@@/);
		expect(stdout).toContain("+      exporters: [splunk_hec, otlp_http/torii]");
		expect(stdout).toContain("token: [masked]");
	});

	test.each([
		["LF", config],
		["CRLF", config.replaceAll("\n", "\r\n")],
		["a byte order mark", `\ufeff${config}`],
		["no final line break", config.trimEnd()],
	])(
		"--write replaces the file after a backup, a second run changes nothing, --remove gives the bytes back: %s",
		async (_name, text) => {
			const cwd = scratch({ "c.yaml": text });
			const path = join(cwd, "c.yaml");
			chmodSync(path, 0o640);
			if (isRoot) chownSync(path, 1234, 2345);
			expect((await crossfade(into(cwd, "--write"), { cwd })).code).toBe(0);
			const { mode, uid, gid } = statSync(path);
			expect({ mode: mode & 0o777, ...(isRoot ? { uid, gid } : {}) }).toEqual({
				mode: 0o640,
				...(isRoot ? { uid: 1234, gid: 2345 } : {}),
			});
			const [backup = ""] = readdirSync(cwd).filter((name) => name !== "c.yaml");
			expect(backup).toMatch(/^c\.yaml\.crossfade-backup-\d{8}-\d{6}$/);
			expect(readFileSync(join(cwd, backup), "utf8")).toBe(text);
			expect(statSync(join(cwd, backup)).mode & 0o777).toBe(0o600);
			const written = readFileSync(path);
			const second = await crossfade(into(cwd, "--write"), { cwd });
			expect(second).toMatchObject({ code: 0, stderr: expect.stringContaining("already up to date") });
			expect(readFileSync(path).equals(written)).toBe(true);
			expect(readdirSync(cwd)).toHaveLength(2);
			expect((await crossfade(into(cwd, "--write", "--remove"), { cwd })).code).toBe(0);
			expect(readFileSync(path, "utf8")).toBe(text);
		},
	);

	test("UTF-16 files of Windows editors stay what they are", async () => {
		for (const swap of [false, true]) {
			const bytes = Buffer.from(`\ufeff${config.replaceAll("\n", "\r\n")}`, "utf16le");
			if (swap) bytes.swap16();
			const cwd = scratch({ "c.yaml": bytes });
			expect((await crossfade(into(cwd, "--write"), { cwd })).code).toBe(0);
			expect((await crossfade(into(cwd, "--write", "--remove"), { cwd })).code).toBe(0);
			expect(readFileSync(join(cwd, "c.yaml")).equals(bytes)).toBe(true);
		}
	});

	test("Alloy, and --json", async () => {
		const alloy = 'otelcol.receiver.otlp "a" {\n\toutput {\n\t\tlogs = []\n\t}\n}\n';
		const cwd = scratch({ "c.alloy": alloy });
		const args = ["collector", "-d", "alloy", "--into", "c.alloy"];
		const { stdout } = await crossfade([...args, "--json"], { cwd });
		expect(JSON.parse(stdout)).toMatchObject({
			changed: true,
			wired: ["otelcol.receiver.otlp.a (logs)"],
			file: "c.alloy",
		});
		const written = await crossfade([...args, "--write", "--json"], { cwd });
		expect(existsSync(join(cwd, JSON.parse(written.stdout).backup))).toBe(true);
	});

	const bad: [name: string, content: Record<string, string | Uint8Array>, code: number, message: string][] = [
		["a missing file", {}, 12, "no such file"],
		["an empty file", { "c.yaml": "" }, 11, "no collector config"],
		["a binary file", { "c.yaml": Uint8Array.from([0, 1, 2, 3, 255, 254, 0]) }, 11, "not text"],
		[
			"bytes that are not UTF-8",
			{ "c.yaml": Buffer.concat([Buffer.from(config), Buffer.from([0xff, 0xfe, 0xc3])]) },
			11,
			"not text",
		],
		["50 MB", { "c.yaml": "#".repeat(50 * 1024 * 1024) }, 11, "too large"],
		["an alias bomb", { "c.yaml": bomb() }, 11, "alias"],
		[
			"deep nesting",
			{ "c.yaml": `${config}x: ${"[".repeat(100_000)}${"]".repeat(100_000)}\n` },
			11,
			"nested too deeply",
		],
		[
			"a broken line with a token in it",
			{ "c.yaml": config.replace("splunk_hec:\n", '"splunk_hec:\n') },
			11,
			"quote is missing",
		],
		[
			"our exporter edited by hand",
			{ "c.yaml": config.replace("splunk_hec:\n", "otlp_http/torii:\n    endpoint: https://x\n  splunk_hec:\n") },
			11,
			"not as crossfade wrote it",
		],
	];
	test.each(bad)("bad file, %s: one error, nothing changed on disk", async (_name, files, code, message) => {
		const cwd = scratch(files);
		const before = readdirSync(cwd).map((name) => [name, readFileSync(join(cwd, name)).toString("base64")]);
		const options: CliRunOptions = { cwd, canaries: [mine], holders: ["c.yaml"] };
		const outcome = await crossfade(into(cwd, "--write"), options);
		expect(outcome).toMatchObject({ code, stdout: "", stderr: expect.stringContaining(message) });
		expect(readdirSync(cwd).map((name) => [name, readFileSync(join(cwd, name)).toString("base64")])).toEqual(before);
	});

	test("a folder, a named pipe and a link are not written through", async () => {
		const cwd = scratch({ "real.yaml": config });
		expect(await crossfade(["collector", "-d", "contrib", "--into", "."], { cwd })).toMatchObject({
			code: 11,
			stderr: expect.stringContaining("a folder"),
		});
		execFileSync("mkfifo", [join(cwd, "pipe")]);
		expect(await crossfade(["collector", "-d", "contrib", "--into", "pipe"], { cwd })).toMatchObject({
			code: 11,
			stderr: expect.stringContaining("a named pipe"),
		});
		symlinkSync("real.yaml", join(cwd, "link.yaml"));
		const linked = await crossfade(["collector", "-d", "contrib", "--into", "link.yaml", "--write"], { cwd });
		expect(linked).toMatchObject({ code: 11, stderr: expect.stringContaining("symbolic link") });
		expect(readFileSync(join(cwd, "real.yaml"), "utf8")).toBe(config);
	});

	test("a full disk and a read-only file system: nothing changed", needs(smallDisks), async () => {
		for (const [options, message] of [
			["size=8k", "no space left"],
			["ro", "read-only"],
		] as const) {
			const mount = scratch();
			execFileSync("mount", ["-t", "tmpfs", "-o", "size=8k", "tmpfs", mount]);
			onTestFinished(() => {
				execFileSync("umount", [mount]);
			});
			writeFileSync(join(mount, "c.yaml"), config + "#".repeat(3_000));
			if (options === "ro") execFileSync("mount", ["-o", "remount,ro", mount]);
			const outcome = await crossfade(into(mount, "--write"));
			expect(outcome).toMatchObject({ code: 12, stderr: expect.stringContaining(message) });
			expect(readdirSync(mount)).toEqual(["c.yaml"]);
			expect(readFileSync(join(mount, "c.yaml"), "utf8")).toBe(config + "#".repeat(3_000));
		}
	});
});

function bomb(): string {
	const levels = Array.from(
		{ length: 12 },
		(_, index) =>
			`l${index}: &l${index} [${Array(9)
				.fill(index === 0 ? "x" : `*l${index - 1}`)
				.join(", ")}]`,
	);
	return `${levels.join("\n")}\n${config.replace("exporters: [splunk_hec]", "exporters: *l11")}`;
}
