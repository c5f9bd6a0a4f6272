import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { probeHost } from "../../src/prove/judge/own-probes.ts";
import { crossfadeProcess, scratch } from "../harness/cli.ts";
import { probed } from "../harness/evidence.ts";
import { attributed, metricsPage } from "../harness/pages.ts";
import { podsText, replica } from "../harness/pods.ts";
import { at, moved, NEW, OLD, type RotationWorld, report, verdict } from "../harness/verdict.ts";

const HOUR = 60;
const README = readFileSync(new URL("../../README.md", import.meta.url), "utf8").replaceAll(/\s+/g, " ");
const refused = { lastStatus: 401, refused: 1, lastAccepted: 0 };

/** A pod with the old token, another one of its workload with the new token, and lists from before and after the end of the first. */
const [earlier, later] = [replica("web", "7d4b9c6f5", "bcdfg"), replica("web", "84c5f7d9b", "xz249", { version: 250 })];
const ofPods = [
	...moved,
	...at(OLD, [190, 150], { host: earlier.name }),
	...at(NEW, [140, 120, 80, 40, 2], { host: later.name }),
];
const [before, after] = [podsText([earlier]), podsText([later], { version: 300 })];

/** Machines that send past a tap, through which only our own test records went. */
const pastTheTap: RotationWorld = {
	traffic: [OLD, NEW].flatMap((fingerprint) =>
		at(fingerprint, [190], { host: probeHost(fingerprint), cli: "crossfade-probe" }),
	),
	inventory: report("mac-1", NEW) + report("mac-2", NEW),
};

const UNSEEN =
	/not visible: traffic, running processes that still use the old token, whether old and new are swapped, and whether the provider accepts the new one/;
const YES = /Safe to retire the old token: yes/i;
const ended = new Date(Date.now() - HOUR * 60_000).toISOString();

