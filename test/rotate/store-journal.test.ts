import { describe, expect, test } from "vitest";
import type { Compared, StoreRecord } from "../../src/adapters/stores/store.ts";
import { allRecords, newestJournal, startJournal } from "../../src/rotate/journal.ts";
import type { Opened } from "../../src/rotate/record.ts";
import { storeJournal } from "../../src/rotate/store-journal.ts";
import { Secret } from "../../src/token/secret.ts";
import { canary } from "../harness/canary.ts";

const stamp = () => ({ at: 1, by: "me", host: "here" });
const opened = (operation: string): Opened => ({
	is: "opened",
	format: 1,
	operation,
	rotation: "it",
	provider: "p",
	strategy: "s",
	fleet: "/srv/crossfade.yaml",
	isLeaked: false,
	isAdopted: false,
	stores: ["a"],
});

type Fault = "lost" | "arrived" | "unreadable";

/** A store in memory with compare-and-set; the next writes go wrong as `faults` say. */
function memory(maxBytes = 100_000) {
	let [text, version]: [string | undefined, number] = [undefined, 0];
	const faults: Fault[] = [];
	let isDown = false;
	const no = (mayBeDone: boolean) => ({ why: "no answer", nextStep: "look at the server", mayBeDone });
	const record: StoreRecord = {
		place: "memory",
		maxBytes,
		read: async () => (isDown ? no(false) : { text, version: String(version) }),
		async write(next, expected): Promise<Compared> {
			const fault = faults.shift();
			if (isDown || fault === "lost") return no(true);
			if (expected !== String(version)) return "stale";
			[text, version] = [next, version + 1];
			return fault === "arrived" ? no(true) : { version: String(version) };
		},
	};
	return {
		record,
		faults,
		get text() {
			return text;
		},
		put: (next: string | undefined) => {
			[text, version] = [next, version + 1];
		},
		down: (is: boolean) => {
			isDown = is;
		},
	};
}

/** A machine with a clock of its own, whose timers run when it moves. */
function machine(store: ReturnType<typeof memory>, name: string) {
	let now = 0;
	const timers = new Map<object, { readonly at: number; readonly call: () => void }>();
	const clock = {
		now: () => now,
		after(ms: number, call: () => void) {
			const timer = {};
			timers.set(timer, { at: now + ms, call });
			return () => void timers.delete(timer);
		},
	};
	const slept: number[] = [];
	const sleep = async (ms: number) => {
		slept.push(ms);
	};
	const folder = storeJournal({ clock: clock as never, sleep }, store.record, "it", name);
	const pass = async (ms: number) => {
		for (const end = now + ms; now < end; ) {
			now = Math.min(end, now + 1_000);
			for (const [key, { at, call }] of [...timers]) if (at <= now && timers.delete(key)) call();
			await new Promise((done) => setImmediate(done));
		}
	};
	return { folder, pass, slept };
}

const open = (from: ReturnType<typeof machine>) =>
	newestJournal(from.folder, stamp, { rotation: "it", fleet: "/elsewhere/crossfade.yaml" });

