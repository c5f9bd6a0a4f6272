import {
	copyFileSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CrossfadeError, type Problem } from "../../../src/base/errors.ts";
import type { Effects } from "../../../src/effects/effects.ts";
import type { Folder } from "../../../src/effects/files/folder.ts";
import { nodeFiles } from "../../../src/effects/files/node-files.ts";
import type { ProbeEvidence, TrafficCounter } from "../../../src/prove/evidence/evidence.ts";
import { decode, encode } from "../../../src/prove/evidence/file.ts";
import { openStore } from "../../../src/prove/evidence/store.ts";
import { Secret } from "../../../src/token/secret.ts";
import { canary } from "../../harness/canary.ts";
import { scratch } from "../../harness/cli.ts";

const START = 1_795_000_000_000;
const seen = {
	fingerprint: "0123456789ab",
	place: "gw",
	host: "laptop-1",
	cli: "codex",
	signal: "logs",
	requests: 1,
	records: 10,
	bytes: 100,
	lastStatus: 200,
	version: "1.0",
} as const;

const probe: ProbeEvidence = {
	kind: "probe",
	token: "old",
	fingerprint: "0123456789ab",
	place: "gw",
	path: "bearer",
	signal: "logs",
	at: START,
	outcome: "accepted",
	latencyMs: 3,
	cause: "http-200",
	detail: "accepted",
};

/** A store over the real file system, or a faulty one, with a clock that only moves when told. */
function world(faults: Partial<Folder> = {}) {
	const warnings: Problem[] = [];
	const notes: string[] = [];
	let now = START;
	let timers: { at: number; call: () => void }[] = [];
	const fx = {
		files: { ...nodeFiles, openFolder: async (path: string) => ({ ...(await nodeFiles.openFolder(path)), ...faults }) },
		clock: {
			now: () => now,
			after: (ms: number, call: () => void) => {
				const timer = { at: now + ms, call };
				timers.push(timer);
				return () => {
					timers = timers.filter((each) => each !== timer);
				};
			},
		},
		terminal: { warn: (problem: Problem) => warnings.push(problem), note: (line: string) => notes.push(line) },
	} as unknown as Pick<Effects, "files" | "clock" | "terminal">;
	return {
		fx,
		warnings,
		notes,
		faults,
		get timers() {
			return timers.map(({ at }) => at - now);
		},
		pass(ms: number) {
			now += ms;
			const due = timers.filter(({ at }) => at <= now);
			timers = timers.filter(({ at }) => at > now);
			for (const { call } of due) call();
		},
	};
}

const records = (rows: readonly TrafficCounter[]) => rows.reduce((sum, row) => sum + row.records, 0);
const onDisk = (path: string) => {
	const bytes = readFileSync(path);
	return decode("traffic", bytes, path);
};