/** A promise of the README, and worlds in which it is kept: what the gate returns, and what the report says. */
const promises: readonly (readonly [promise: string, worlds: readonly (readonly [RotationWorld, number, RegExp])[]])[] =
	[
		[
			'"Yes" means that all twelve points are proven; `--explain`, the JSON and the page show them:',
			[[{ traffic: moved }, 0, YES]],
		],
		[
			"Every place was watched without a gap until now,",
			[
				[{ traffic: moved, evidence: { until: Date.now() - 4 * HOUR * 60_000 } }, 9, /it was last watched 4 h/],
				[{ traffic: moved, args: ["--gateway", "eu=http://127.0.0.1:1/metrics"] }, 9, /eu .*it could never be read/],
			],
		],
		[
			"and counted the old token at least once.",
			[[{ traffic: at(NEW, [160, 120, 80, 40, 2]) }, 9, /the old token was never counted here/]],
		],
		[
			"A sender used the old token, or you confirm that old and new are not swapped.",
			[
				[
					{
						traffic: [
							...at(NEW, [160, 120, 80, 40, 2]),
							...at(OLD, [190], { host: probeHost(OLD), cli: "crossfade-probe" }),
						],
					},
					9,
					/no sender was ever seen with the old token/,
				],
			],
		],
		[
			"Each known sender used only the new token for a quarter longer than its declared interval, while its machine was in use.",
			[
				[{ traffic: [...at(OLD, [100]), ...at(NEW, [60, 20])] }, 9, /seen on the new token only for/],
				// Nobody used the laptop in the hours between.
				[{ traffic: [...at(OLD, [600]), ...at(NEW, [590, 5])] }, 9, /seen on the new token only for 10 min/],
				[{ traffic: [...moved, ...at(OLD, [30])] }, 5, /1 sender still on the old token/],
			],
		],
		[
			"Declare the interval as `every: 1h` for the fleet, a CLI or a host; the default is a day.",
			[
				[{ traffic: moved, fleet: "hosts: { expected: [mac-1] }\n" }, 9, /it sends at least every 24 h/],
				[{ traffic: moved, fleet: "hosts: { expected: [mac-1] }\nclis: { codex: { every: 1h } }\n" }, 0, YES],
				[{ traffic: moved, fleet: "hosts: { expected: [mac-1], intervals: { MAC-1: 1h } }\n" }, 0, YES],
				[
					{ traffic: moved, fleet: "hosts: { expected: [mac-1], intervals: { MAC-1: 7d } }\nevery: 1h\n" },
					9,
					/it sends at least every 168 h/,
				],
			],
		],
		[
			"A pod that ended needs no time: `--pods` with an earlier and a newer list shows that, and another pod of its workload the new token.",
			[
				[{ traffic: ofPods, pods: [before, after] }, 0, /yes.*; 1 sender ended/i],
				[{ traffic: ofPods }, 5, /web-7d4b9c6f5-bcdfg.* never sent with the new token/],
				[{ traffic: ofPods, pods: [after] }, 5, /web-7d4b9c6f5-bcdfg.* never sent with the new token/],
				[
					{ traffic: ofPods, pods: [before, podsText([earlier, later], { version: 300 })] },
					5,
					/never sent with the new/,
				],
				[{ traffic: ofPods, pods: [before, podsText([later], { cluster: "b" })] }, 5, /never sent with the new token/],
				[{ traffic: ofPods, pods: [before, podsText([], { version: 300 })] }, 5, /never sent with the new token/],
				[{ traffic: ofPods, pods: [before, after.slice(0, -9)] }, 5, /pods-1.json: it is cut off/],
				[
					{ traffic: ofPods, pods: [before, podsText([later], { continue: "x" })] },
					5,
					/pods-1.json: it is only one page/,
				],
				[
					{ traffic: ofPods.filter(({ host }) => host !== later.name), pods: [before, after] },
					5,
					/it ended, but no pod of Deployment prod\/web was seen with the new token since/,
				],
			],
		],
		[
			"Its data was accepted,",
			[
				[
					{ traffic: [...at(OLD, [190]), ...at(NEW, [160, 120, 80, 40, 2], refused)] },
					5,
					/nothing that it sent .* accepted/,
				],
				[
					{ traffic: moved, evidence: { probes: [probed(NEW, { outcome: "rejected" })] } },
					3,
					/the new token is rejected/,
				],
			],
		],
		[
			"The inventory agrees, no list or evidence is incomplete, each name stands for one machine, and clocks agree to 5 minutes.",
			[
				[{ traffic: moved, inventory: report("mac-1", OLD) }, 5, /it reports the old token/],
				[{ traffic: moved, inventory: `${report("mac-1", NEW)}${report("", NEW)}` }, 9, /no host name/],
				[{ traffic: moved, evidence: { limits: ["too many senders"] } }, 9, /too many senders/],
				[{ traffic: moved, inventory: report("mac-1", NEW) + report("mac-1", OLD) }, 5, /reports of this name differ/],
				[{ traffic: [...moved, ...at(NEW, [-30])] }, 9, /its clock is \d+ min ahead of ours/],
			],
		],
		[
			'"Not yet": something uses the old token. "Not known": something is not proven; the report names it and the next step.',
			[
				[{ traffic: at(OLD, [190, 3]) }, 5, /not yet.*give it the new token/i],
				[
					{ traffic: moved, fleet: "hosts: { expected: [mac-1, mac-7] }\nevery: 1h\n" },
					9,
					/not known.*mac-7.*crossfade attest/i,
				],
			],
		],
		[
			'"Over": the old token has expired; the answer names who was still on it.',
			[
				[
					{
						traffic: [...moved, ...at(OLD, [90], { host: "mac-2" })],
						evidence: { probes: [probed(OLD, { outcome: "rejected", token: "old" })] },
						fleet: `hosts: { expected: [mac-1, mac-2] }\nevery: 1h\noverlap: { deadline: ${ended} }\n`,
					},
					5,
					/over.*1 sender still on it \(mac-2 codex\)/i,
				],
			],
		],
		[
			'Machines that send directly to the provider are proven by inventory, and the "yes" says so.',
			[
				[{ inventory: report("mac-1", NEW), fleet: "" }, 0, /yes.*by inventory: 1 report/i],
				[{ inventory: report("mac-1", NEW) + report("mac-2", OLD), fleet: "" }, 5, /mac-2: it reports the old token/],
			],
		],
		[
			"Inventory shows what is configured, not running processes that still use the old token, whether old and new are swapped, or what the provider accepts.",
			[[{ inventory: report("mac-1", NEW), fleet: "" }, 0, UNSEEN]],
		],
		[
			"If any place is watched too, point 1 still needs a sender's use of the old token, or your `crossfade attest credential`.",
			[
				[{ ...pastTheTap, fleet: "hosts: { direct: all }\n" }, 9, /no sender was ever seen with the old token/],
				[{ ...pastTheTap, traffic: moved, fleet: "hosts: { direct: [mac-2] }\nevery: 1h\n" }, 0, YES],
				[
					{
						...pastTheTap,
						fleet: `hosts: { direct: all }\nattested: [{ credential: "${OLD}", is: known, because: older, at: "${ended}" }]\n`,
					},
					0,
					/yes no sender was seen on the new token, and .*2 machines by inventory, because they send .*not visible: .* accepts the new one\), with 1 statement/i,
				],
			],
		],
		[
			"Two kinds of senders stay unknown: those that are on no list and never seen, and those that send less often than declared.",
			[[{ traffic: moved, fleet: "every: 1h\n" }, 9, /there is no list of expected machines/]],
		],
		[
			"A laptop that sleeps is SILENT, never migrated.",
			[[{ traffic: moved, fleet: "hosts: { expected: [mac-1, mac-7] }\nevery: 1h\n" }, 9, /SILENT mac-7/]],
		],
	];

