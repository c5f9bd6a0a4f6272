import { describe, expect, test } from "vitest";
import { canary } from "../harness/canary.ts";
import { managed, type RotationWorld, rotationWorld } from "../harness/rotate.ts";

const PASTE = ["resume", "--token", "file:new.token"] as const;
const SEEN = ["resume", "--confirmed", "file", "--because", "seen"] as const;

describe("the portal's button, pressed a second time", () => {
	test("before the paste: the first old token is dead at once, and the second new one is taken", async () => {
		const world = await rotationWorld("torii");
		await world.rotate("personNeeded", "start");
		await world.click();
		const second = await world.click();
		expect(await world.stateOf(world.first)).not.toBe("active");
		await world.rotate("personNeeded", ...PASTE);
		expect(world.read("live.token")).toBe(second);
		expect(await world.rotate("refused", "rollback")).toContain("does not clearly accept the old token");
		await world.rotate("waiting", ...SEEN);
		await world.later("24h2m");
		await world.rotate("ok", "resume");
	});

	test("by somebody else, after the paste: the end says that the new token is dead too, and the third one is taken", async () => {
		const world = await rotationWorld("torii");
		await world.rotate("personNeeded", "start");
		await world.click();
		await world.rotate("personNeeded", ...PASTE);
		await world.rotate("waiting", ...SEEN);
		const third = await world.click();
		await world.later("24h2m");
		const said = await world.rotate("waiting", "resume");
		expect(said).toContain("it was rotated once more, or ended");
		expect(said).toContain("crossfade rotate resume it --lost");
		await world.rotate("personNeeded", "resume", "--lost");
		await world.rotate("personNeeded", ...PASTE);
		expect(world.read("live.token")).toBe(third);
		await world.rotate("ok", ...SEEN);
	});
});

describe("a fleet file that was changed while a rotation is under way", () => {
	const edit = (world: RotationWorld, from: string, to: string) =>
		world.write("crossfade.yaml", world.read("crossfade.yaml").replace(from, to));

	test.each([
		["provider", "provider: tooken\n", "provider: custom\n    strategy: clock\n    overlap: 1h\n"],
		["strategy", "provider: tooken\n", "provider: tooken\n    strategy: rotate\n"],
	])("its %s: is refused until it is changed back, and nothing is done", async (what, from, to) => {
		const world = await managed("tooken");
		await world.rotate("personNeeded", "start");
		const before = world.read("live.token");
		const own = world.read("crossfade.yaml");
		edit(world, from, to);
		if (what === "provider") {
			for (const key of ["admin: file:admin.key", /token-id: .*/]) {
				world.write("crossfade.yaml", world.read("crossfade.yaml").replace(key, ""));
			}
		}
		for (const [verb, ...flags] of [["resume"], ["rollback"], ["retire", "--despite", "x"]] as const) {
			const said = await world.rotate("refused", verb, ...flags);
			expect(said).toContain(`the ${what} of a rotation that is under way was changed`);
		}
		expect(world.read("live.token")).toBe(before);
		expect((await world.status()).tokens.filter(({ state }) => state === "active")).toHaveLength(2);
		world.write("crossfade.yaml", own);
		await world.rotate("personNeeded", ...SEEN);
	});

	test("S12: the path of a store: the old token is not ended before the new one is there, too", async () => {
		const world = await managed("tooken");
		await world.rotate("personNeeded", "start");
		await world.rotate("personNeeded", ...SEEN);
		world.write("other.token", world.first);
		edit(world, "path: live.token", "path: other.token");
		const said = await world.rotate("personNeeded", "retire", "--despite", "a rehearsal");
		expect(said).toContain("store file");
		expect(world.read("other.token")).toBe(world.read("live.token"));
		expect(await world.stateOf(world.first)).toBe("active");
	});

	test("no stores any more, and none at all, are one clear error", async () => {
		const world = await managed("tooken");
		await world.rotate("personNeeded", "start");
		edit(world, "stores: [file]", "stores: []");
		expect(await world.rotate("usage", "resume")).toContain("at least one store");
		expect(await world.stateOf(world.first)).toBe("active");
	});
});

test("an endpoint without the path of the provider's own is not a safe plan, and the fix names the path", async () => {
	const world = await rotationWorld("activitylog");
	world.write("crossfade.yaml", world.read("crossfade.yaml").replace("/api/v1/otlp", ""));
	expect(await world.rotate("unsafePlan", "start")).toContain("see whether endpoint: should end with /api/v1/otlp");
	expect(await world.stateOf(world.first)).toBe("active");
});

describe("a token of a kind that cannot be proven", () => {
	const kinds = [
		["wrapd", ["harmless: alice/uptime"], "wrapd_at_", "the token of an agent"],
		["activitylog", [], "alw_", "the token of a webhook"],
	] as const;
	test.each(kinds)("of %s is refused by its name, in use and as the new one", async (id, rotation, starts, says) => {
		const world = await rotationWorld(id, { rotation });
		const other = `${starts}${canary().token}`;
		world.write("new.token", other);
		await world.rotate("personNeeded", "start");
		expect(await world.rotate("refused", "resume", "--token", "file:new.token")).toContain(says);
		await world.rotate("partial", "close", "--stranded", "--because", "a try");
		world.write("live.token", other);
		const said = await world.rotate("refused", "start");
		expect(said).toContain(says);
		expect(said).not.toContain(other);
		expect(await world.rotate("refused", "start", "--adopt", "file:new.token")).toContain(says);
	});
});
