import { chmodSync, cpSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { canary } from "../harness/canary.ts";
import { scratch } from "../harness/cli.ts";
import { crossfade } from "../harness/command.ts";

const mdm = new URL("../../mdm", import.meta.url).pathname;
const secret = canary();

/** A copy of a committed folder. */
function copy(name: string): string {
	const cwd = scratch();
	cpSync(join(mdm, name), join(cwd, "kit"), { recursive: true });
	return cwd;
}

/** A folder with a token in it, made by the command. */
async function filled(name: string): Promise<string> {
	const cwd = scratch();
	const args = ["mdm", "-v", name, "--mode", "embedded", "--token", "env:TOKEN", "--out", "kit", "-q"];
	expect(await crossfade(args, { cwd, env: { TOKEN: secret.token } })).toMatchObject({ code: 0 });
	return cwd;
}

/** One shell is enough where it is not about the shells. */
function onlySh(): Record<string, string> {
	const tools = scratch();
	symlinkSync("/bin/sh", join(tools, "sh"));
	return { PATH: tools };
}

interface VerifyFinding {
	readonly rule: string;
	readonly severity: string;
	readonly file: string;
	readonly what: string;
}

async function verify(
	cwd: string,
	...args: string[]
): Promise<{ code: number | null; findings: VerifyFinding[]; stdout: string }> {
	const options = { cwd, env: onlySh(), ...(args.includes("-") && { stdin: secret.token }) };
	const { code, stdout, stderr } = await crossfade(["mdm", "verify", "kit", "--json", ...args], options);
	expect(stderr).toBe("");
	expect(stdout).not.toContain(secret.token);
	return { code, stdout, findings: JSON.parse(stdout).findings };
}

const short = ({ findings }: { findings: VerifyFinding[] }) =>
	findings.map(({ severity, file, rule }) => `${severity} ${file} ${rule}`);

const edit = (cwd: string, file: string, change: (text: string) => string) => {
	const path = join(cwd, "kit", file);
	writeFileSync(path, change(readFileSync(path, "utf8")));
};

describe("a folder as it was made", () => {
	test.each(["jamf", "jamf-embedded", "intune", "kandji", "fleet", "generic", "generic-embedded"])(
		"mdm/%s is fine",
		async (name) => {
			const run = await verify(copy(name));
			expect(run).toMatchObject({ code: 0, findings: [] });
			expect(JSON.parse(run.stdout).shells).toEqual(["sh"]);
		},
	);

	test.each(["intune-windows", "generic-windows", "generic-windows-embedded"])(
		"mdm/%s: nothing is wrong, and that no PowerShell parsed it is said",
		async (name) => {
			const cwd = copy(name);
			const run = await verify(cwd);
			expect(run).toMatchObject({ code: 0, findings: [] });
			const { shells, notParsed } = JSON.parse(run.stdout);
			expect(shells).toEqual([]);
			const scripts = readdirSync(join(cwd, "kit")).filter((file) => file.endsWith(".ps1"));
			expect(notParsed.map(({ file }: { file: string }) => file).sort()).toEqual(scripts);
			const { stdout, code } = await crossfade(["mdm", "verify", "kit"], { cwd, env: onlySh() });
			expect(code).toBe(0);
			expect(stdout).toMatch(/^unknown {2}\S+\.ps1, .*: not parsed: no PowerShell here \(syntax\)$/m);
			expect(stdout).toMatch(/files, syntax not checked: no errors, no warnings\n$/);
		},
	);

	test("a fingerprint that was filled in by hand is fine; two different ones are not", async () => {
		const cwd = copy("kandji");
		const put = (file: string, fp: string) => edit(cwd, file, (text) => text.replaceAll("@FINGERPRINT@", fp));
		put("expected-token.mobileconfig", "0123456789ab");
		expect(await verify(cwd)).toMatchObject({ code: 0, findings: [] });
		put("audit.sh", "0123456789ac");
		const run = await verify(cwd);
		expect(run.code).toBe(10);
		expect(run.findings.map(({ what }) => what)).toContain("the files contain 2 different fingerprints");
	});

	test("what Iru trims is a warning", async () => {
		const cwd = copy("kandji");
		edit(cwd, "remediation.sh", (text) => text.trim());
		const run = await verify(cwd);
		expect(short(run)).toContain("warning remediation.sh changed");
		expect(run.findings.filter(({ file, rule }) => file === "remediation.sh" && rule !== "changed")).toEqual([]);
	});
});

describe("what is wrong is found, all at once", () => {
	const cases: [what: string, kit: string, change: (cwd: string) => void, expected: string[]][] = [
		["a file that is gone", "fleet", (cwd) => rmSync(join(cwd, "kit/report.sh")), ["error report.sh missing"]],
		[
			"an edited line",
			"fleet",
			(cwd) => edit(cwd, "report.sh", (text) => text.replace("umask 077", "umask 022")),
			["error report.sh changed"],
		],
		[
			"CRLF line endings",
			"fleet",
			(cwd) => edit(cwd, "report.sh", (text) => text.replaceAll("\n", "\r\n")),
			["error report.sh changed"],
		],
		[
			"a byte order mark",
			"generic",
			(cwd) => edit(cwd, "ansible.yml", (text) => `\ufeff${text}`),
			["error ansible.yml changed"],
		],
		[
			"a script no shell can read",
			"generic",
			(cwd) => edit(cwd, "report.sh", (text) => `${text}if\n`),
			["error report.sh changed", "error report.sh syntax"],
		],
		[
			"a token in the script instead of in a copy",
			"intune",
			(cwd) => edit(cwd, "install.sh", (text) => text.replace("@TOKEN@", secret.token)),
			["error install.sh token", "error deviceShellScript.json payload"],
		],
		[
			"a token in the policy",
			"jamf",
			(cwd) => edit(cwd, "policy.xml", (text) => text.replace("@TOKEN@", secret.token)),
			["error policy.xml token"],
		],
		[
			"a token somewhere else in a file",
			"jamf",
			(cwd) => edit(cwd, "STEPS.md", (text) => `${text}\nOur token is ${secret.token}.\n`),
			["error STEPS.md changed", "error STEPS.md token"],
		],
		[
			"a token inside a base64 payload",
			"intune",
			(cwd) =>
				edit(cwd, "deviceShellScript.json", (text) => {
					const payload = JSON.parse(text);
					const script = Buffer.from(payload.scriptContent, "base64").toString().replace("@TOKEN@", secret.token);
					return JSON.stringify({ ...payload, scriptContent: Buffer.from(script).toString("base64") });
				}),
			[
				"error deviceShellScript.json changed",
				"error deviceShellScript.json payload",
				"error deviceShellScript.json token",
			],
		],
		[
			"a token file beside the scripts",
			"jamf",
			(cwd) => writeFileSync(join(cwd, "kit/new.token"), `${secret.token}\n`),
			["error new.token token"],
		],
		[
			"a file of somebody else",
			"jamf",
			(cwd) => writeFileSync(join(cwd, "kit/notes.txt"), "ask Ann\n"),
			["warning notes.txt foreign"],
		],
		[
			"a payload that is no JSON, no XML, no YAML",
			"jamf",
			(cwd) => {
				edit(cwd, "ea.json", (text) => text.slice(0, -3));
				edit(cwd, "policy.xml", (text) => text.replace("</scope>", ""));
			},
			["error ea.json changed", "error ea.json payload", "error policy.xml changed", "error policy.xml payload"],
		],
		[
			"broken YAML",
			"fleet",
			(cwd) => edit(cwd, "gitops.yml", (text) => `${text}a: [\n`),
			["error gitops.yml changed", "error gitops.yml payload"],
		],
		[
			"a manifest that was made to fit a changed file",
			"generic",
			(cwd) =>
				edit(cwd, "manifest.json", (text) => text.replace(/("path": "install.sh",\s+"sha256": ")\w{8}/, "$100000000")),
			["error manifest.json manifest"],
		],
		[
			"another release",
			"generic",
			(cwd) => edit(cwd, "manifest.json", (text) => text.replace(/"version": "[^"]+"/, '"version": "0.0.1"')),
			["warning manifest.json manifest"],
		],
		[
			"a symbolic link in place of a file",
			"generic",
			(cwd) => {
				rmSync(join(cwd, "kit/report.sh"));
				symlinkSync("/etc/passwd", join(cwd, "kit/report.sh"));
			},
			["error report.sh changed"],
		],
	];
	test.each(cases)("%s", async (_what, name, change, expected) => {
		const cwd = copy(name);
		change(cwd);
		const run = await verify(cwd);
		for (const finding of expected) expect(short(run)).toContain(finding);
		expect(run.code).toBe(expected.some((finding) => finding.startsWith("error")) ? 10 : 0);
	});

	test("a script too large for its vendor", async () => {
		const cwd = copy("fleet");
		edit(cwd, "report.sh", (text) => `${text}${"# more\n".repeat(80_000)}`);
		const run = await verify(cwd);
		expect(short(run)).toContain("error report.sh limit");
	});

	test("text output names file, rule and fix", async () => {
		const cwd = copy("fleet");
		rmSync(join(cwd, "kit/report.sh"));
		const { stdout, code } = await crossfade(["mdm", "verify", "kit"], { cwd });
		expect(code).toBe(10);
		expect(stdout).toMatch(
			/^error {2}report\.sh: the file is missing \(missing\)\n {2}fix {6}generate the folder again/m,
		);
		expect(stdout).toMatch(/: 1 error, no warnings\n$/);
	});

	test("a manifest with unknown settings", async () => {
		const cwd = copy("fleet");
		edit(cwd, "manifest.json", (text) => text.replace('"vehicle": "fleet"', '"vehicle": "\\u001b[2Jfleet"'));
		const { code, stderr } = await crossfade(["mdm", "verify", "kit"], { cwd });
		expect(code).toBe(11);
		expect(stderr).toContain("kit/manifest.json: unknown vehicle");
		expect(stderr).not.toContain("\u001b");
	});

	test.each([
		["no JSON", "{"],
		["no manifest", "[]"],
		["one with an odd version", JSON.stringify({ schema: 1, version: "\u001b[2J" })],
		[
			"a path out of the folder",
			JSON.stringify({ schema: 1, version: "0.1.0", settings: {}, files: [{ path: "../x" }], secretFiles: [] }),
		],
	])("a manifest that is %s", async (_what, text) => {
		const cwd = copy("fleet");
		writeFileSync(join(cwd, "kit/manifest.json"), text);
		const run = await crossfade(["mdm", "verify", "kit"], { cwd });
		expect(run).toMatchObject({ code: 11, stderr: expect.stringContaining("not a kit's manifest") });
	});
});

describe("files with a token", () => {
	const cases: [what: string, kit: string, change: (cwd: string) => void, expected: string[], args?: string[]][] = [
		["as made, with the token given", "kandji", () => undefined, [], ["--token", "-"]],
		[
			"readable by others",
			"kandji",
			(cwd) => chmodSync(join(cwd, "kit/remediation.secret.sh"), 0o644),
			["error remediation.secret.sh mode"],
		],
		[
			"without a .gitignore",
			"kandji",
			(cwd) => rmSync(join(cwd, "kit/.gitignore")),
			["error .gitignore gitignore", "error .gitignore missing"],
		],
		[
			"with the placeholder still there",
			"kandji",
			(cwd) => edit(cwd, "remediation.secret.sh", () => readFileSync(join(cwd, "kit/remediation.sh"), "utf8")),
			["error remediation.secret.sh placeholder"],
		],
		[
			"with something else changed",
			"intune",
			(cwd) => edit(cwd, "install.secret.sh", (text) => text.replace("umask 077", "umask 022")),
			["error deviceShellScript.secret.json payload", "error install.secret.sh changed"],
		],
		[
			"with another token than the other files expect",
			"intune",
			(cwd) => edit(cwd, "install.secret.sh", (text) => text.replace(secret.token, canary().token)),
			["error install.secret.sh token"],
		],
		[
			"with a token that the script would refuse",
			"generic",
			(cwd) => edit(cwd, "install.secret.sh", (text) => text.replace(secret.token, "short")),
			["error install.secret.sh placeholder"],
		],
		["deleted after the upload", "kandji", (cwd) => rmSync(join(cwd, "kit/remediation.secret.sh")), []],
		[
			"one more that is not ours",
			"generic",
			(cwd) => {
				writeFileSync(join(cwd, "kit/old.secret.sh"), secret.token);
				chmodSync(join(cwd, "kit/old.secret.sh"), 0o600);
			},
			["warning old.secret.sh foreign"],
		],
	];
	test.each(cases)("%s", async (_what, name, change, expected, args = []) => {
		const cwd = await filled(name);
		change(cwd);
		const run = await verify(cwd, ...args);
		expect(short(run).sort()).toEqual(expect.arrayContaining(expected));
		if (expected.length === 0) expect(run.findings).toEqual([]);
		expect(run.code).toBe(expected.some((finding) => finding.startsWith("error")) ? 10 : 0);
	});

	test("a token other than the given one", async () => {
		const cwd = await filled("generic");
		const { stdout, code } = await crossfade(["mdm", "verify", "kit", "--token", "-", "--json"], {
			cwd,
			stdin: canary().token,
		});
		expect(code).toBe(10);
		expect(stdout).toContain("is not the given one");
		expect(stdout).not.toContain(secret.token);
	});

	test("the token that was given is found in any file, encoded or not", async () => {
		const cwd = copy("intune");
		writeFileSync(join(cwd, "kit/STEPS.md"), `x ${Buffer.from(`ab${secret.token}`).toString("base64")}\n`);
		const run = await verify(cwd, "--token", "-");
		expect(run.findings).toContainEqual(
			expect.objectContaining({ file: "STEPS.md", what: "it contains the given token" }),
		);
	});
});

describe("scripts in PowerShell", () => {
	const remediate = (cwd: string, change: (text: string) => string) => edit(cwd, "remediate.ps1", change);
	const cases: [what: string, change: (cwd: string) => void, expected: string[]][] = [
		[
			"two scripts swapped",
			(cwd) => {
				const [one, other] = ["remediate.ps1", "uninstall.ps1"].map((file) => readFileSync(join(cwd, "kit", file)));
				writeFileSync(join(cwd, "kit/remediate.ps1"), other ?? "");
				writeFileSync(join(cwd, "kit/uninstall.ps1"), one ?? "");
			},
			["error deviceHealthScript.json payload", "error remediate.ps1 changed", "error uninstall.ps1 changed"],
		],
		[
			"a line appended",
			(cwd) => remediate(cwd, (text) => `${text}Remove-Item C:\\Users -Recurse\r\n`),
			["error deviceHealthScript.json payload", "error remediate.ps1 changed"],
		],
		[
			"a byte order mark",
			(cwd) => remediate(cwd, (text) => `\ufeff${text}`),
			["error deviceHealthScript.json payload", "error remediate.ps1 changed", "error remediate.ps1 encoding"],
		],
		[
			"UTF-16, as an editor of Windows may save it",
			(cwd) => {
				const text = readFileSync(join(cwd, "kit/remediate.ps1"), "utf8");
				writeFileSync(join(cwd, "kit/remediate.ps1"), Buffer.from(`\ufeff${text}`, "utf16le"));
			},
			["error remediate.ps1 changed", "error remediate.ps1 encoding"],
		],
		[
			"LF alone",
			(cwd) => remediate(cwd, (text) => text.replaceAll("\r\n", "\n")),
			["error remediate.ps1 changed", "error remediate.ps1 line-ends"],
		],
		[
			"letters that are not ASCII",
			(cwd) => remediate(cwd, (text) => text.replace("# Run it as SYSTEM", "# Als SYSTEM ausf\u00fchren")),
			["error remediate.ps1 changed", "error remediate.ps1 encoding"],
		],
		[
			"a token in the script instead of in a copy",
			(cwd) => remediate(cwd, (text) => text.replace("@TOKEN@", secret.token)),
			["error remediate.ps1 token"],
		],
		[
			"a token in a comment",
			(cwd) => edit(cwd, "detect.ps1", (text) => `${text}# ${secret.token}\r\n`),
			["error detect.ps1 changed", "error detect.ps1 token"],
		],
		[
			"a word that makes PowerShell log the script",
			(cwd) => remediate(cwd, (text) => `${text}# without Bypass\r\n`),
			["error remediate.ps1 changed", "error remediate.ps1 logged"],
		],
		[
			"more than Intune takes",
			(cwd) => remediate(cwd, (text) => `${text}${"# more\r\n".repeat(10_000)}`),
			["error remediate.ps1 changed", "error remediate.ps1 limit"],
		],
	];
	test.each(cases)("%s", async (_what, change, expected) => {
		const cwd = copy("intune-windows");
		change(cwd);
		const run = await verify(cwd);
		expect(short(run)).toEqual(expect.arrayContaining(expected));
		expect(run.code).toBe(10);
	});

	test("with the token: fine as made; every line of what is wrong is without it, also where a word of the list is in it", async () => {
		const cwd = await filled("intune-windows");
		expect(await verify(cwd, "--token", "-")).toMatchObject({ code: 0, findings: [] });
		const odd = `kEmit0Bypass${secret.token}`;
		const [name] = ["remediate.secret.ps1"];
		edit(cwd, name ?? "", (text) => text.replace(/(?<=\$run\.Token = ').*(?=')/, odd));
		const run = await verify(cwd);
		expect(short(run)).toEqual(
			expect.arrayContaining(["error remediate.secret.ps1 logged", "error remediate.secret.ps1 token"]),
		);
		expect(run.stdout).not.toMatch(/emit|kEm|0By/);
	});

	test("a copy with the token that is not the script, or in another encoding, or too large", async () => {
		const cwd = await filled("intune-windows");
		const path = join(cwd, "kit/remediate.secret.ps1");
		const good = readFileSync(path);
		const found = async (content: Uint8Array) => {
			writeFileSync(path, content);
			return short(await verify(cwd)).filter((each) => each.includes("remediate.secret.ps1"));
		};
		const name = "error remediate.secret.ps1";
		const mark = Buffer.concat([Buffer.from("\ufeff"), good]);
		expect(await found(mark)).toEqual([`${name} changed`, `${name} encoding`]);
		const lines = Buffer.from(good.toString().replaceAll("\r\n", "\n"));
		expect(await found(lines)).toEqual([`${name} changed`, `${name} line-ends`]);
		const other = readFileSync(join(cwd, "kit/uninstall.ps1"));
		expect(await found(other)).toEqual([`${name} changed`]);
		const more = Buffer.concat([good, Buffer.from("# more\r\n".repeat(10_000))]);
		expect(await found(more)).toEqual([`${name} limit`, `${name} changed`]);
	});
});
