import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { mdms, modesOf } from "../../src/spec/mdm.ts";
import { canary } from "../harness/canary.ts";
import { endpointScript } from "../harness/endpoint.ts";
import { pairs } from "../harness/matrix.ts";
import { needs } from "../harness/parts.ts";
import { shellcheck, shellcheckFindings } from "../harness/shellcheck.ts";
import { shells } from "../harness/shells.ts";
import { simulatedMacos } from "../harness/simulated-macos.ts";

const mdm = new URL("../../mdm", import.meta.url).pathname;
const scripts = readdirSync(mdm, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".sh"));

const folders = [...new Set(scripts.map(dirname))];
const scriptOf = (folder: string, which: number) =>
	scripts.filter((name) => dirname(name) === folder).sort()[which] ?? "";

test.each(pairs(folders, [0, 1, 2]).map(([folder, which]) => scriptOf(folder, which)))(
	"shellcheck finds nothing in mdm/%s",
	needs(shellcheck),
	(name) => {
		expect(shellcheckFindings(join(mdm, name))).toEqual([]);
	},
);

for (const { name: shell, part, args } of shells)
	test(`${shell} can read every script of mdm/`, needs(part), () => {
		const check = ([script]: [string]) =>
			execFileSync(part.path, [...args, "-n", join(mdm, script)], { encoding: "utf8" });
		expect(scripts.map((name) => check([name]))).toEqual(scripts.map(() => ""));
	});

const kits = mdms
	.filter(({ language }) => language === undefined)
	.flatMap((vehicle) => modesOf(vehicle).map((mode) => [vehicle, mode] as const));

for (const shell of shells)
	describe(shell.name, needs(shell.part), () => {
		const cases = pairs(shells, kits)
			.filter(([each]) => each === shell)
			.map(([, [vehicle, mode]]) => [`${vehicle.id}, ${mode}`, vehicle, mode] as const);
		test("compact: install, report and uninstall, also traced", async () => {
			const mac = simulatedMacos();
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

		test.each(cases)("%s: install, report and uninstall, also traced", async (_kit, vehicle, mode) => {
			const mac = simulatedMacos({ linux: vehicle.os === undefined });
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
			const report = await mac.run(endpointScript(vehicle.id, { mode, action: "report" }), [], {
				...options,
				stdin: "",
			});
			expect(report).toMatchObject({
				code: 0,
				stderr: "",
				stdout: expect.stringContaining(`crossfade ok fp=${secret.fingerprint} `),
			});
			const uninstall = endpointScript(vehicle.id, { mode, action: "uninstall" });
			expect(await mac.run(uninstall, [], { ...options, stdin: "" })).toMatchObject({ code: 0, stderr: "" });
		});
	});
