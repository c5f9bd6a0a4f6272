import { describe, expect, test } from "vitest";
import { overlapSchema, reportCsv, reportJson, reportJunit } from "../../../src/prove/report/overlap-data.ts";
import { schemaErrors } from "../../harness/json-schema.ts";
import { demoOverlap, hostile, NOON, OLD } from "../../harness/overlap.ts";

const schema = JSON.parse(overlapSchema());
const names = Object.values(hostile);

describe("JSON", () => {
	test("is what the schema says, and the data unchanged", () => {
		const view = demoOverlap({ names: names.filter((name) => name !== hostile.surrogate) });
		const text = reportJson(view);
		expect(schemaErrors(schema, JSON.parse(text))).toEqual([]);
		expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(view)));
		expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069]/);
	});

	test("of an overlap of which nothing is known is what the schema says, too", () => {
		const { inventory: _left, ...view } = demoOverlap({ change: { rotation: { now: NOON } } });
		const judgement = { ...view.judgement, projectedZero: undefined };
		expect(schemaErrors(schema, JSON.parse(reportJson({ ...view, judgement })))).toEqual([]);
	});

	test("of a rotation that is followed is what the schema says, too", () => {
		const operation = {
			name: "prod",
			provider: "Torii",
			phase: "writing stores",
			stores: [{ name: "vault", place: "secret/otel", state: "has the old token" }],
			next: ["a person is needed:", "  Choose Rotate."],
		};
		const text = reportJson(demoOverlap({ change: { operation } }));
		expect(schemaErrors(schema, JSON.parse(text))).toEqual([]);
		expect(JSON.parse(text).operation).toEqual(operation);
	});

	test("the schema describes every field: nothing can be added, lost or of another type unseen", () => {
		const base = JSON.parse(reportJson(demoOverlap()));
		const optional =
			/\.(name|provider|started|deadline|deadlineSource|clockOffsetMs|watchSince|lastOld|lastNew|configured|firstSeen|lastSeen|lastStatus|status|fix|confirmed|fits|projectedZero|inventory|at|since|until)$/;
		const unseen: string[] = [];
		const visit = (node: unknown, path: string): void => {
			if (typeof node !== "object" || node === null) return;
			if (Array.isArray(node)) {
				if (node.length > 0) visit(node[0], `${path}[0]`);
				return;
			}
			const record = node as Record<string, unknown>;
			const broken = (change: () => void) => {
				const before = { ...record };
				change();
				const seen = schemaErrors(schema, base).length > 0;
				for (const key of Object.keys(record)) delete record[key];
				Object.assign(record, before);
				return seen;
			};
			if (path !== "$.names") {
				if (!broken(() => Object.assign(record, { another: 1 }))) unseen.push(`${path} +another`);
				for (const key of Object.keys(record)) {
					const lost = broken(() => delete record[key]);
					if (!lost && !optional.test(`${path}.${key}`)) unseen.push(`${path} -${key}`);
				}
			}
			for (const key of Object.keys(record)) {
				const type = typeof record[key] === "object" ? 1 : { of: "another type" };
				if (!broken(() => Object.assign(record, { [key]: type }))) unseen.push(`${path}.${key} of another type`);
				visit(record[key], `${path}.${key}`);
			}
		};
		visit(base, "$");
		expect(unseen).toEqual([]);
	});
});

describe("CSV", () => {
	const lines = reportCsv(demoOverlap({ names })).split("\r\n");

	test("has a row a sender, those first that need a person", () => {
		const plainLines = reportCsv(demoOverlap()).split("\r\n");
		expect(plainLines[0]).toBe(
			"host,cli,version,verdict,state,reason,last_old,last_new,old_requests,new_requests,refused_requests,configured",
		);
		expect(plainLines[1]).toMatch(
			/^ci-runner-47,codex,0\.128\.0,OLD ONLY,blocked,it never sent with the new token; the old one was seen \d+ min ago,2026-05-04T1\d:\d\d:\d\d\.\d{3}Z,,\d+,0,0,[0-9a-f]{12}$/,
		);
		expect(plainLines).toHaveLength(1 + 52 + 1);
		expect(plainLines.at(-1)).toBe("");
	});

	test("no cell is a formula, breaks its row or steers a terminal", () => {
		const rows = lines.slice(0, -1).map(parseRow);
		expect(new Set(rows.map((row) => row.length))).toEqual(new Set([12]));
		for (const cell of rows.flat()) {
			expect(cell).not.toMatch(/^\s*[=+\-@]|^[\t\r]/);
			expect(cell).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
		}
		expect(rows.map(([host]) => host)).toEqual(
			expect.arrayContaining([`'${hostile.formula}`, `'${hostile.at}`, hostile.html, hostile.quotes]),
		);
	});
});

/** One row of RFC 4180; throws on anything else. */
function parseRow(line: string): string[] {
	const cells = [...`,${line}`.matchAll(/,(?:"((?:[^"]|"")*)"|([^",]*))/g)];
	expect(cells.map(([match]) => match).join("")).toBe(`,${line}`);
	return cells.map(([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare ?? "");
}

describe("JUnit", () => {
	const xml = reportJunit(demoOverlap({ names }));

	test("has a case for the answer, each sender and each probe, with the reason of each failure", () => {
		expect(xml).toContain('<testsuite name="crossfade.fleet" tests="1" failures="1" skipped="0">');
		expect(xml).toContain(`<testsuite name="crossfade.senders" tests="${52 + names.length}"`);
		expect(xml).toContain('<testsuite name="crossfade.probes" tests="18" failures="0" skipped="1">');
		expect(xml).toContain('<testcase classname="crossfade.senders" name="mbp-lena-01 / claude-code"/>');
		expect(xml).toContain('<skipped message="SILENT: no data was seen');
		expect(xml).toContain('<failure message="OLD ONLY: it never sent with the new token; the old one was seen');
		expect(xml).toContain(`new (5dbe868ae1ee) at gw-eu-2, traces by bearer`);
	});

	test("a fleet that has moved has no failure there", () => {
		const view = demoOverlap();
		const fleet = { ...view.judgement.fleet, safeToRetire: "yes" as const };
		expect(reportJunit(view)).toContain('<testsuite name="crossfade.checklist" tests="12" failures="2" skipped="1">');
		const done = reportJunit({ ...view, judgement: { ...view.judgement, fleet, senders: [] } });
		expect(done).toContain('<testsuite name="crossfade.fleet" tests="1" failures="0" skipped="0">');
		expect(done).toContain('<testcase classname="crossfade.fleet" name="safe to retire the old token">');
		expect(done).toContain(`<system-out>yes: ${fleet.reason}</system-out>`);
	});

	test("is XML whatever hosts are called", () => {
		const tag = /<(?:\?xml[^<>]*\?|\/?(?:testsuites|testsuite|testcase|failure|skipped)(?: [a-z]+="[^"<>]*")*\/?)>/g;
		const rest = xml.replace(tag, "");
		expect(rest.trim()).toBe("");
		expect(xml).not.toMatch(/&(?!(amp|lt|gt|quot|#39);)|[\u0000-\u0008\u000b-\u001f\p{Cs}]/u);
		expect(xml).toContain("]]&gt;&lt;failure/&gt;");
		expect(xml).toContain(OLD);
	});
});
