import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { mdms, modesOf } from "../../src/spec/mdm.ts";
import { canary } from "../harness/canary.ts";
import { endpointScript } from "../harness/endpoint.ts";
import { madeUpMac } from "../harness/made-up-mac.ts";
import { program } from "../harness/parts.ts";
import { shells } from "../harness/shells.ts";

const mdm = new URL("../../mdm", import.meta.url).pathname;
const scripts = readdirSync(mdm, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".sh"));

test("shellcheck finds nothing in any script of mdm/", (context) => {
	const shellcheck = program("shellcheck");
	shellcheck.need(context);
	expect(scripts.length).toBeGreaterThan(mdms.length * 2);
	execFileSync(
		shellcheck.path,
		scripts.map((name) => join(mdm, name)),
		{ stdio: "pipe" },
	);
});

test.for(shells.map((shell) => [shell.name, shell] as const))(
	"%s can read every script of mdm/",
	([, { part, args }], context) => {
		part.need(context);
		for (const name of scripts) execFileSync(part.path, [...args, "-n", join(mdm, name)], { stdio: "pipe" });
	},
);

describe.each(shells.map((shell) => [shell.name, shell] as const))("%s", (_name, shell) => {
	const cases = mdms.flatMap((vehicle) =>
		modesOf(vehicle).map((mode) => [`${vehicle.id}, ${mode}`, vehicle, mode] as const),
	);
	test("compact: install, report and uninstall, also traced", async (context) => {
		shell.part.need(context);
		const mac = madeUpMac();
		const secret = canary();
		for (const flags of [[], ["-x"]]) {
			const options = { canaries: [secret], shell, flags };
			const run = (action: "install" | "report" | "uninstall") =>
				mac.run(endpointScript("generic", { action, compact: true }), [], { ...options, stdin: `${secret.token}\n` });
			for (const action of ["install", "report", "uninstall"] as const) {
				expect(await run(action)).toMatchObject({
					code: 0,
					stdout: expect.stringMatching(/^crossfade (ok fp=\w{12}|absent) .*\n$/),
					...(flags.length === 0 && { stderr: "" }),
				});
			}
		}
	});

	test.for(cases)("%s: install, report and uninstall, also traced", async ([, vehicle, mode], context) => {
		shell.part.need(context);
		const mac = madeUpMac({ linux: vehicle.os === undefined });
		const secret = canary();
		const fill = (script: string) =>
			script.replace("@TOKEN@", secret.token).replace("$FLEET_SECRET_CROSSFADE_TOKEN", secret.token);
		const parameters = vehicle.id === "jamf" && mode === "param" ? ["/", "mac", "", secret.token] : [];
		const options = { canaries: [secret], stdin: vehicle.id === "generic" ? `${secret.token}\n` : "", shell };
		for (const flags of [[], ["-x"]]) {
			const install = fill(endpointScript(vehicle.id, { mode, os: ["macos", "linux"] }));
			expect(await mac.run(install, parameters, { ...options, flags })).toMatchObject({
				code: 0,
				stdout: expect.stringMatching(new RegExp(`^crossfade ok fp=${secret.fingerprint} .*\n$`)),
				...(flags.length === 0 && { stderr: "" }),
			});
		}
		const report = await mac.run(endpointScript(vehicle.id, { mode, action: "report" }), [], { ...options, stdin: "" });
		expect(report).toMatchObject({
			code: 0,
			stderr: "",
			stdout: expect.stringContaining(`crossfade ok fp=${secret.fingerprint} `),
		});
		const uninstall = endpointScript(vehicle.id, { mode, action: "uninstall" });
		expect(await mac.run(uninstall, [], { ...options, stdin: "" })).toMatchObject({ code: 0, stderr: "" });
	});
});
