import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { clis } from "../../../src/adapters/clis/registry.ts";
import { canary } from "../../harness/canary.ts";
import { contents, endpointScript, text } from "../../harness/endpoint.ts";
import { simulatedMacos } from "../../harness/simulated-macos.ts";

/** What reaches a Mac: the server takes white space off both ends. */
const sent = (content: string, token = "@TOKEN@", fingerprint = "@FINGERPRINT@") =>
	content.trim().replaceAll("@TOKEN@", token).replaceAll("@FINGERPRINT@", fingerprint);
/** For one CLI: it is not about the CLIs here. */
const made = (action: "install" | "report" | "uninstall") =>
	endpointScript("kandji", { action, mode: "embedded", os: ["macos"], clis: clis.filter(({ id }) => id === "codex") });
const [audit, remediation] = [made("report"), made("install")];

test("audit fails, remediation repairs, audit passes; after a rotation the same again", async () => {
	const mac = simulatedMacos();
	const [old, next] = [canary(), canary()];
	const canaries = [old, next];
	for (const { token, fingerprint } of [old, next]) {
		const first = await mac.run(sent(audit, undefined, fingerprint), [], { canaries });
		expect(first).toMatchObject({ code: 10, stderr: "", stdout: expect.stringContaining("crossfade drift") });
		expect(await mac.run(sent(remediation, token, fingerprint), [], { canaries })).toEqual({
			code: 0,
			stdout: `crossfade ok fp=${fingerprint} cfg=1 cli=codex:ok users=1\n`,
			stderr: "",
			carriers: [],
		});
		const second = await mac.run(sent(audit, undefined, fingerprint), [], { canaries });
		expect(second).toMatchObject({
			code: 0,
			stderr: "",
			stdout: expect.stringContaining(`crossfade ok fp=${fingerprint} `),
		});
	}
});

test("trap: an audit without an expected token accepts any, so a rotation needs the fingerprint", async () => {
	const mac = simulatedMacos();
	const [old, next] = [canary(), canary()];
	await mac.run(sent(remediation, old.token), [], { canaries: [old] });
	expect(await mac.run(sent(audit))).toMatchObject({ code: 0 });
	expect(await mac.run(sent(audit, undefined, next.fingerprint))).toMatchObject({ code: 10 });
});

test("a profile's fingerprint is used before the audit's own", async () => {
	const [old, next] = [canary(), canary()];
	const mac = simulatedMacos({ expected: next.fingerprint });
	await mac.run(sent(remediation, old.token), [], { canaries: [old] });
	expect(await mac.run(sent(audit, undefined, old.fingerprint))).toMatchObject({ code: 10, stderr: "" });
	await mac.run(sent(remediation, next.token), [], { canaries: [next] });
	expect(await mac.run(sent(audit))).toMatchObject({ code: 0, stderr: "" });
});

test("a profile with an invalid value is reported, and does not pass", async () => {
	const mac = simulatedMacos({ expected: "see the ticket" });
	const run = await mac.run(sent(audit));
	expect(run).toMatchObject({ code: 2, stdout: expect.stringContaining("crossfade error") });
});

test("no CLI is a pass: there is nothing to remediate", async () => {
	const mac = simulatedMacos({ clis: false });
	expect(await mac.run(sent(audit))).toMatchObject({
		code: 0,
		stderr: "",
		stdout: expect.stringContaining("crossfade absent"),
	});
});

test("a file that cannot be parsed fails the audit and then the remediation, which raises the alert", async () => {
	const mac = simulatedMacos();
	const secret = canary();
	await mac.run(sent(remediation, secret.token), [], { canaries: [secret] });
	writeFileSync(join(mac.root, "etc/codex/requirements.toml"), "[otel\n");
	expect(await mac.run(sent(audit))).toMatchObject({ code: 11 });
	expect(await mac.run(sent(remediation, secret.token), [], { canaries: [secret] })).toMatchObject({ code: 11 });
	expect(text(join(mac.root, "etc/codex/requirements.toml"))).toBe("[otel\n");
});

test("uninstall as an audit: exit 0, also where nothing is", async () => {
	const mac = simulatedMacos();
	const before = contents(mac.root);
	const secret = canary();
	await mac.run(sent(remediation, secret.token), [], { canaries: [secret] });
	for (let run = 0; run < 2; run++) {
		expect(await mac.run(sent(made("uninstall")))).toMatchObject({ code: 0, stderr: "" });
		expect(contents(mac.root)).toEqual(before);
	}
});