describe("a journal in a store", () => {
	test("goes on where another machine, with the fleet file elsewhere, left it", async () => {
		const store = memory();
		const [one, two] = [machine(store, "one"), machine(store, "two")];
		const lock = await one.folder.claim();
		const journal = await startJournal(one.folder, opened("0190-1"), Buffer.from("wrapped"), stamp);
		await journal.reserve(4096);
		await journal.append({ is: "begun", step: "call" });
		await lock?.release();

		expect(await two.folder.claim()).toBeDefined();
		const again = await open(two);
		expect(again?.records.map(({ is }) => is)).toEqual(["opened", "begun"]);
		expect(Buffer.from((await again?.key()) ?? "").toString()).toBe("wrapped");
		await again?.append({ is: "ended", step: "call", how: "done" });
		await again?.destroyKey();
		expect(store.text).not.toContain(Buffer.from("wrapped").toString("base64"));
		expect((await allRecords(one.folder)).flat()).toHaveLength(3);
	});

	test("is locked while its owner lives, and taken over two minutes after a kill", async () => {
		const store = memory();
		const [one, two] = [machine(store, "one"), machine(store, "two")];
		await one.folder.claim();
		const journal = await startJournal(one.folder, opened("0190-1"), Buffer.from("wrapped"), stamp);
		await Promise.all([one.pass(600_000), two.pass(600_000)]);
		expect(await two.folder.claim()).toBeUndefined();
		// From here on the first one is stopped.
		await two.pass(121_000);
		expect(await two.folder.claim()).toBeDefined();
		await expect(journal.append({ is: "begun", step: "call" })).rejects.toThrow(/another crossfade has written/);
		expect((await open(two))?.records).toHaveLength(1);
	});

	test("of two that claim it at once one gets it", async () => {
		for (let round = 0; round < 20; round++) {
			const store = memory();
			const both = [machine(store, "one"), machine(store, "two")];
			const locks = await Promise.all(both.map(({ folder }) => folder.claim()));
			expect(locks.filter(Boolean)).toHaveLength(1);
		}
	});

	test("a write whose answer was lost is made once", async () => {
		const store = memory();
		const one = machine(store, "one");
		await one.folder.claim();
		const journal = await startJournal(one.folder, opened("0190-1"), Buffer.from("wrapped"), stamp);
		store.faults.push("arrived");
		await journal.append({ is: "begun", step: "call" });
		store.faults.push("lost", "lost", "arrived");
		await journal.append({ is: "ended", step: "call", how: "done" });
		expect((await open(one))?.records.map(({ is }) => is)).toEqual(["opened", "begun", "ended"]);
		expect(one.slept).toEqual([500, 2_000]);
	});

	test("that cannot be written stops before the effect, and the record counts as never made", async () => {
		const store = memory();
		const one = machine(store, "one");
		await one.folder.claim();
		const journal = await startJournal(one.folder, opened("0190-1"), Buffer.from("wrapped"), stamp);
		store.down(true);
		await expect(journal.append({ is: "begun", step: "call" })).rejects.toThrow(/cannot be read or written/);
		store.down(false);
		expect(journal.records).toHaveLength(1);
		expect((await open(one))?.records).toHaveLength(1);
	});

	test("without the lock nothing is written: a status beside a run does not stop it", async () => {
		const store = memory();
		const [one, two] = [machine(store, "one"), machine(store, "two")];
		await one.folder.claim();
		const journal = await startJournal(one.folder, opened("0190-1"), Buffer.from("wrapped"), stamp);
		const before = store.text;
		await (await open(two))?.destroyKey();
		expect(store.text).toBe(before);
		await expect(two.folder.create("x", Buffer.alloc(1))).rejects.toThrow();
		await journal.append({ is: "begun", step: "call" });
	});

	test("leaves out the oldest operations when it is full, and refuses a record that does not fit before it is made", async () => {
		const store = memory(20_000);
		const one = machine(store, "one");
		await one.folder.claim();
		for (let operation = 0; operation < 30; operation++) {
			const journal = await startJournal(one.folder, opened(`0190-${100 + operation}`), Buffer.from("w"), stamp);
			await journal.append({ is: "begun", step: "call", note: "x".repeat(1_000) });
			await journal.destroyKey();
			expect(store.text?.length).toBeLessThan(20_000);
		}
		const kept = await allRecords(one.folder);
		expect(kept.length).toBeGreaterThan(2);
		expect(kept.at(-1)?.[0]).toMatchObject({ operation: "0190-129" });
		const before = store.text;
		const last = await open(one);
		await expect(last?.append({ is: "begun", step: "call", note: "x".repeat(20_000) })).rejects.toThrow(/larger than/);
		await expect(last?.reserve(20_000)).rejects.toThrow(/larger than/);
		expect(store.text).toBe(before);
	});

	test.each([
		["something else", "hello", /not a journal of crossfade/],
		["a list of files that is none", '{"crossfade":"journal","format":1,"rotation":"it","files":[1]}', /not a journal/],
		["a newer version", '{"crossfade":"journal","format":2,"rotation":"it","files":{}}', /newer version/],
		["another rotation", '{"crossfade":"journal","format":1,"rotation":"other","files":{}}', /another rotation/],
	])("with %s in its place is refused, and that stays", async (_, text, why) => {
		const store = memory();
		store.put(text);
		await expect(machine(store, "one").folder.claim()).rejects.toThrow(why);
		expect(store.text).toBe(text);
	});

	test("that somebody edited is refused", async () => {
		const store = memory();
		const one = machine(store, "one");
		const lock = await one.folder.claim();
		const journal = await startJournal(one.folder, opened("0190-1"), Buffer.from("wrapped"), stamp);
		await journal.append({ is: "begun", step: "call" });
		await lock?.release();
		const document = JSON.parse(store.text ?? "");
		const name = "0190-1.journal";
		const edited = Buffer.from(document.files[name], "base64").toString().replace('"step":"call"', '"step":"cull"');
		document.files[name] = Buffer.from(edited).toString("base64");
		store.put(JSON.stringify(document));
		await expect(open(machine(store, "two"))).rejects.toThrow(/was changed by something else/);
	});

	test("holds no token that is not sealed", async () => {
		const { token } = canary();
		Secret.of(token);
		const store = memory();
		const one = machine(store, "one");
		await one.folder.claim();
		await expect(one.folder.create("x", Buffer.from(`a ${token}`))).rejects.toThrow(/about to be written/);
		expect(store.text).not.toContain(token);
	});
});