describe("what the README says of the verdict", () => {
	test.each(promises)("%s", async (promise, worlds) => {
		expect(README).toContain(promise);
		for (const [world, code, text] of worlds) {
			const outcome = await verdict(world);
			expect(outcome).toEqual({ code, text: expect.stringMatching(text) });
			if (code !== 0) expect(outcome.text).not.toMatch(YES);
		}
	});

	test("counted everything it received by token", async () => {
		const page = await metricsPage(`${attributed(OLD, 5)}otelcol_receiver_accepted_spans{receiver="otlp"} 4\n`);
		const { code, text } = await verdict({ traffic: moved, args: ["--gateway", `eu=${page.url}`] });
		expect({ code, text }).toEqual({
			code: 9,
			text: expect.stringContaining("4 of 4 records of traces were not counted"),
		});
	});

	test("each gateway's own exporter uses the new token: its metrics, a probe through it that a `crossfade tap` behind it counts, or `crossfade attest` show it.", async () => {
		const page = await metricsPage(`${attributed(OLD, 5)}crossfade_exporter_token_info{fingerprint="${OLD}"} 1\n`);
		const args = ["--gateway", `eu=${page.url}`];
		expect(await verdict({ traffic: moved, args })).toEqual({
			code: 5,
			text: expect.stringContaining("eu, its exporter: its metrics show that it forwards with"),
		});
		page.text = attributed(OLD, 5);
		expect(await verdict({ traffic: moved, args })).toEqual({
			code: 9,
			text: expect.stringContaining("the token of its exporter is unknown"),
		});
		const arrived = at(NEW, [3], { host: `gateway eu with ${OLD}`, cli: "crossfade-probe" });
		const { text } = await verdict({ traffic: [...moved, ...arrived], args });
		expect(text).toContain(`a probe through it was counted by gw with ${NEW}`);
	});

	test("the example with an MDM's export alone is a yes without a fleet file", async () => {
		const cwd = scratch();
		writeFileSync(join(cwd, "jamf.csv"), `Report,Computer Name\n${report("mac-1", NEW)}`);
		const tokens = ["--token", `old=fp:${OLD}`, "--token", `new=fp:${NEW}`];
		const run = ["report", "--inventory", "jamf.csv", ...tokens, "--require-migrated"];
		expect(await crossfadeProcess(run, { cwd })).toMatchObject({ code: 0, stdout: expect.stringMatching(YES) });
	});

	test("a yes by inventory names in every format what it cannot see", async () => {
		const cwd = scratch();
		writeFileSync(join(cwd, "jamf.csv"), `Report,Computer Name\n${report("mac-1", NEW)}`);
		const tokens = ["--token", `old=fp:${OLD}`, "--token", `new=fp:${NEW}`];
		for (const format of ["text", "json", "csv", "html", "junit"]) {
			const run = ["report", "--inventory", "jamf.csv", ...tokens, "--require-migrated", "--format", format];
			const { code, stdout } = await crossfadeProcess(run, { cwd });
			expect({ format, code, text: stdout.replaceAll(/\s+/g, " ") }).toEqual({
				format,
				code: 0,
				text: expect.stringMatching(UNSEEN),
			});
		}
		const { stdout } = await crossfadeProcess(["watch", "--once", "--inventory", "jamf.csv", ...tokens], { cwd });
		expect(stdout.replaceAll(/\s+/g, " ")).toMatch(UNSEEN);
	});

	test.each([
		["eleven digits", "0123456789a"],
		["thirteen digits", "0123456789abc"],
		["a whole hash", "a".repeat(64)],
		["capital letters", "0123456789AB"],
	])("a fingerprint with %s is one clear error and no answer", async (_, text) => {
		const cwd = scratch();
		const run = ["report", "--token", `old=fp:${text}`, "--token", `new=fp:${NEW}`, "--require-migrated"];
		const { code, stdout } = await crossfadeProcess(run, { cwd });
		expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
	});

	test("the same fingerprint for old and new is one clear error and no answer", async () => {
		const run = ["report", "--token", `old=fp:${NEW}`, "--token", `new=fp:${NEW}`, "--require-migrated"];
		const { code, stdout, stderr } = await crossfadeProcess(run, { cwd: scratch() });
		expect({ code, stdout, stderr }).toEqual({
			code: 2,
			stdout: "",
			stderr: expect.stringContaining("old and new are the same token"),
		});
	});
});
