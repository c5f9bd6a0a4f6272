import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { behind, type RotationWorld, rotationWorld } from "../harness/rotate.ts";

const [SECOND, HOUR] = [1_000, 3_600_000];

/** The time stands still, at a whole second, for this machine and for the sandbox; returns what sets it. */
function clockAt(): (ms: number) => void {
	const start = Math.floor(Date.now() / SECOND) * SECOND;
	vi.useFakeTimers({ toFake: ["Date"], now: start });
	onTestFinished(() => {
		vi.useRealTimers();
	});
	return (ms) => {
		vi.setSystemTime(start + ms);
	};
}

/** How long after the start of the operation the old token ends, as `status` says. */
async function overlap(world: RotationWorld): Promise<number> {
	const { deadline, startedAt } = JSON.parse(await world.rotate("personNeeded", "status", "--json"));
	return deadline.at - startedAt;
}

describe("S6: the deadline of a token that a person rotates", () => {
	test("is not later for a paste that comes hours after the click", async () => {
		const at = clockAt();
		const world = await rotationWorld("torii");
		await world.rotate("personNeeded", "start");
		await world.click();
		at(8 * HOUR);
		await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		expect(await overlap(world)).toBe(24 * HOUR);
	});

	test("does not count from a time that is still to come, on a machine whose clock was set back since the start", async () => {
		const at = clockAt();
		const world = await rotationWorld("torii");
		at(3 * HOUR);
		await world.rotate("personNeeded", "start");
		at(0);
		await world.click();
		await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		expect(await overlap(world)).toBe(21 * HOUR);
	});
});

describe("what a person said with a token, when the machine stopped as soon as that was sealed,", () => {
	/** The journal as it was then, and the store as it was before. */
	function cutOff(world: RotationWorld) {
		const folder = join(world.cwd, ".local/state/crossfade/rotations/it");
		const path = join(folder, readdirSync(folder).find((name) => name.endsWith(".journal")) ?? "");
		const lines = readFileSync(path, "utf8").split("\n");
		const last = lines.findIndex((line) => line.includes('"is":"sealed","what":"new"'));
		writeFileSync(path, `${lines.slice(0, last + 1).join("\n")}\n`);
		world.write("live.token", world.first);
	}

	test("S6: is kept: the time since when it can have been clicked", async () => {
		const at = clockAt();
		const world = await rotationWorld("torii");
		await world.rotate("personNeeded", "start");
		const fresh = await world.click();
		at(8 * HOUR);
		await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		cutOff(world);
		await world.rotate("personNeeded", "resume");
		expect(world.read("live.token")).toBe(fresh);
		expect(await overlap(world)).toBe(24 * HOUR);
	});

	test("S6: is kept: the click that was before the operation", async () => {
		const at = clockAt();
		const world = await rotationWorld("torii");
		await world.click();
		const since = new Date().toISOString();
		at(8 * HOUR);
		await world.rotate("personNeeded", "start", "--adopt", "file:new.token", "--since", since);
		cutOff(world);
		await world.rotate("personNeeded", "resume");
		expect(await overlap(world)).toBe(16 * HOUR);
	});

	test("is kept: when the old token ends, and the public half of a pair", async () => {
		clockAt();
		const timed = await rotationWorld("wrapd", { rotation: ["harmless: alice/uptime"] });
		await timed.rotate("personNeeded", "start");
		await timed.click({ grace: "15m" });
		const ends = new Date(Date.now() + 900 * SECOND).toISOString();
		await timed.rotate("personNeeded", "resume", "--token", "file:new.token", "--old-ends", ends);
		cutOff(timed);
		await timed.rotate("personNeeded", "resume");
		expect(await overlap(timed)).toBe(900 * SECOND);

		const world = await rotationWorld("activitylog", { settings: { tier: "pro" } });
		const pair =
			"{ kind: env-file, path: app.env, key: SECRET, public-key: ID, reader: dotenv, confirm: person, within: 1m }";
		world.write("crossfade.yaml", world.fleet.replace(/\{ kind: .*\}/, pair).replace("store:file", "file:live.token"));
		const before = `ID=pk-old\nSECRET=${world.first}\n`;
		world.write("app.env", before);
		await world.rotate("personNeeded", "start");
		const fresh = await world.click();
		const id = String((await world.status()).tokens[0]?.id);
		await world.rotate("personNeeded", "resume", "--token", "file:new.token", "--public-id", id);
		cutOff(world);
		world.write("app.env", before);
		await world.rotate("personNeeded", "resume");
		expect(world.read("app.env")).toBe(`ID=${id}\nSECRET=${fresh}\n`);
	});
});

