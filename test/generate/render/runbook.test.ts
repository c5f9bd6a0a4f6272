import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { platforms } from "../../../src/adapters/collectors/distribution.ts";
import { distributionIds, loadDistribution } from "../../../src/adapters/collectors/registry.ts";
import { bundleOf } from "../../contracts/collector.ts";
import { canary } from "../../harness/canary.ts";
import { scratch } from "../../harness/cli.ts";

const distributions = await Promise.all(distributionIds.map(async (id) => [id, await loadDistribution(id)] as const));
const made = distributions.flatMap(([id, found]) =>
	platforms
		.filter((platform) => platform !== "windows" && found?.hosts[platform])
		.map((platform) => [id, platform] as const),
);

/** The code blocks of a runbook, of one kind, as they are copied. */
function blocksOf(runbook: string, kind = "sh"): string[] {
	const fence = new RegExp(`^ *\`\`\`${kind}\\n([\\s\\S]*?)^ *\`\`\`$`, "gm");
	return [...runbook.matchAll(fence)].map(([, text = ""]) => text.replaceAll(/^ {3}/gm, ""));
}

describe.each(made)("the runbook of %s on %s", (id, platform) => {
	test("has commands that a shell can parse, and that name only files which are there", async () => {
		const files = await bundleOf(id, { distribution: id, platform, queue: "memory" });
		const blocks = blocksOf(files.get("RUNBOOK.md") ?? "");
		expect(blocks.length).toBeGreaterThan(2);
		for (const block of blocks) {
			const { status, stderr } = spawnSync("sh", ["-n"], { input: block, encoding: "utf8" });
			expect({ block, status, stderr }).toEqual({ block, status: 0, stderr: "" });
		}
		const named = blocks.join("\n").matchAll(/(?:sudo sh|apply -f|-n NAMESPACE -f|file:\/\/(?!\/)|-m 06\d\d) ?(\S+)/g);
		const wanted = [...named].map(([, path = ""]) => path).filter((path) => /^[\w-]+[\w./-]*\.\w+$/.test(path));
		for (const path of wanted) expect([...files.keys()]).toContain(path);
	});
});

/** Programs that are not here, each of which notes its arguments and its input, and answers nothing. */
function stubs(...names: readonly string[]) {
	const folder = scratch();
	for (const name of names) {
		const note = `printf '%s\\n' "${name} $*" >> "$STUBS/calls"; case "$*" in *stdin*|*apply*) cat >> "$STUBS/input" ;; esac`;
		writeFileSync(join(folder, name), `#!/bin/sh\n${note}\n`);
		chmodSync(join(folder, name), 0o755);
	}
	// As root would: on behalf of an account, or of none.
	writeFileSync(join(folder, "sudo"), '#!/bin/sh\n[ "$1" != -u ] || shift 2\nexec "$@"\n');
	chmodSync(join(folder, "sudo"), 0o755);
	const read = (name: string) => {
		try {
			return readFileSync(join(folder, name), "utf8");
		} catch {
			return "";
		}
	};
	return {
		calls: () => read("calls"),
		input: () => read("input"),
		run: (block: string, input: string) =>
			spawnSync("sh", ["-c", block], {
				input,
				encoding: "utf8",
				env: { PATH: `${folder}:${process.env["PATH"]}`, STUBS: folder },
			}),
	};
}

const asking = (blocks: readonly string[]) => blocks.find((block) => block.includes("Token (not shown)")) ?? "";

describe.each([
	["contrib", "kubernetes", ["kubectl"]],
	["contrib", "ecs", ["aws"]],
] as const)("storing a token with the commands for %s on %s", (id, platform, programs) => {
	test("hands it on as input alone; Enter alone changes nothing", async () => {
		const { token } = canary();
		const runbook = (await bundleOf(id, { distribution: id, platform })).get("RUNBOOK.md") ?? "";
		const [right, nothing] = [stubs(...programs), stubs(...programs)];
		expect(right.run(asking(blocksOf(runbook)), `${token}\n`).status).toBe(0);
		expect(right.input()).toBe(token);
		expect(right.calls()).not.toContain(token);
		const empty = nothing.run(asking(blocksOf(runbook)), "\n");
		expect(empty).toMatchObject({ status: 1, stderr: expect.stringContaining("nothing was changed") });
		expect(nothing.calls()).toBe("");
	});
});

describe.each(["contrib", "adot", "edot", "alloy"])("replacing the token of %s by hand", (id) => {
	const steps = async () => {
		const folder = scratch();
		const file = join(folder, "etc", "acme.token");
		mkdirSync(join(folder, "etc"));
		writeFileSync(file, "the-token-from-before", { mode: 0o440 });
		const files = await bundleOf(id, { distribution: id, platform: "systemd", name: "acme", tokenFile: file });
		return {
			file,
			block: asking(blocksOf(files.get("RUNBOOK.md") ?? "")),
			stub: stubs("systemctl", "otelcol-contrib"),
		};
	};

	test("puts it into the file that the collector reads, with the mode from before", async () => {
		const { token } = canary();
		const { file, block, stub } = await steps();
		stub.run(block, `${token}\n`);
		expect(readFileSync(file, "utf8")).toBe(token);
		expect(execFileSync("stat", ["-c", "%a", file], { encoding: "utf8" }).trim()).toBe("440");
		expect(stub.calls()).not.toContain(token);
	});

	test("leaves the old one where only Enter was pressed", async () => {
		const { file, block, stub } = await steps();
		stub.run(block, "\n");
		expect(readFileSync(file, "utf8")).toBe("the-token-from-before");
	});
});

describe("a component of Alloy that is not generally available", () => {
	const level = "--stability.level=public-preview";

	test("is allowed by the packaged unit and by the check before it, and by no more than these", async () => {
		const files = await bundleOf("alloy", { distribution: "alloy", platform: "systemd", queue: "persistent" });
		const unit = files.get("systemd/alloy.service.d/crossfade.conf");
		expect(unit).toContain(`ExecStart=\nExecStart=/usr/bin/alloy run $CUSTOM_ARGS ${level} --storage.path=`);
		expect(files.get("RUNBOOK.md")).toContain(`alloy validate ${level} /etc/alloy/config.alloy`);
		const plain = await bundleOf("alloy", { distribution: "alloy", platform: "systemd" });
		expect([...plain.values()].join("\n")).not.toContain("--stability.level");
	});

	test("a header of its own is refused before the release that has the setting", async () => {
		const flags = {
			distribution: "alloy",
			provider: "custom",
			endpoint: "https://otlp.example.com",
			authHeader: "x-api-key",
		};
		const config = async (targetVersion: string) =>
			(await bundleOf("alloy", { ...flags, targetVersion })).get("config.alloy");
		await expect(config("1.8.3")).rejects.toMatchObject({ exit: "usage", problems: [{ expected: "1.9.0 or newer" }] });
		expect(await config("1.9.0")).toMatch(/header\s+= "x-api-key"/);
	});
});