describe("counters", () => {
	test("are read back as they were written, by the same name and by others", async () => {
		const { fx, pass } = world();
		const folder = scratch();
		const store = await openStore(fx, folder);
		const writer = await store.trafficWriter("gw/1");
		writer.add({ ...seen, at: START });
		writer.add({ ...seen, at: START + 1, host: 'a "host"\n', signal: "traces" });
		pass(1_000);
		await writer.close();
		const other = await store.trafficWriter("gw-2");
		other.merge(writer.counters());
		await other.close();
		const { traffic, warnings, series } = await store.read();
		expect(traffic).toEqual([
			{
				...seen,
				minute: 29_916_666,
				span: 1,
				lastSeen: START,
				lastAccepted: START,
				firstSeen: START,
				refused: 0,
				requests: 2,
				records: 20,
				bytes: 200,
			},
			{
				...seen,
				minute: 29_916_666,
				span: 1,
				lastSeen: START + 1,
				lastAccepted: START + 1,
				firstSeen: START + 1,
				refused: 0,
				host: 'a "host"\n',
				signal: "traces",
				requests: 2,
				records: 20,
				bytes: 200,
			},
		]);
		expect(warnings).toEqual([]);
		expect(series).toMatchObject([
			{ place: "gw-2", source: "gw-2", since: START + 1_000, until: START + 1_000, isClosed: true, limits: [] },
			{ place: "gw/1", source: "gw_1", since: START, until: START + 1_000, isClosed: true, limits: [] },
		]);
		expect(readdirSync(folder)).toEqual(["folder.id", "traffic-gw-2.ndjson", "traffic-gw_1.ndjson"]);
	});

	test("are written after some seconds, and record once a minute that watching continues", async () => {
		const box = world();
		const store = await openStore(box.fx, scratch());
		const writer = await store.trafficWriter("gw");
		expect(box.timers).toEqual([60_000]);
		for (let each = 0; each < 100; each++) writer.add({ ...seen, at: START });
		expect(box.timers).toEqual([3_000]);
		expect((await store.read()).traffic).toEqual([]);
		box.pass(3_000);
		await writer.flush();
		expect(records((await store.read()).traffic)).toBe(1_000);
		box.pass(60_000);
		await writer.flush();
		expect((await store.read()).series).toMatchObject([{ since: START, until: START + 63_000, isClosed: false }]);
		await writer.close();
		expect(box.timers).toEqual([]);
	});

	test("are written within a minute after a clock that jumped in the middle of a write", async () => {
		const folder = scratch();
		const real = await nodeFiles.openFolder(folder);
		const box = world({
			write: async (name, chunks) => {
				await real.write(name, chunks);
				box.pass(3_600_000);
			},
		});
		const writer = await (await openStore(box.fx, folder)).trafficWriter("gw");
		writer.add({ ...seen, at: START });
		expect(box.timers).toEqual([60_000]);
		await writer.close();
	});

	test("are continued by the next process of the name; a break in watching starts the watch anew", async () => {
		const box = world();
		const folder = scratch();
		const run = async () => {
			const writer = await (await openStore(box.fx, folder)).trafficWriter("gw");
			writer.add({ ...seen, at: START });
			await writer.close();
			const { traffic, series } = await (await openStore(box.fx, folder)).read();
			return [records(traffic), (series[0]?.since ?? 0) - START];
		};
		expect(await run()).toEqual([10, 0]);
		box.pass(5 * 60_000);
		expect(await run()).toEqual([20, 0]);
		box.pass(5 * 60_000 + 1);
		expect(await run()).toEqual([30, 10 * 60_000 + 1]);
	});

	test("of a process that was killed are continued; a living one of the same name gets a file of its own", async () => {
		const { fx } = world();
		const folder = scratch();
		const store = await openStore(fx, folder);
		const first = await store.trafficWriter("gw");
		first.add({ ...seen, at: START });
		const second = await store.trafficWriter("gw");
		second.add({ ...seen, at: START });
		await Promise.all([first.close(), second.close()]);
		expect(records((await store.read()).traffic)).toBe(20);
		expect(readdirSync(folder)).toEqual(["folder.id", "traffic-gw-2.ndjson", "traffic-gw.ndjson"]);
		// Number 2^22 is above what Linux gives out: nobody lives there.
		const host = readFileSync("/proc/sys/kernel/hostname", "utf8").trim();
		writeFileSync(join(folder, "traffic-gw.ndjson.lock"), `4194304 ${host}\n`);
		const third = await store.trafficWriter("gw");
		third.add({ ...seen, at: START });
		await third.close();
		expect(records(onDisk(join(folder, "traffic-gw.ndjson")).rows)).toBe(20);
		writeFileSync(join(folder, "traffic-gw.ndjson.lock"), "1 another-host\n");
		const fourth = await store.trafficWriter("gw");
		fourth.add({ ...seen, at: START });
		await fourth.close();
		expect(records(onDisk(join(folder, "traffic-gw-2.ndjson")).rows)).toBe(20);
		expect(records((await store.read()).traffic)).toBe(40);
	});

	test("that grow while they are written are neither lost nor doubled", async () => {
		const { fx } = world();
		const store = await openStore(fx, scratch());
		const writer = await store.trafficWriter("gw");
		for (let host = 0; host < 1_000; host++) writer.add({ ...seen, host: `h${host}`, at: START });
		const writing = writer.flush();
		for (let turn = 0; turn < 50; turn++) {
			await new Promise((done) => setImmediate(done));
			writer.add({ ...seen, host: `h${turn * 7}`, at: START });
			writer.add({ ...seen, host: `new${turn}`, at: START });
		}
		await writing;
		await writer.close();
		expect(records((await store.read()).traffic)).toBe(11_000);
	});
});

