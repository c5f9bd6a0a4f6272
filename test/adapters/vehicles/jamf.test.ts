import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { clis } from "../../../src/adapters/clis/registry.ts";
import { kit } from "../../../src/adapters/vehicles/jamf/kit.ts";
import type { KitFacts } from "../../../src/adapters/vehicles/kit.ts";
import type { EndpointScript } from "../../../src/spec/endpoint-script.ts";
import { canary } from "../../harness/canary.ts";
import { contents, endpointScript, text } from "../../harness/endpoint.ts";
import { simulatedMacos } from "../../harness/simulated-macos.ts";
import { cliStates } from "../../harness/states.ts";

const script = (action: "install" | "report" | "uninstall", changes: Partial<EndpointScript> = {}) =>
	endpointScript("jamf", { action, os: ["macos"], ...changes });
/** One CLI is enough where it is not about the CLIs. */
const one = { clis: clis.filter(({ id }) => id === "codex") };
/** `sh script <mount point> <computer> <user> <parameter 4> …`; the user is empty when nobody is signed in. */
const jamf = (...parameters: string[]) => ["/", "Alices-Mac", "", ...parameters];
const states = `cli=${cliStates({ "claude-code": "ok", codex: "ok", gemini: "ok" })} users=1`;

describe("as Jamf runs it", () => {
	test("policy, extension attribute, rotation, uninstall", async () => {
		const mac = simulatedMacos();
		const before = contents(mac.root);
		const [old, next] = [canary(), canary()];
		const canaries = [old, next];
		const installed = await mac.run(script("install"), jamf(old.token), { canaries });
		expect(installed).toMatchObject({
			code: 0,
			stdout: `crossfade ok fp=${old.fingerprint} cfg=1 ${states}\n`,
			stderr: "",
		});
		expect(text(join(mac.root, "etc/codex/requirements.toml"))).toContain(old.token);
		// The attribute gets no parameters.
		expect(await mac.run(script("report"), [], { canaries })).toMatchObject({
			code: 0,
			stdout: `<result>crossfade ok fp=${old.fingerprint} cfg=1 ${states}</result>\n`,
			stderr: "",
		});
		expect(await mac.run(script("install"), jamf(next.token), { canaries })).toMatchObject({ code: 0, stderr: "" });
		const report = await mac.run(script("report"), [], { canaries });
		expect(report.stdout).toContain(`crossfade ok fp=${next.fingerprint} `);
		expect(await mac.run(script("uninstall"), jamf(), { canaries })).toMatchObject({ code: 0, stderr: "" });
		expect(contents(mac.root)).toEqual(before);
	});

	test("the token is in the arguments that Jamf gave, and in those of no child", async () => {
		const secret = canary();
		const { carriers } = await simulatedMacos().run(script("install", one), jamf(secret.token), { canaries: [secret] });
		expect(carriers.length, "the watcher sees the script itself").toBeGreaterThan(0);
		for (const line of carriers) expect(line.split("\0").slice(2)).toEqual([...jamf(secret.token), ""]);
	});

	test("the attribute always exits 0: drift, an unreadable file, no CLI", async () => {
		const mac = simulatedMacos();
		expect(await mac.run(script("report"))).toMatchObject({
			code: 0,
			stdout: expect.stringMatching(/^<result>crossfade drift fp=none .*<\/result>\n$/),
			stderr: "",
		});
		expect(await simulatedMacos({ clis: false }).run(script("report"))).toMatchObject({
			code: 0,
			stdout: expect.stringMatching(/^<result>crossfade absent .*<\/result>\n$/),
		});
		expect(await mac.run(script("report"), ["--nonsense"])).toMatchObject({
			code: 0,
			stdout: expect.stringMatching(/^<result>crossfade error .*<\/result>\n$/),
		});
	});

	test("parameters 5 to 7: another endpoint, names of CLIs, options; by position, with gaps", async () => {
		const mac = simulatedMacos();
		const { token } = canary();
		const run = await mac.run(
			script("install"),
			jamf(token, "https://otlp.example.com/x/", "codex, gemini", "no-host"),
		);
		expect(run).toMatchObject({ code: 0, stderr: "", stdout: expect.stringContaining("cli=codex:ok,gemini:ok") });
		expect(text(join(mac.root, "etc/codex/requirements.toml"))).toContain('"https://otlp.example.com/x/v1/logs"');
		const gaps = await mac.run(script("install"), jamf(token, "", "", "dry-run"));
		expect(gaps).toMatchObject({ code: 0, stdout: expect.stringContaining("crossfade drift") });
	});
});

