import { utimesSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { TrafficCounter } from "../../src/prove/evidence/evidence.ts";
import type { Obligation } from "../../src/prove/judge/case.ts";
import type { OverlapView } from "../../src/prove/overlap/view.ts";
import { canary } from "./canary.ts";
import { crossfadeProcess, type RunOutcome, scratch } from "./cli.ts";
import { sent, writeEvidence } from "./evidence.ts";

/** A rotation as an evidence folder, an MDM's export and a fleet file show it, and what the built program says of it. */

export const [OLD, NEW] = [canary().fingerprint, canary().fingerprint];

/** Requests of a sender, so many minutes ago. */
export function at(
	fingerprint: string,
	minutes: readonly number[],
	more: Partial<TrafficCounter> = {},
): TrafficCounter[] {
	return minutes.map((each) => sent(fingerprint, each, more));
}

/** mac-1 with the old token three hours ago, and with the new one every 40 minutes since. */
export const moved = [...at(OLD, [190]), ...at(NEW, [160, 120, 80, 40, 2])];

/** A line of an MDM's export. */
export const report = (host: string, fingerprint: string, clis = "codex:ok") =>
	`crossfade ok fp=${fingerprint} cfg=1 cli=${clis} users=1,${host}\n`;

export interface RotationWorld {
	/** Lines of the fleet file besides its tokens. */
	readonly fleet?: string;
	/** What the fleet file says of the tokens, if not their fingerprints. */
	readonly tokens?: string;
	readonly traffic?: TrafficCounter[];
	readonly evidence?: Omit<Parameters<typeof writeEvidence>[1], "traffic">;
	/** Machines in an MDM's export, below the columns Report and Computer Name, or with their own. */
	readonly inventory?: string;
	readonly columns?: string;
	/** Lists of pods, the earlier one first. */
	readonly pods?: readonly string[];
	readonly files?: Readonly<Record<string, string>>;
	readonly args?: readonly string[];
	/** Changes the folder before anybody looks. */
	readonly before?: (cwd: string) => unknown;
}

function secondsAgo(seconds: number): [accessed: Date, written: Date] {
	const time = new Date(Date.now() - seconds * 1_000);
	return [time, time];
}

/** `report` with the gate on it. */
async function gate(world: RotationWorld, args: readonly string[]): Promise<RunOutcome> {
	const { fleet = "hosts: { expected: [mac-1] }\nevery: 1h\n", traffic, evidence = {}, pods = [], files } = world;
	const { tokens = `{ old: "fp:${OLD}", new: "fp:${NEW}" }`, inventory, columns = "Report,Computer Name\n" } = world;
	const cwd = scratch({
		"crossfade.yaml": `version: 1\ntokens: ${tokens}\n${fleet}`,
		...Object.fromEntries(pods.map((text, index) => [`pods-${index}.json`, text])),
		...(inventory !== undefined && { "jamf.csv": `${columns}${inventory}` }),
		...files,
	});
	// A list is as old as its file, and files that are written one after the other can have the same time.
	for (const index of pods.keys()) utimesSync(join(cwd, `pods-${index}.json`), ...secondsAgo(pods.length - index));
	if (traffic) writeEvidence(join(cwd, "crossfade-evidence"), { traffic, ...evidence });
	await world.before?.(cwd);
	const listed = inventory === undefined ? [] : ["--inventory", "jamf.csv"];
	const podLists = pods.flatMap((_text, index) => ["--pods", `pods-${index}.json`]);
	const run = ["report", "--require-migrated", ...args, ...listed, ...podLists, ...(world.args ?? [])];
	return crossfadeProcess(run, { cwd });
}

/** What it says as text, on one line. */
export async function verdict(world: RotationWorld): Promise<{ readonly code: number | null; readonly text: string }> {
	const { code, stdout, stderr } = await gate(world, ["--explain"]);
	expect(stderr).toBe("");
	return { code, text: stdout.replaceAll(/\s+/g, " ") };
}

/** The points that it says are proven or not, in the order that it says them. */
export async function points(
	world: RotationWorld,
): Promise<{ readonly code: number | null; readonly answer: string; readonly points: readonly Obligation[] }> {
	const { code, stdout } = await gate(world, ["--json"]);
	const { judgement }: OverlapView = JSON.parse(stdout);
	return { code, answer: judgement.fleet.safeToRetire, points: judgement.obligations };
}
