import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readers } from "../../../src/adapters/stores/env-file/format.ts";
import { store } from "../../../src/adapters/stores/env-file/index.ts";
import { Secret } from "../../../src/token/secret.ts";
import { canary } from "../../harness/canary.ts";
import { scratch } from "../../harness/cli.ts";
import { dockerImage, needs, part } from "../../harness/parts.ts";
import { memoryFiles, reachWith } from "../../harness/store.ts";

const GENERATOR = "/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator";
/** systemd's reader of environment.d: it has the parser of EnvironmentFile, and besides expands variables, which these files have none of. */
const generator = part(
	"systemd's reader of files of variables",
	() => (existsSync(GENERATOR) ? GENERATOR : undefined),
	{
		fix: "install Debian's systemd",
	},
);
const busybox = dockerImage("otel-crossfade/busybox");

const NAMES = ["A", "B_2", "TOKEN"];
/** The last value of each of ours, those without one apart: not every reader passes them on. */
const ours = (pairs: readonly (readonly [string, string | undefined])[]) =>
	Object.fromEntries([...new Map(pairs)].filter(([name, value]) => NAMES.includes(name) && value !== ""));
const entry = (text: string) => [text.split("=")[0] ?? "", text.slice(text.indexOf("=") + 1)] as const;

/** What systemd has after reading a file of this content. */
function systemd(text: string): Record<string, string | undefined> {
	const home = scratch();
	mkdirSync(join(home, "environment.d"));
	writeFileSync(join(home, "environment.d/a.conf"), text);
	const output = execFileSync(generator.path, {
		env: { XDG_CONFIG_HOME: home, HOME: home },
		encoding: "utf8",
		stdio: "pipe",
	});
	// Values are printed in double quotes where needed, and line breaks and tabs as letters.
	const plain = (text: string) =>
		text
			.replace(/^"([\s\S]*)"$/, "$1")
			.replace(/\\(.)/g, (_, letter: string) => ({ n: "\n", t: "\t", r: "\r" })[letter] ?? letter);
	return ours(
		output
			.split("\n")
			.map(entry)
			.map(([name, quoted]) => [name, plain(quoted)] as const),
	);
}

function docker(text: string): Record<string, string | undefined> {
	const folder = scratch({ "f.env": text });
	const args = ["run", "--rm", "--network=none", "--env-file", join(folder, "f.env"), busybox.path, "env"];
	const output = execFileSync("docker", args, { encoding: "utf8" });
	return ours(output.split("\n").map(entry));
}

async function replaced(reader: keyof typeof readers, text: string, from: string, to: string): Promise<string> {
	const { held, files } = memoryFiles({ "/f": text });
	const file = store.open({ path: "/f", key: "TOKEN", reader }, reachWith({ files }));
	const expected = Secret.of(from).fingerprint;
	const answer = await file.promote({ operation: randomUUID(), expected, value: { token: Secret.of(to) } });
	expect(answer).toEqual({ did: "written" });
	return held.get("/f")?.bytes.toString() ?? "";
}

const value = fc
	.array(fc.constantFrom("a", " ", "'", '"', "\\", "#", "x y", "\\\n", "\\'", '\\"', "=", "\t", ";"), { maxLength: 6 })
	.map((pieces) => pieces.join(""));
const line = fc.tuple(fc.constantFrom("A=", "B_2=", "A =", "#", "A"), value).map((pieces) => pieces.join(""));

describe("systemd itself", () => {
	test("sees in any file what we say that it sees, where we say so", needs(generator), async () => {
		await fc.assert(
			fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 4 }), async (lines) => {
				const text = `${lines.join("\n")}\n`;
				const scan = readers.systemd.scan(text);
				// An empty value is one to EnvironmentFile, and nothing to environment.d.
				if (!("assignments" in scan) || scan.assignments.some(({ value: each }) => each === "")) return;
				const seen = ours(scan.assignments.map(({ key, value: each }) => [key, each]));
				expect(systemd(text)).toEqual(seen);
			}),
			{ numRuns: process.env["CROSSFADE_MATRIX"] === "full" ? 2_000 : 150 },
		);
	});

	test.each(["", "'", '"'])(
		"reads a replaced value that stands in %j, and the rest as before",
		needs(generator),
		async (quote) => {
			const [from, to] = [canary().token, `${canary().token}"\\%#;'`];
			const text = `# c\nA='x y'\nTOKEN=${quote}${from}${quote}\nB_2="a\\"b"\n`;
			const after = await replaced("systemd", text, from, to);
			expect(systemd(after)).toEqual({ ...systemd(text), TOKEN: to });
		},
	);
});

test(
	"docker run --env-file reads a replaced value, quotes and all, and the rest as before",
	needs(busybox),
	async () => {
		const [from, to] = [canary().token, `${canary().token}"\\%#;'$x`];
		const text = `\ufeffA='x y' # not a comment\r\n  TOKEN=${from}\r\nB_2=\r\n`;
		expect(docker(text)).toEqual({ A: "'x y' # not a comment", TOKEN: from });
		expect(docker(await replaced("docker", text, from, to))).toEqual({
			A: "'x y' # not a comment",
			TOKEN: to,
		});
	},
);
