import { describe, expect, test } from "vitest";
import { parseReportLine } from "../../../src/prove/evidence/report-line.ts";
import { canary } from "../../harness/canary.ts";

const fp = "0123456789ab";
const line = (state = "ok", id = fp) =>
	`crossfade ${state} fp=${id} cfg=1 cli=claude-code:ok,codex:drift,gemini:absent users=2`;

describe("the report line", () => {
	test("is read as every MDM shows it", () => {
		expect(parseReportLine(`<result>${line()}</result>`)).toEqual({
			state: "ok",
			fingerprint: fp,
			clis: { "claude-code": "ok", codex: "drift", gemini: "absent" },
			users: 2,
		});
		expect(parseReportLine("crossfade absent fp=none cfg=1 cli= users=0")).toMatchObject({
			state: "absent",
			fingerprint: undefined,
			clis: {},
		});
	});

	test.each([
		["drift", "drift"],
		["ok", "drift"],
		["refused", "refused"],
		["error", "error"],
	])("with several tokens, %s, is %s and of no one token", (said, state) => {
		const clis = "claude-code:stale,codex:old,gemini:refused";
		expect(parseReportLine(`crossfade ${said} fp=mixed cfg=1 cli=${clis} users=3 skipped=1`)).toEqual({
			state,
			fingerprint: undefined,
			clis: { "claude-code": "stale", codex: "old", gemini: "refused" },
			users: 3,
			isMixed: true,
			leavesOpen: "left out 1 of its accounts, whose homes could not be looked at",
		});
	});

	test.each([
		["an account was left out", line(), " skipped=1", "left out 1 of its accounts, whose homes could not be looked at"],
		["a Linux beside", line(), " wsl=2", "left out the Linux (WSL) of 2 of its accounts"],
		["both", line(), " skipped=1 wsl=2</result>", /^left out 1 .*; left out the Linux/],
		["an account was late", line("refused"), " late=bob,ann", "left out a part of accounts that took too long"],
		["a word of later", line(), " asleep=1", "has asleep=, which this crossfade does not know"],
		["its end is cut off", line(), " skipp", "has skipp=, which this crossfade does not know"],
		["another version", line().replace("cfg=1", "cfg=2"), "", /does not know$/],
		["another separator", line().replaceAll(",", ";"), "", "has a list of CLIs that cannot be read"],
		["a CLI twice", line().replace("codex:drift", "claude-code:error"), "", "has a list of CLIs that cannot be read"],
		["a CLI without a state", line().replace("codex:drift", "codex"), "", "has a list of CLIs that cannot be read"],
		["no CLI, and ok", line().replace(/cli=\S+/, "cli="), "", "names no CLI"],
	])("leaves something open: %s", (_what, text, more, open) => {
		expect(parseReportLine(`Script result: ${text}${more}\n`)?.leavesOpen).toMatch(open);
	});

	test("a token in the place of a count or a name is not in what it leaves open", () => {
		const { token } = canary();
		for (const word of ["skipped", "wsl", "late", "other"]) {
			const open = parseReportLine(`${line()} ${word}=${token}`)?.leavesOpen ?? "";
			expect(open).toMatch(/^(left out|has other=)/);
			expect(open).not.toContain(token);
		}
	});

	test.each([
		line(),
		`${line()} and more words`,
		`${line()} gone=1`,
		`<result>${line()}</result>`,
		`${line()}; exit code 0`,
	])("leaves nothing open: %s", (text) => {
		expect(parseReportLine(text)).not.toHaveProperty("leavesOpen");
	});

	test.each([
		["the last", [`Begin\n${line("drift")}\nexit 0\nBegin\n`, line("ok")]],
		["the last, where only some have a time", [`2026-01-02T10:00:00Z ${line("drift")}\n`, line("ok")]],
		[
			"the newest by their times, whatever their order",
			[`2026-01-02 10:00:00 ${line("ok")}\n`, `2026-01-01 23:59:59,120 ${line("drift")}\n`],
		],
		["the last of one time", [`2026-01-02T10:00Z ${line("error")}\n`, `2026-01-02T10:00Z ${line("ok")}\n`]],
	])("of several in one text is %s", (_, lines) => {
		expect(parseReportLine(lines.join(""))?.state).toBe("ok");
	});

	test.each([
		"",
		"crossfade",
		"crossfade fine fp=0123456789ab cfg=1 cli= users=1",
		"crossfade ok fp=0123 cfg=1 cli= users=1",
	])("%j is none", (text) => {
		expect(parseReportLine(text)).toBeUndefined();
	});
});
