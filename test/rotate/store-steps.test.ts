import { describe, expect, test } from "vitest";
import type { StoreHolds, StoreWritten } from "../../src/adapters/stores/store.ts";
import type { Engine } from "../../src/rotate/engine.ts";
import type { JournalEntry } from "../../src/rotate/record.ts";
import { write } from "../../src/rotate/store-steps.ts";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { Secret } from "../../src/token/secret.ts";
import { canary } from "../harness/canary.ts";
import { openedWith, stateAfter } from "../harness/journal.ts";
import { rotationWorld } from "../harness/rotate.ts";

describe("S5: a token that somebody else put into a store", () => {
	test("is found before a person is asked for anything", async () => {
		const world = await rotationWorld("torii");
		const third = canary();
		world.write("new.token", world.first);
		world.write("crossfade.yaml", world.fleet.replace("current: store:file", "current: file:new.token"));
		world.write("live.token", third.token);
		const said = await world.rotate("unsafePlan", "start");
		expect(said).toContain("holds another token than the one in use");
		expect(said).toContain(`fp=${third.fingerprint}`);
		expect(said).not.toContain("Choose Rotate");
		expect(world.read("live.token")).toBe(third.token);
	});

	test("stays when the new token was declared lost and another one is pasted", async () => {
		const world = await rotationWorld("torii");
		await world.rotate("personNeeded", "start");
		await world.click();
		await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		await world.rotate("personNeeded", "resume", "--lost");
		const third = canary();
		world.write("live.token", third.token);
		await world.click();
		const said = await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		expect(said).toContain(`got      fp=${third.fingerprint}`);
		expect(world.read("live.token")).toBe(third.token);
	});

	test("before the operation began, and is the new one, is written again after the way back", async () => {
		const world = await rotationWorld("torii");
		const fresh = await world.click();
		world.write("other.token", world.first);
		world.write("live.token", fresh);
		world.write("crossfade.yaml", world.fleet.replace("current: store:file", "current: file:other.token"));
		const since = new Date(Date.now() - 60_000).toISOString();
		await world.rotate("personNeeded", "start", "--adopt", "file:new.token", "--since", since);
		await world.rotate("personNeeded", "rollback");
		expect(world.read("live.token")).toBe(world.first);
		const said = await world.rotate("personNeeded", "resume", "--forward");
		expect(world.read("live.token"), said).toBe(fresh);
	});

	test("after the way back is told by what stood there then, not by what stood there at the beginning", async () => {
		const world = await rotationWorld("torii");
		const fresh = await world.click();
		world.write("other.token", world.first);
		world.write("live.token", fresh);
		world.write("crossfade.yaml", world.fleet.replace("current: store:file", "current: file:other.token"));
		const since = new Date(Date.now() - 60_000).toISOString();
		await world.rotate("personNeeded", "start", "--adopt", "file:new.token", "--since", since);
		await world.rotate("personNeeded", "rollback");
		const third = canary();
		world.write("live.token", third.token);
		const said = await world.rotate("personNeeded", "resume", "--forward");
		expect(said).toContain(`expected fp=${fingerprint(world.first)}`);
		expect(said).toContain(`got      fp=${third.fingerprint}`);
		expect(world.read("live.token")).toBe(third.token);
	});
});

describe("S5: what a write did is what the store shows", () => {
	const [old, fresh, third] = [canary(), canary(), canary()];
	const shows = (token: string, publicId?: string): StoreHolds => ({
		is: "token",
		value: { token: Secret.of(token), ...(publicId === undefined ? {} : { publicId }) },
	});
	const hidden: StoreHolds = { is: "hidden" };
	const ambiguous: StoreWritten = { did: "ambiguous", why: "no answer" };

	/** Writes the new token of a pair into a store that answers and shows this. */
	async function written(answer: StoreWritten, holds: StoreHolds) {
		const entries: readonly JournalEntry[] = [
			openedWith("a"),
			{ is: "sealed", what: "old", sequence: 2, fingerprint: old.fingerprint, box: "" },
			{ is: "sealed", what: "new", sequence: 3, fingerprint: fresh.fingerprint, box: "" },
			{ is: "captured", fingerprint: fresh.fingerprint, since: 0, publicId: "pk-2" },
		];
		const state = stateAfter(entries);
		const store = { promote: async () => answer, read: async () => holds };
		const spec = { place: "store a", feeds: [], settings: { "public-field": "id" }, kind: { readsBack: true } };
		const engine = {
			spec: { name: "it", fleetFile: undefined },
			journal: { operation: "o" },
			fleet: { gateways: [] },
			state: () => state,
			secret: async (which: "old" | "new") => Secret.of((which === "old" ? old : fresh).token),
			store: () => ({ store, spec }),
		};
		return write(engine as unknown as Engine, "a", "forward");
	}

	test.each([
		["written", { did: "written" }, shows(fresh.token, "pk-2"), "done"],
		["somebody wrote after it", { did: "written" }, shows(third.token, "pk-2"), "unknown"],
		["half of the pair", { did: "written" }, shows(fresh.token, "pk-1"), "unknown"],
		["it shows nothing", { did: "written" }, { is: "empty" }, "unknown"],
		["no answer, and written", ambiguous, shows(fresh.token, "pk-2"), "done"],
		["no answer, and half of the pair", ambiguous, shows(fresh.token, "pk-1"), "unknown"],
		["no answer, and not written", ambiguous, shows(old.token, "pk-1"), "no"],
		["no answer, and nothing shows it", ambiguous, hidden, "unknown"],
		[
			"the new one came there meanwhile",
			{ did: "conflict", holds: fresh.fingerprint },
			shows(fresh.token, "pk-2"),
			"done",
		],
		["half of the new one came", { did: "conflict", holds: fresh.fingerprint }, shows(fresh.token, "pk-1"), "unknown"],
		["another's token", { did: "conflict", holds: third.fingerprint }, shows(third.token), "no"],
		["refused", { did: "refused", why: "w", nextStep: "n" }, shows(old.token), "no"],
		["it says yes and keeps the old one", { did: "written" }, shows(old.token, "pk-1"), "unknown"],
		["it says no and has it", { did: "refused", why: "w", nextStep: "n" }, shows(fresh.token, "pk-2"), "done"],
		["it says no and has half", { did: "refused", why: "w", nextStep: "n" }, shows(fresh.token, "pk-1"), "unknown"],
		["a person writes it", { did: "person", words: ["w"] }, hidden, "wait"],
	] as const)("%s", async (_, answer, holds, how) => {
		expect(await written(answer as StoreWritten, holds as StoreHolds)).toMatchObject({
			how,
			...(how === "done" || how === "wait" ? {} : { problem: { what: expect.any(String) } }),
		});
	});

	test("another's token is told by its fingerprint", async () => {
		const { problem } = await written({ did: "conflict", holds: third.fingerprint }, shows(third.token));
		expect(problem).toMatchObject({ expected: `fp=${old.fingerprint}`, got: `fp=${third.fingerprint}` });
		const later = await written({ did: "written" }, shows(third.token, "pk-2"));
		expect(later.problem?.got).toBe(`fp=${third.fingerprint}`);
	});
});
