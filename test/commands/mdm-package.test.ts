import { createDecipheriv, createHash, createHmac } from "node:crypto";
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { filesOfArchive } from "../harness/archive.ts";
import { type Canary, canary } from "../harness/canary.ts";
import { scratch } from "../harness/cli.ts";
import { crossfade } from "../harness/command.ts";

const PACKAGE = "kit/crossfade.secret.intunewin";
const scripts = ["remediate.secret.ps1", "deviceHealthScript.secret.json", "deviceManagementScript.secret.json"];
const holders = ["new.token", ...scripts.map((name) => `kit/${name}`)];
const make = ["mdm", "-v", "intune-windows", "--token", "file:new.token", "--out", "kit"];

async function made(secret: Canary, cwd = scratch()): Promise<string> {
	writeFileSync(join(cwd, "new.token"), secret.token);
	chmodSync(join(cwd, "new.token"), 0o600);
	const run = await crossfade([...make, "--force"], { cwd, canaries: [secret], holders });
	expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining("crossfade.secret.intunewin") });
	expect(run.stderr).toContain("crossfade.secret.intunewin is encrypted, but its keys are in it");
	return cwd;
}

const read = (cwd: string, path: string) => readFileSync(join(cwd, path));

/** What Intune finds in a package: the text of Detection.xml, and the files. Fails where a sum or a size is wrong. */
function opened(bytes: Uint8Array) {
	const outer = filesOfArchive(bytes);
	expect(outer.map(({ name, method }) => [name, method])).toEqual([
		["IntuneWinPackage/Contents/IntunePackage.intunewin", 0],
		["IntuneWinPackage/Metadata/Detection.xml", 0],
	]);
	const [content, about] = outer.map((file) => file.bytes) as [Buffer, Buffer];
	const xml = about.toString("utf8");
	const value = (name: string) => new RegExp(`<${name}>([^<]+)</${name}>`).exec(xml)?.[1] ?? "";
	const base64 = (name: string) => Buffer.from(value(name), "base64");
	const [mac, iv, sealed] = [content.subarray(0, 32), content.subarray(32, 48), content.subarray(48)];
	expect(createHmac("sha256", base64("MacKey")).update(iv).update(sealed).digest().equals(mac)).toBe(true);
	expect(base64("Mac").equals(mac)).toBe(true);
	expect(base64("InitializationVector").equals(iv)).toBe(true);
	const decipher = createDecipheriv("aes-256-cbc", base64("EncryptionKey"), iv);
	const plain = Buffer.concat([decipher.update(sealed), decipher.final()]);
	expect(createHash("sha256").update(plain).digest().equals(base64("FileDigest"))).toBe(true);
	expect(plain.length).toBe(Number(value("UnencryptedContentSize")));
	return {
		xml,
		value,
		files: filesOfArchive(plain),
		keys: ["EncryptionKey", "MacKey", "InitializationVector"].map(value),
	};
}

test("the package opens with the keys in it, and has the scripts that are beside it, byte for byte", async () => {
	const secret = canary();
	const cwd = await made(secret);
	const bytes = read(cwd, PACKAGE);
	expect(statSync(join(cwd, PACKAGE)).mode & 0o777).toBe(0o600);
	const { xml, value, files } = opened(bytes);
	expect(files.map(({ name, method, flags }) => [name, method, flags])).toEqual([
		["remediate.ps1", 8, 0x800],
		["uninstall.ps1", 8, 0x800],
	]);
	const [install, uninstall] = files;
	expect(install?.bytes.equals(read(cwd, "kit/remediate.secret.ps1"))).toBe(true);
	expect(install?.bytes.includes(secret.token)).toBe(true);
	expect(uninstall?.bytes.equals(read(cwd, "kit/uninstall.ps1"))).toBe(true);
	expect(xml).toMatch(/^<ApplicationInfo xmlns:xsd="[^"]+" xmlns:xsi="[^"]+" ToolVersion="1\.8\.4\.0">\r\n {2}<Name>/);
	expect(xml.replaceAll("\r\n", "")).not.toMatch(/[\r\n\ufeff]/);
	expect(["Name", "SetupFile", "FileName", "ProfileIdentifier", "FileDigestAlgorithm"].map(value)).toEqual([
		"remediate.ps1",
		"remediate.ps1",
		"IntunePackage.intunewin",
		"ProfileVersion1",
		"SHA256",
	]);
});

test("made again it is the same; with another token it has other keys", async () => {
	const [one, two] = [canary(), canary()];
	const cwd = await made(one);
	const before = read(cwd, PACKAGE);
	expect(await crossfade(make, { cwd, canaries: [one], holders })).toMatchObject({ code: 0 });
	expect(read(cwd, PACKAGE).equals(before)).toBe(true);
	await made(two, cwd);
	const [keys, others] = [opened(before).keys, opened(read(cwd, PACKAGE)).keys];
	expect(keys.filter((key) => others.includes(key))).toEqual([]);
});

test("without a token there is no package; in the list of a run with one it is named as secret", async () => {
	const cwd = scratch();
	await crossfade(["mdm", "-v", "intune-windows", "--out", "kit"], { cwd });
	expect(readdirSync(join(cwd, "kit")).filter((name) => /intunewin|secret/.test(name))).toEqual([]);
	const secret = canary();
	await made(secret, cwd);
	const { stdout } = await crossfade([...make, "--json"], { cwd, canaries: [secret], holders });
	expect(JSON.parse(stdout).files).toContainEqual({
		path: join(cwd, PACKAGE),
		purpose: expect.stringContaining("Win32 app"),
		secret: true,
	});
	const { secretFiles } = JSON.parse(read(cwd, "kit/manifest.json").toString());
	expect(secretFiles).toContainEqual({ path: "crossfade.secret.intunewin", copyOf: "remediate.ps1" });
});

test("mdm verify: as made; changed; of another token; with nothing to compare it with", async () => {
	const secret = canary();
	const cwd = await made(secret);
	const verify = async () => {
		const { stdout, code } = await crossfade(["mdm", "verify", "kit", "--json"], { cwd, canaries: [secret], holders });
		const { findings } = JSON.parse(stdout) as { findings: { severity: string; file: string; rule: string }[] };
		return [code, ...findings.map(({ severity, file, rule }) => `${severity} ${file} ${rule}`)];
	};
	expect(await verify()).toEqual([0]);
	const good = read(cwd, PACKAGE);
	const bad = Buffer.from(good);
	bad.writeUInt8(bad.readUInt8(500) ^ 1, 500);
	writeFileSync(join(cwd, PACKAGE), bad);
	expect(await verify()).toEqual([10, "error crossfade.secret.intunewin changed"]);
	writeFileSync(join(cwd, PACKAGE), read(await made(canary()), PACKAGE));
	expect(await verify()).toEqual([10, "error crossfade.secret.intunewin changed"]);
	writeFileSync(join(cwd, PACKAGE), good);
	chmodSync(join(cwd, PACKAGE), 0o644);
	expect(await verify()).toEqual([10, "error crossfade.secret.intunewin mode"]);
	chmodSync(join(cwd, PACKAGE), 0o600);
	writeFileSync(join(cwd, "kit/Copy.IntuneWin"), good);
	expect(await verify()).toEqual([10, "error Copy.IntuneWin token"]);
	rmSync(join(cwd, "kit/Copy.IntuneWin"));
	for (const name of scripts) rmSync(join(cwd, "kit", name));
	expect(await verify()).toEqual([0, "warning crossfade.secret.intunewin changed"]);
	expect(existsSync(join(cwd, PACKAGE))).toBe(true);
});
