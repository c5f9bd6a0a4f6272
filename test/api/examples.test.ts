import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { secretForms } from "../../src/token/forms.ts";
import { scratch } from "../harness/cli.ts";

const root = new URL("../..", import.meta.url).pathname;

/** The `@example` of each docstring, by the name of what it is of. */
function examples(): Map<string, string> {
	const found = new Map<string, string>();
	for (const name of readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })) {
		if (!name.endsWith(".ts")) continue;
		const text = readFileSync(join(root, "src", name), "utf8");
		const docs =
			/\/\*\*((?:(?!\*\/)[\s\S])*@example\n(?:(?!\*\/)[\s\S])*)\*\/\nexport (?:async )?(?:function|class) (\w+)/g;
		for (const [, doc = "", of = ""] of text.matchAll(docs)) {
			const [, code = ""] = doc.split("@example\n");
			found.set(of, code.replace(/^ \* ?/gm, ""));
		}
	}
	return found;
}

/** What an example says that it prints. */
function promised(code: string): string[] {
	return [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, text = ""]) => text);
}

/** A folder in which the package can be imported as users import it. */
function installed(files: Readonly<Record<string, string>>): string {
	const folder = scratch();
	mkdirSync(join(folder, "node_modules"));
	symlinkSync(root, join(folder, "node_modules/otel-crossfade"), "dir");
	for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
	return folder;
}

describe("the programming interface", () => {
	const all = examples();

	test("has an example for everything that it can do", async () => {
		const path = join(root, "dist/index.js");
		const exported = Object.keys((await import(path)) as object);
		const data = ["CrossfadeError", "exitCodes"];
		expect([...all.keys()].sort()).toEqual(exported.filter((name) => !data.includes(name)).sort());
	});

	test.each([...all])("the example of %s does what it says", (_, code) => {
		const folder = installed({ "example.mjs": code });
		const printed = execFileSync(process.execPath, ["example.mjs"], { cwd: folder, encoding: "utf8" });
		expect(promised(code).length).toBeGreaterThan(0);
		expect(printed.trimEnd().split("\n")).toEqual(promised(code));
	});

	test("every example fits the types", () => {
		const files = Object.fromEntries([...all].map(([name, code]) => [`${name}.mts`, code]));
		const schema = `import schema from "otel-crossfade/crossfade.schema.json" with { type: "json" };\nconst id: string = schema.$schema;\nconsole.log(id);\n`;
		const folder = installed({ ...files, "schema.mts": schema });
		const options = ["--noEmit", "--strict", "--module", "nodenext", "--types", "", "--lib", "es2023,dom"];
		const tsc = join(root, "node_modules/.bin/tsc");
		const { status, stdout } = spawnSync(tsc, [...options, ...Object.keys(files), "schema.mts"], {
			cwd: folder,
			encoding: "utf8",
		});
		expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
	});

	test("wrong options are one error with all problems, and no token in it", async () => {
		const { CrossfadeError, generateCollector, probe, renderKit, Secret } = await import("../../src/index.ts");
		const token = Secret.of("canary-of-the-api-0123456789");
		const wrong = [
			() => generateCollector({ distribution: "contribb", name: "A B", signals: ["logs"] }),
			() => renderKit({ vehicle: "jmaf", cli: ["claude"] }, token),
			() => probe({ tokens: { new: token }, endpoint: "ftp://x", timeoutMs: -1 }),
		];
		for (const call of wrong) {
			const error = await call().then(
				() => undefined,
				(reason: unknown) => reason,
			);
			expect(error).toBeInstanceOf(CrossfadeError);
			const { exit, problems } = error as InstanceType<typeof CrossfadeError>;
			expect({ exit, count: problems.length }).toEqual({ exit: "usage", count: 2 });
			expect(JSON.stringify(problems)).not.toContain(token.reveal());
		}
	});

	test("a kit with the token in it says which files hold it", async () => {
		const { renderKit, Secret } = await import("../../src/index.ts");
		const token = Secret.of("canary-of-the-api-0123456789");
		const { files, secretFiles } = await renderKit({ vehicle: "intune" }, token);
		expect(secretFiles.length).toBeGreaterThan(0);
		for (const { path, content } of secretFiles) {
			expect(path).toContain(".secret.");
			expect(secretForms(token.reveal()).some((form) => content.includes(form))).toBe(true);
		}
		for (const { content } of files) expect(content).not.toContain(token.reveal());
	});
});