describe("S6: the deadline of a token that an API issued", () => {
	const OVERLAP = 600 * SECOND;
	const untold = ({ createdAt: _, ...rest }: Record<string, unknown>) => rest;

	/** A rotation of Glean's whose answer to the call is changed, and comes 50 seconds later. */
	async function answered(
		change: (answer: Record<string, unknown>) => Record<string, unknown>,
		{ offsetMs = 0, isKnown = false } = {},
	) {
		const at = clockAt();
		const world = await rotationWorld("glean", { rotation: ["datasource: wiki"] });
		await behind(world, ({ url }, answer) => {
			const date = () => new Date(Date.now() + offsetMs).toUTCString();
			if (!url?.endsWith("rotatetoken")) return { ...answer, date: isKnown ? date() : undefined };
			at(50 * SECOND);
			const body = Buffer.from(JSON.stringify(change(JSON.parse(answer.body.toString()))));
			return { ...answer, body, date: date() };
		});
		await world.rotate("personNeeded", "start");
		return overlap(world);
	}

	test.each([
		["an answer that does not tell when", untold],
		[
			"an answer that tells a later time",
			(answer: Record<string, unknown>) => ({ ...answer, createdAt: Date.now() / SECOND }),
		],
	])("counts from the call, with %s", async (_, change) => {
		// Half a second is what a Date header leaves out on average.
		expect(await answered(change)).toBe(OVERLAP + SECOND / 2);
	});

	test("counts from an earlier time that the answer tells", async () => {
		const early = (answer: Record<string, unknown>) => ({ ...answer, createdAt: Date.now() / SECOND - 90 });
		expect(await answered(early)).toBe(OVERLAP - 40 * SECOND);
	});

	test.each([-40, 40])(
		"is by the provider's clock, which differs by %i s and shows in that answer first",
		async (seconds) => {
			const offsetMs = seconds * SECOND;
			expect(await answered(untold, { offsetMs })).toBe(OVERLAP + offsetMs + SECOND / 2);
		},
	);

	test.each([-40, 40])(
		"is by the provider's clock once, where that was known before: it differs by %i s",
		async (seconds) => {
			expect(await answered(untold, { offsetMs: seconds * SECOND, isKnown: true })).toBe(OVERLAP);
		},
	);
});

describe("a person who chose that the old key ends at once", () => {
	async function clicked(...flags: string[]) {
		const world = await rotationWorld("wrapd", { rotation: ["harmless: alice/uptime"] });
		const said = await world.rotate("personNeeded", "start", ...flags);
		const fresh = await world.click({ grace: "0s" });
		return { world, said, fresh };
	}

	test("for a leak, as the words say, gives the new one and needs no time", async () => {
		const { world, said, fresh } = await clicked("--leaked");
		expect(said).toContain("Choose Immediate");
		expect(said).toMatch(/--token prompt\n/);
		await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		expect(world.read("live.token")).toBe(fresh);
		await world.later("2m");
		await world.rotate("ok", "resume", "--confirmed", "file", "--because", "seen");
		expect(await world.stateOf(world.first)).toBe("expired");
	});

	test("by mistake, gives the time that the page shows, which is over, and the new one is written at once", async () => {
		const { world, said, fresh } = await clicked();
		expect(said).toContain("--old-ends TIME");
		const before = new Date(Date.now() - 3_600_000).toISOString();
		expect(await world.rotate("usage", "resume", "--token", "file:new.token", "--old-ends", before)).toContain(
			"before the new token was asked for",
		);
		// A page shows minutes.
		const shown = `${new Date().toISOString().slice(0, -8)}Z`;
		await world.rotate("personNeeded", "resume", "--token", "file:new.token", "--old-ends", shown);
		expect(world.read("live.token")).toBe(fresh);
		expect(await world.rotate("refused", "rollback")).toContain("no way back any more");
		await world.later("2m");
		await world.rotate("ok", "resume", "--confirmed", "file", "--because", "seen");
	});
});
