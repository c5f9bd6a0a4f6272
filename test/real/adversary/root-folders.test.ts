import { spawn } from "node:child_process";
import {
	chmodSync,
	chownSync,
	lstatSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { exitCodes } from "../../../src/base/errors.ts";
import { canary } from "../../harness/canary.ts";
import { crossfadeProcess, scratch } from "../../harness/cli.ts";
import { howMany } from "../../harness/matrix.ts";
import { needs, root } from "../../harness/parts.ts";
import { NOBODY } from "../../harness/rotation.ts";

const SWAPS = howMany(8, 300);
const REFUSED = exitCodes.refused[0];

const WRITE = ["collector", "-d", "contrib", "--write", "--into"];
const CONFIG =
	"receivers: { otlp: { protocols: { grpc: } } }\nexporters: { debug: }\nservice:\n  pipelines:\n    logs: { receivers: [otlp], exporters: [debug] }\n";

/** A folder of another account, in one that everybody can enter, and one of root's with a file. */
function scene() {
	const base = scratch({ "root/kept": "root's" });
	chmodSync(base, 0o755);
	const [theirs, roots] = [join(base, "theirs"), join(base, "root")];
	mkdirSync(theirs);
	chownSync(theirs, NOBODY, NOBODY);
	return { base, theirs, roots };
}

const filesIn = (folder: string) =>
	readdirSync(folder, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map((entry) => join(entry.parentPath, entry.name));

describe("root that writes into a folder of another account", needs(root), () => {
	test.each([
		["mdm", ["mdm", "-v", "generic"]],
		["mdm with a token", ["mdm", "-v", "kandji", "--token", "file:new.token"]],
		["collector", ["collector", "-d", "contrib"]],
	])("%s: does it as that account, which owns what it finds there", async (_name, args) => {
		const { theirs } = scene();
		const secret = canary();
		const cwd = scratch({ "new.token": secret.token });
		const out = join(theirs, "new", "kit");
		const options = { cwd, canaries: [secret], holders: ["new.token"] };
		expect(await crossfadeProcess([...args, "--out", out], options)).toMatchObject({ code: 0 });
		const found = filesIn(out);
		expect(found.length).toBeGreaterThan(2);
		for (const path of [out, dirname(out), ...found]) expect([path, lstatSync(path).uid]).toEqual([path, NOBODY]);
	});

	const record = (evidence: string) => {
		const statement = ["host", "mac-1", "gone", "--because", "sold in May", "--token", "old=fp:0123456789ab"];
		const cwd = scratch({ "hosts.csv": "host\nmac-1\n" });
		return crossfadeProcess(["attest", ...statement, "--hosts", "hosts.csv", "--evidence", evidence], { cwd });
	};

	test("evidence is theirs, with its lock and its folder, and is added to as well", async () => {
		const { theirs } = scene();
		const evidence = join(theirs, "new", "evidence");
		for (let run = 0; run < 2; run++) expect(await record(evidence)).toMatchObject({ code: 0 });
		const found = filesIn(theirs);
		expect(found.length).toBeGreaterThan(0);
		for (const path of [evidence, dirname(evidence), ...found])
			expect([path, lstatSync(path).uid]).toEqual([path, NOBODY]);
	});

	test("evidence behind their link to a folder of root's is not written", async () => {
		const { theirs, roots } = scene();
		symlinkSync(roots, join(theirs, "evidence"));
		const { code, stderr } = await record(join(theirs, "evidence"));
		expect({ code, stderr }).toEqual({ code: exitCodes.io[0], stderr: expect.stringContaining("permission denied") });
		expect(readdirSync(roots)).toEqual(["kept"]);
	});

	test("evidence in a volume of a container, a folder of root's that everybody can write, is root's", async () => {
		const { base } = scene();
		const volume = join(base, "volume");
		mkdirSync(volume);
		chmodSync(volume, 0o777);
		expect(await record(volume)).toMatchObject({ code: 0 });
		expect(filesIn(volume).map((path) => lstatSync(path).uid)).toEqual(filesIn(volume).map(() => 0));
		expect(filesIn(volume).length).toBeGreaterThan(0);
	});

	test.each(["a link for the folder", "a link for a folder below it"])("%s leads it nowhere", async (what) => {
		const { theirs, roots } = scene();
		const isBelow = what.includes("below");
		const out = isBelow ? theirs : join(theirs, "kit");
		const link = isBelow ? join(theirs, "systemd") : out;
		symlinkSync(roots, link);
		const { code, stderr } = await crossfadeProcess(["collector", "-d", "contrib", "--out", out, "--force"]);
		expect({ code, stderr }).toEqual({ code: exitCodes.io[0], stderr: expect.stringContaining("permission denied") });
		expect(readdirSync(roots)).toEqual(["kept"]);
	});

	test(`${SWAPS} runs while its owner swaps a folder for a link to one of root's: nothing is written there`, async () => {
		const { theirs, roots } = scene();
		const swap = `while :; do ln -sfn "${roots}" x; mv -T x systemd; rm -rf systemd; mkdir systemd; done`;
		const account = { uid: NOBODY, gid: NOBODY };
		const attacker = spawn("sh", ["-c", swap], { cwd: theirs, ...account, stdio: "ignore", detached: true });
		const gone = new Promise((done) => attacker.on("close", done));
		onTestFinished(async () => {
			// With the program that it runs just now: nothing new must be made in the folder that is removed next.
			process.kill(-(attacker.pid ?? 0), "SIGKILL");
			await gone;
		});
		for (let run = 0; run < SWAPS; run++) {
			await crossfadeProcess(["collector", "-d", "contrib", "--out", theirs, "--force"]);
			expect(readdirSync(roots)).toEqual(["kept"]);
		}
	});

	test("that everybody can write: refused, and nothing is written", async () => {
		const { base } = scene();
		const open = join(base, "open");
		mkdirSync(open);
		chmodSync(open, 0o777);
		expect((await crossfadeProcess(["collector", "-d", "contrib", "--out", join(open, "kit")])).code).toBe(REFUSED);
		expect(readdirSync(open)).toEqual([]);
		chmodSync(open, 0o1777);
		expect((await crossfadeProcess(["collector", "-d", "contrib", "--out", join(open, "kit")])).code).toBe(0);
	});

	test("a config of theirs is changed as that account, so that a link swapped in shows them no file of root's", async () => {
		const { theirs, roots } = scene();
		const config = join(theirs, "config.yaml");
		writeFileSync(config, CONFIG);
		chownSync(config, NOBODY, NOBODY);
		expect(await crossfadeProcess([...WRITE, config])).toMatchObject({ code: 0 });
		for (const path of filesIn(theirs)) expect([path, lstatSync(path).uid]).toEqual([path, NOBODY]);
		// Their link to a file of root's, behind a folder's name: read it may be, which only root sees, but not copied.
		writeFileSync(join(roots, "config.yaml"), CONFIG);
		chmodSync(join(roots, "config.yaml"), 0o600);
		symlinkSync(roots, join(theirs, "link"));
		expect((await crossfadeProcess([...WRITE, join(theirs, "link", "config.yaml")])).code).not.toBe(0);
		expect(readFileSync(join(roots, "config.yaml"), "utf8")).toBe(CONFIG);
		expect(readdirSync(roots).sort()).toEqual(["config.yaml", "kept"]);
	});

	test.each([0o644, 0o600, 0o666])(
		"a config of root's, mode %o, in a folder of theirs: refused, and nothing is left beside it",
		async (mode) => {
			const { theirs } = scene();
			const config = join(theirs, "config.yaml");
			writeFileSync(config, CONFIG);
			chmodSync(config, mode);
			const { code, stderr } = await crossfadeProcess([...WRITE, config]);
			expect({ code, stderr }).toEqual({ code: REFUSED, stderr: expect.stringContaining(`chown ${NOBODY} FILE`) });
			expect(readdirSync(theirs)).toEqual(["config.yaml"]);
			expect(readFileSync(config, "utf8")).toBe(CONFIG);
			chownSync(config, NOBODY, NOBODY);
			expect(await crossfadeProcess([...WRITE, config])).toMatchObject({ code: 0 });
		},
	);

	test("a config in a folder of theirs that they cannot reach: refused, with what to do", async () => {
		const { base, theirs } = scene();
		writeFileSync(join(theirs, "config.yaml"), CONFIG);
		chmodSync(base, 0o700);
		const { code, stderr } = await crossfadeProcess([...WRITE, join(theirs, "config.yaml")]);
		expect({ code, stderr }).toEqual({ code: REFUSED, stderr: expect.stringContaining("chown root FOLDER") });
		expect(readdirSync(theirs)).toEqual(["config.yaml"]);
	});
});