describe("probes", () => {
	test("add up, also when many ask at once, and old ones are let go", async () => {
		const { fx } = world();
		const folder = scratch();
		const store = await openStore(fx, folder);
		await Promise.all([1, 2, 3].map((at) => store.addProbes("probe", [{ ...probe, at }])));
		expect((await store.read()).probes.map(({ at }) => at)).toEqual([1, 2, 3]);
		const many = Array.from({ length: 20_000 }, (_, at) => ({ ...probe, at: at + 4 }));
		await store.addProbes("probe", many);
		const { probes, series } = await store.read();
		expect([probes.length, probes[0]?.at, series]).toEqual([20_000, 4, []]);
		expect(readdirSync(folder)).toEqual(["folder.id", "probe-probe.ndjson"]);
	});
});

describe("what can go wrong", () => {
	const good = [...encode("traffic", { since: START, until: START, rows: [] })].join("");
	const row = `${JSON.stringify({ ...seen, minute: 1, span: 1, lastSeen: 1, refused: 0, lastAccepted: 1 })}\n`;
	test.each([
		["nothing", ""],
		["not JSON", "nonsense\n"],
		["a list", "[]\n"],
		["another kind", good.replace("traffic", "probe")],
		["no schema", good.replace('"schema":2,', "")],
		["a negative time", good.replace(/"since":\d+/, '"since":-1')],
		["a row too few", good.replace('"rows":0', '"rows":1')],
		["a row too many", good + row],
		["a cut row", good.replace('"rows":0', '"rows":1') + row.slice(0, -3)],
		["a row without its line's end", good.replace('"rows":0', '"rows":1') + row.slice(0, -1)],
		["a wrong value", good.replace('"rows":0', '"rows":1') + row.replace('"records":10', '"records":-10')],
		["a field too few", good.replace('"rows":0', '"rows":1') + row.replace('"host":"laptop-1",', "")],
		["zeroes", "\0".repeat(5_000)],
	])("a file with %s is a warning to readers and set aside by its writer; others count on", async (_name, content) => {
		const { fx, warnings } = world();
		const folder = scratch({ "traffic-bad.ndjson": content, "other.txt": "mine" });
		const store = await openStore(fx, folder);
		const writer = await store.trafficWriter("good");
		writer.add({ ...seen, at: START });
		await writer.close();
		const before = await store.read();
		expect([records(before.traffic), before.warnings.length]).toEqual([10, 1]);
		await (await store.trafficWriter("bad")).close();
		expect(warnings).toMatchObject([{ fix: expect.stringContaining("traffic-bad.ndjson.corrupt-1") }]);
		expect(readFileSync(join(folder, "traffic-bad.ndjson.corrupt-1"), "utf8")).toBe(content);
		const after = await store.read();
		// What it held is lost, and nobody forgets that.
		expect(after.warnings).toMatchObject([{ what: expect.stringContaining("set aside") }]);
		expect(records(after.traffic)).toBe(10);
	});

	test("a program that was killed leaves a gap: its successor watches from its own start", async () => {
		const box = world();
		const folder = scratch();
		const rows = [{ ...seen, minute: 1, span: 1, lastSeen: START, refused: 0, lastAccepted: START }];
		const killed = [...encode("traffic", { since: START - 9, until: START, place: "gw", isClosed: false, rows })].join(
			"",
		);
		writeFileSync(join(folder, "traffic-gw.ndjson"), killed);
		box.pass(2_000);
		await (await (await openStore(box.fx, folder)).trafficWriter("gw")).close();
		expect((await (await openStore(box.fx, folder)).read()).series).toMatchObject([{ since: START + 2_000 }]);
	});

	test("a file that was copied from another folder is told apart", async () => {
		const { fx } = world();
		const [mine, other] = [scratch(), scratch()];
		for (const folder of [mine, other]) await (await (await openStore(fx, folder)).trafficWriter("gw")).close();
		copyFileSync(join(other, "traffic-gw.ndjson"), join(mine, "traffic-gw.ndjson"));
		const { warnings } = await (await openStore(fx, mine)).read();
		expect(warnings).toMatchObject([{ what: expect.stringContaining("written in another folder") }]);
	});

	test("a file that is replaced under its writer is a limit of it", async () => {
		const { fx } = world();
		const folder = scratch();
		const store = await openStore(fx, folder);
		const writer = await store.trafficWriter("gw");
		writeFileSync(join(folder, "traffic-gw.ndjson"), good);
		await writer.close();
		const [series] = (await store.read()).series;
		expect(series?.limits).toEqual([expect.stringContaining("replaced its evidence file")]);
	});

	test.each([
		["behind", -3 * 3_600_000],
		["ahead", 3 * 3_600_000],
		["right", 0],
	])("a writer that stopped is known by its file to have had a clock that was %s", async (_, skew) => {
		const { fx } = world();
		const folder = scratch();
		const store = await openStore(fx, folder);
		const [stopped] = [await store.trafficWriter("gw"), await store.trafficWriter("gw")];
		await stopped?.close();
		utimesSync(join(folder, "traffic-gw.ndjson"), (START - skew) / 1000, (START - skew) / 1000);
		expect((await store.read()).series.map(({ source, skewMs }) => [source, skewMs])).toEqual([
			["gw-2", undefined],
			["gw", skew],
		]);
	});

	test("rows of the version before are read: what was answered with success was taken", async () => {
		const { fx } = world();
		const header = good.replace('"schema":2', '"schema":1').replace('"rows":0', '"rows":1');
		const before = `${JSON.stringify({ ...seen, minute: 1, span: 1, lastSeen: 7, lastStatus: 401 })}\n`;
		const { traffic } = await (await openStore(fx, scratch({ "traffic-gw.ndjson": header + before }))).read();
		expect(traffic).toMatchObject([{ refused: 0, lastAccepted: 0, lastStatus: 401 }]);
	});

	test("a statement is kept, and read back as it was said", async () => {
		const { fx } = world();
		const store = await openStore(fx, scratch());
		const said = {
			kind: "host",
			name: "mac-7",
			says: "gone",
			because: "stolen",
			actor: "anna",
			at: 5,
			old: seen.fingerprint,
		} as const;
		await store.addStatement(said);
		await store.addStatement({ ...said, says: "moved", at: 6 });
		expect((await store.read()).statements).toEqual([said, { ...said, says: "moved", at: 6 }]);
	});

	test("a file of a newer version is one clear error, and stays as it is", async () => {
		const { fx } = world();
		const content = good.replace('"schema":2', '"schema":3');
		const folder = scratch({ "traffic-gw.ndjson": content });
		const store = await openStore(fx, folder);
		for (const ask of [() => store.read(), () => store.trafficWriter("gw")]) {
			await expect(ask()).rejects.toMatchObject({ exit: "refused", problems: [{ got: "schema 3" }] });
		}
		expect(readFileSync(join(folder, "traffic-gw.ndjson"), "utf8")).toBe(content);
		expect(readdirSync(folder)).toEqual(["traffic-gw.ndjson"]);
	});

	test("no folder yet is a warning to readers; a writer makes it", async () => {
		const { fx } = world();
		const folder = join(scratch(), "a", "b");
		const store = await openStore(fx, folder);
		expect(await store.read()).toMatchObject({ traffic: [], warnings: [{ what: "no evidence folder yet" }] });
		await (await store.trafficWriter("gw")).close();
		expect(await store.read()).toMatchObject({ traffic: [], warnings: [] });
	});

	test("a path that is a file, and a read-only folder, are reported at the start", async () => {
		const { fx } = world();
		const root = scratch({ file: "" });
		for (const path of ["file", "file/below"]) {
			await expect(openStore(fx, join(root, path))).rejects.toMatchObject({ exit: "io" });
		}
		// Even root cannot create files there.
		const store = await openStore(fx, "/proc/self/fdinfo");
		await expect(store.trafficWriter("gw")).rejects.toMatchObject({ exit: "io" });
		await expect(store.addProbes("gw", [probe])).rejects.toMatchObject({ exit: "io" });
	});

	test("a full disk at the start is an error that leaves no lock (fake fault)", async () => {
		const full = new CrossfadeError("io", { what: "cannot write this", got: "no space left on the device", fix: "…" });
		const { fx, timers } = world({ write: () => Promise.reject(full) });
		const folder = scratch();
		await expect((await openStore(fx, folder)).trafficWriter("gw")).rejects.toBe(full);
		expect([readdirSync(folder), timers]).toEqual([[], []]);
	});

	test("a disk that fills while counting costs one warning and no evidence (fake fault)", async () => {
		let isFull = false;
		const folder = scratch();
		const real = await nodeFiles.openFolder(folder);
		const full = new CrossfadeError("io", { what: "cannot write this", got: "no space left on the device", fix: "…" });
		const box = world({ write: (name, chunks) => (isFull ? Promise.reject(full) : real.write(name, chunks)) });
		const store = await openStore(box.fx, folder);
		const writer = await store.trafficWriter("gw");
		isFull = true;
		for (let turn = 0; turn < 3; turn++) {
			writer.add({ ...seen, at: START });
			box.pass(3_000);
			await expect(writer.flush()).rejects.toBe(full);
		}
		expect(box.warnings).toMatchObject([{ got: "no space left on the device" }]);
		isFull = false;
		box.pass(3_000);
		await writer.flush();
		expect(records((await store.read()).traffic)).toBe(30);
		expect(box.notes).toEqual(["evidence is written again, after 3 failed attempts"]);
		isFull = true;
		await expect(writer.close()).rejects.toBe(full);
		expect(readdirSync(folder)).toEqual(["folder.id", "traffic-gw.ndjson"]);
	});

	test("a leftover temporary file or link cannot redirect writes", async () => {
		const { fx } = world();
		const folder = scratch({ precious: "precious" });
		symlinkSync(join(folder, "precious"), join(folder, `traffic-gw.ndjson.${process.pid}.tmp`));
		await (await (await openStore(fx, folder)).trafficWriter("gw")).close();
		expect(readFileSync(join(folder, "precious"), "utf8")).toBe("precious");
		expect(statSync(join(folder, "traffic-gw.ndjson")).isFile()).toBe(true);
	});

	test("a folder that vanishes is made again", async () => {
		const { fx } = world();
		const folder = join(scratch(), "evidence");
		const store = await openStore(fx, folder);
		const writer = await store.trafficWriter("gw");
		writer.add({ ...seen, at: START });
		rmSync(folder, { recursive: true });
		await writer.flush();
		expect(records((await store.read()).traffic)).toBe(10);
		rmSync(folder, { recursive: true });
		mkdirSync(folder);
		await writer.close();
		expect(records((await store.read()).traffic)).toBe(10);
	});

	test("a token that is known is never written", async () => {
		const { fx } = world();
		const { token } = canary();
		Secret.of(token);
		const folder = scratch();
		const store = await openStore(fx, folder);
		await expect(store.addProbes("gw", [{ ...probe, detail: `Bearer ${token}` }])).rejects.toThrow("a token");
		expect(readdirSync(folder)).toEqual(["folder.id"]);
	});
});
