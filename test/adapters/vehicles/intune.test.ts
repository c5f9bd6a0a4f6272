import { join } from "node:path";
import { expect, test } from "vitest";
import { clis } from "../../../src/adapters/clis/registry.ts";
import { canary } from "../../harness/canary.ts";
import { contents, endpointScript, text } from "../../harness/endpoint.ts";
import { simulatedMacos } from "../../harness/simulated-macos.ts";
import { cliStates } from "../../harness/states.ts";

/** One CLI is enough where it is not about the CLIs. */
const one = { clis: clis.filter(({ id }) => id === "codex") };
const script = (action: "install" | "report" | "uninstall", token?: string, isSmall = false) => {
	const content = endpointScript("intune", { action, mode: "embedded", os: ["macos"], ...(isSmall && one) });
	return token === undefined ? content : content.replace("@TOKEN@", token);
};

test("as Intune runs it: as root, no arguments; one line out, nothing on standard error, the attribute's value is the line", async () => {
	const mac = simulatedMacos();
	const before = contents(mac.root);
	const [old, next] = [canary(), canary()];
	const canaries = [old, next];
	for (const secret of [old, next, next]) {
		expect(await mac.run(script("install", secret.token), [], { canaries })).toEqual({
			code: 0,
			stdout: `crossfade ok fp=${secret.fingerprint} cfg=1 cli=${cliStates({ "claude-code": "ok", codex: "ok", gemini: "ok" })} users=1\n`,
			stderr: "",
			carriers: [],
		});
	}
	const attribute = await mac.run(script("report"), [], { canaries });
	expect(attribute).toMatchObject({ code: 0, stderr: "" });
	expect(attribute.stdout).toBe(
		`crossfade ok fp=${next.fingerprint} cfg=1 cli=${cliStates({ "claude-code": "ok", codex: "ok", gemini: "ok" })} users=1\n`,
	);
	expect(attribute.stdout.length).toBeLessThanOrEqual(255);
	expect(await mac.run(script("uninstall"), [], { canaries })).toMatchObject({ code: 0, stderr: "" });
	expect(contents(mac.root)).toEqual(before);
});

test("trap: a custom attribute that does not exit 0 shows Failed instead of its value", async () => {
	const mac = simulatedMacos();
	expect(await mac.run(script("report"))).toMatchObject({
		code: 0,
		stdout: expect.stringContaining("crossfade drift"),
	});
	const none = simulatedMacos({ clis: false });
	expect(await none.run(script("report"))).toMatchObject({
		code: 0,
		stdout: expect.stringContaining("crossfade absent"),
	});
});

test("trap: an unmanaged PKG limits scripts to 15,360 characters, as STEPS says; ours are longer", () => {
	for (const action of ["install", "report", "uninstall"] as const) {
		expect(script(action).length).toBeGreaterThan(15_360);
	}
});

test("trap: the placeholder is still there", async () => {
	const mac = simulatedMacos();
	const before = contents(mac.root);
	expect(await mac.run(script("install"))).toMatchObject({
		code: 11,
		stderr: expect.stringContaining("still a placeholder"),
	});
	expect(contents(mac.root)).toEqual(before);
});

test("trap: Intune runs scripts at the same time; they wait for each other", async () => {
	const mac = simulatedMacos();
	const secret = canary();
	const runs = await Promise.all(
		[1, 2, 3].map(() => mac.run(script("install", secret.token, true), [], { canaries: [secret] })),
	);
	for (const run of runs) expect(run).toMatchObject({ code: 0, stderr: "" });
	expect((await mac.run(script("report", undefined, true))).stdout).toContain(`crossfade ok fp=${secret.fingerprint} `);
});

test("trap: as the signed-in user, without root, it does not write for the machine", async () => {
	const mac = simulatedMacos({ uid: 501 });
	const before = contents(mac.root);
	const secret = canary();
	const run = await mac.run(script("install", secret.token, true), [], { canaries: [secret] });
	expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining("needs root") });
	expect(contents(mac.root)).toEqual(before);
});

test("with scope user it changes no machine-wide files", async () => {
	const mac = simulatedMacos();
	const before = contents(mac.root);
	const secret = canary();
	const content = endpointScript("intune", { mode: "embedded", os: ["macos"], scope: "user" });
	const run = await mac.run(content.replace("@TOKEN@", secret.token), [], { canaries: [secret] });
	expect(run).toMatchObject({ code: 0, stderr: "" });
	expect(contents(mac.root)).toEqual(before);
	expect(text(join(mac.home, ".codex/config.toml"))).toContain(secret.token);
});