describe("the smart groups", () => {
	interface Group {
		readonly criterion: readonly { readonly value: string; readonly search_type: string; readonly and_or: string }[];
	}
	/** Whether a report line puts a computer into the group of a payload, as Jamf Pro joins the criteria. */
	const joins = (path: string, line: string, fingerprint: string) => {
		const facts = { mode: "param", provider: "x", title: "x" } as unknown as KitFacts;
		const found = kit.payloads(facts).find((payload) => payload.path === path);
		const data = found?.data as unknown as { computer_group: { criteria: Group & { size: number } } };
		const { criterion, size } = data.computer_group.criteria;
		expect(criterion).toHaveLength(size);
		const hits = criterion.map(
			({ value, search_type: search }) =>
				line.includes(value.replace("@FINGERPRINT@", fingerprint)) === (search === "like"),
		);
		return criterion[0]?.and_or === "or" ? hits.includes(true) : !hits.includes(false);
	};

	test("a computer leaves the policy's group once nothing is left to do, and is in the other one if a person has to act", async () => {
		const [old, next] = [canary(), canary()];
		const canaries = [old, next];
		const both = { clis: clis.filter(({ id }) => id === "codex" || id === "gemini") };
		const mac = simulatedMacos();
		const seen = async (what: string, isToDo: boolean, isStuck: boolean, state: string) => {
			const { stdout } = await mac.run(script("report", both), [], { canaries });
			expect(stdout, what).toContain(`<result>crossfade ${state} `);
			const groups = ["smart-group.xml", "attention-group.xml"].map((path) => joins(path, stdout, next.fingerprint));
			expect(groups, what).toEqual([isToDo, isStuck]);
		};
		const policy = (token: string, code: number) =>
			mac.run(script("install", both), jamf(token), { canaries }).then((run) => expect(run.code).toBe(code));
		await seen("before the first run", true, false, "drift");
		await policy(old.token, 0);
		await seen("with the old token", true, false, `ok fp=${old.fingerprint}`);
		const file = join(mac.root, "Library/Application Support/GeminiCli/settings.json");
		writeFileSync(file, "{");
		await seen("a broken file, and the old token", true, true, `refused fp=${old.fingerprint}`);
		writeFileSync(join(mac.root, "etc/codex/requirements.toml"), "");
		await seen("a broken file, and one that is not set", true, false, "drift fp=none");
		await policy(next.token, 11);
		await seen("all but the broken file is set", false, true, `refused fp=${next.fingerprint}`);
		writeFileSync(join(mac.root, "etc/codex/requirements.toml"), "[");
		await seen("both files are broken", false, true, "refused fp=none");
		const gone = simulatedMacos({ clis: false });
		const { stdout } = await gone.run(script("report", both));
		expect(["smart-group.xml", "attention-group.xml"].map((path) => joins(path, stdout, next.fingerprint))).toEqual([
			false,
			false,
		]);
		expect(joins("smart-group.xml", "", next.fingerprint), "never reported").toBe(true);
	});
});

describe("traps", () => {
	test.each([
		["labels and values mixed up: the label TOKEN", "TOKEN", "is its label, not a token"],
		["the same in lower case", "token", "is its label, not a token"],
		["nothing in parameter 4", "", "no token: fill in parameter 4 of the policy"],
		["the placeholder of policy.xml", "@TOKEN@", "still a placeholder"],
		["255 characters: what Jamf leaves of a longer value", "k1".repeat(128).slice(0, 255), "or was cut"],
		["a whole header", `Bearer ${"k1".repeat(20)}`, "the word Bearer"],
		["a trailing CR, pasted from Windows", `${"k1".repeat(20)}\r`, "control character"],
		["a value with = + / & ' $ and blanks", `a=b+c/d&e'f$g ${"k1".repeat(20)}`, "the token contains "],
	])("%s", async (_what, value, message) => {
		const mac = simulatedMacos();
		const before = contents(mac.root);
		const canaries = value.length > 20 ? [{ token: value, fingerprint: "" }] : [];
		const run = await mac.run(script("install"), jamf(value), { canaries, stdin: `${"not-asked-for-1234567890"}\n` });
		expect(run).toMatchObject({ code: 11, stderr: expect.stringContaining(message) });
		expect(run.stdout).toMatch(/^crossfade error fp=none /);
		expect(contents(mac.root)).toEqual(before);
	});

	test("254 characters are taken, and in the embedded mode more", async () => {
		const long = canary(254);
		expect(long.token).toHaveLength(254);
		expect(await simulatedMacos().run(script("install", one), jamf(long.token))).toMatchObject({ code: 0, stderr: "" });
		const longer = canary(600);
		const filled = script("install", { ...one, mode: "embedded" }).replace("@TOKEN@", longer.token);
		const run = await simulatedMacos().run(filled, jamf(), { canaries: [longer] });
		expect(run).toMatchObject({ code: 0, stderr: "", carriers: [] });
	});

	test("one file serves a person and Jamf: without a mount point it is a plain script", async () => {
		const mac = simulatedMacos();
		const secret = canary();
		const run = await mac.run(script("install", one), ["dry-run"], { stdin: `${secret.token}\n`, canaries: [secret] });
		expect(run).toMatchObject({ code: 0, stderr: "", carriers: [] });
		expect(readdirSync(join(mac.root, "etc"))).toEqual([]);
	});

	test("no user account: machine-wide files, exit 0", async () => {
		const mac = simulatedMacos();
		const nobody = script("install", one).replace("dscl . -list", "false dscl . -list");
		const run = await mac.run(nobody, jamf(canary().token));
		expect(run).toMatchObject({ code: 0, stderr: "", stdout: expect.stringContaining("users=0") });
		expect(text(join(mac.root, "etc/codex/requirements.toml"))).toBeDefined();
	});
});
