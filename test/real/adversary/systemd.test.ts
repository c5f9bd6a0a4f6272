import { spawnSync } from "node:child_process";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { distributionIds, loadDistribution } from "../../../src/adapters/collectors/registry.ts";
import { renderBundle } from "../../../src/generate/render/bundle.ts";
import { planFor } from "../../contracts/collector.ts";
import { scratch } from "../../harness/cli.ts";
import { needs, program } from "../../harness/parts.ts";

const analyze = program("systemd-analyze");
/** 10 is a service of root's without any bound. https://www.freedesktop.org/software/systemd/man/latest/systemd-analyze.html */
const MOST_EXPOSED = 3.5;

const bundles = await Promise.all(
	distributionIds.map(async (id) => {
		const distribution = await loadDistribution(id);
		if (!distribution) throw new Error(id);
		return distribution.hosts.systemd ? renderBundle(planFor(distribution, { platform: "systemd" })) : [];
	}),
);
const files = bundles.flat().filter(({ path }) => path.startsWith("systemd/"));
const units = files.filter(({ path }) => path.endsWith(".service"));

function run(...args: string[]) {
	return spawnSync(analyze.path, args, { encoding: "utf8", env: { PATH: "/usr/bin:/bin", LC_ALL: "C" } });
}

describe("what we write for systemd", needs(analyze), () => {
	test.each(units)("$path: as systemd sees it, an intruder in it could do little", ({ path, content }) => {
		const unit = join(scratch({ [basename(path)]: content }), basename(path));
		const { stdout, stderr, status } = run("security", "--offline=true", `--threshold=${MOST_EXPOSED * 10}`, unit);
		expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
		expect(Number(/Overall exposure level for \S+: ([\d.]+)/.exec(stdout)?.[1])).toBeLessThanOrEqual(MOST_EXPOSED);
	});

	test.each(files)("$path: no line that systemd does not know, and no core file", ({ path, content }) => {
		// A drop-in is read as a unit of its own, which needs a command.
		const text = content.includes("ExecStart=") ? content : `${content}\nExecStart=/bin/true\n`;
		const unit = join(scratch({ "x.service": text }), "x.service");
		const { stderr } = run("verify", "--man=no", unit);
		const complaints = stderr.split("\n").filter((line) => line.includes(unit) && !/is not executable/.test(line));
		expect({ path, complaints }).toEqual({ path, complaints: [] });
		expect(content).toMatch(/^LimitCORE=0$/m);
	});
});
