import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { limitConcurrency } from "../../src/base/concurrency.ts";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { howMany, isWhole } from "../harness/matrix.ts";
import { managed, type RotationWorld, rotationWorld } from "../harness/rotate.ts";

/**
 * kill -9 before every change of the disk, every request and every answer, also with what was not synced lost, as when the machine stops;
 * whoever resumes ends in a safe state.
 */

const harness = (name: string) => new URL(`../harness/${name}`, import.meta.url).pathname;
const preload = harness("kill-at.cjs");

interface Scenario {
	readonly name: string;
	readonly open: () => Promise<RotationWorld>;
	/** Up to the command that is killed. */
	readonly before: (world: RotationWorld) => Promise<void>;
	readonly killed: readonly string[];
	/** What goes on afterwards, besides `resume`: the same command again. */
	readonly again: readonly string[];
	/** Exit codes that the run may have once it was resumed. */
	readonly ends: readonly number[];
	/** Which token has to be in the store then. */
	readonly holds: "old" | "new" | "either";
	/** How many tokens of the provider may live then. */
	readonly live: number;
}

/** So many points from the start the lock is taken. */
const LOCKING = 6;

const env = "kind: env-file, path: app.env, key: TOKEN, reader: dotenv, confirm: person, within: 1m";

/** The same store in a file with other lines. */
function inEnvFile(open: () => Promise<RotationWorld>): () => Promise<RotationWorld> {
	return async () => {
		const world = await open();
		world.write("app.env", `A=1\nTOKEN=${world.first}\nB=2\n`);
		const fleet = readFileSync(join(world.cwd, "crossfade.yaml"), "utf8");
		world.write(
			"crossfade.yaml",
			fleet.replace(/\{ kind: token-file[^}]*\}/, `{ ${env} }`).replace("store:file", "file:live.token"),
		);
		return {
			...world,
			read: (name) =>
				name === "live.token" ? (/TOKEN=(.*)/.exec(world.read("app.env"))?.[1] ?? "") : world.read(name),
		};
	};
}

const started = async (world: RotationWorld) => {
	await world.rotate("personNeeded", "start");
	await world.click();
};
const confirmed = async (world: RotationWorld) => {
	await world.rotate("personNeeded", "start");
	await world.rotate("personNeeded", "resume", "--confirmed", "file", "--because", "seen");
};
const PASTE = ["resume", "--token", "file:new.token"];
const nothing = async () => undefined;

const scenarios: readonly Scenario[] = [
	{
		name: "tooken mint-revoke, start",
		open: () => managed("tooken"),
		before: nothing,
		killed: ["start"],
		again: ["start"],
		ends: [16],
		holds: "new",
		live: 2,
	},
	{
		name: "tooken mint-revoke into an env file, start",
		open: inEnvFile(() => managed("tooken")),
		before: nothing,
		killed: ["start"],
		again: ["start"],
		ends: [16],
		holds: "new",
		live: 2,
	},
	{
		name: "tooken rotate, start",
		open: () => managed("tooken", { rotation: ["strategy: rotate"] }),
		before: nothing,
		killed: ["start", "--accept-outage"],
		again: ["start", "--accept-outage"],
		ends: [16],
		holds: "new",
		live: 1,
	},
	{
		name: "tooken, retire",
		open: () => managed("tooken"),
		before: confirmed,
		killed: ["retire", "--despite", "a test"],
		again: ["retire", "--despite", "a test"],
		ends: [0],
		holds: "new",
		live: 1,
	},
	{
		name: "tooken, rollback",
		open: () => managed("tooken"),
		before: async (world) => void (await world.rotate("personNeeded", "start")),
		killed: ["rollback"],
		again: ["rollback"],
		ends: [0, 15],
		holds: "old",
		live: 2,
	},
	{
		name: "tooken, rollback, once everybody had time to follow",
		open: () => managed("tooken"),
		before: async (world) => {
			await world.rotate("personNeeded", "start");
			await world.rotate("waiting", "rollback");
			await world.later("2m");
		},
		killed: ["resume"],
		again: ["resume"],
		ends: [0],
		holds: "old",
		live: 1,
	},
	// A call whose answer nobody has: for ten minutes nothing shows what became of it.
	{
		name: "glean, start",
		open: () => rotationWorld("glean", { rotation: ["datasource: wiki"] }),
		before: nothing,
		killed: ["start"],
		again: ["start"],
		ends: [16, 17],
		holds: "either",
		live: 2,
	},
	{
		name: "torii, paste",
		open: () => rotationWorld("torii"),
		before: started,
		killed: PASTE,
		again: PASTE,
		ends: [16],
		holds: "new",
		live: 2,
	},
	{
		name: "torii into an env file, paste",
		open: inEnvFile(() => rotationWorld("torii")),
		before: started,
		killed: PASTE,
		again: PASTE,
		ends: [16],
		holds: "new",
		live: 2,
	},
	{
		name: "activitylog, paste",
		open: () => rotationWorld("activitylog"),
		before: started,
		killed: PASTE,
		again: PASTE,
		ends: [16],
		holds: "new",
		live: 2,
	},
	{
		name: "wrapd, paste",
		open: () => rotationWorld("wrapd", { rotation: ["harmless: alice/uptime", "overlap: 1h"] }),
		before: started,
		killed: PASTE,
		again: PASTE,
		ends: [16],
		holds: "new",
		live: 2,
	},
];

describe.each(scenarios.map((scenario, nth) => ({ ...scenario, nth })))("$name", (scenario) => {
	/** Runs the command, killed at a point; returns how many points it passed. */
	const run = async (world: RotationWorld, at: number, isLost = false): Promise<number> => {
		const count = join(world.cwd, "points");
		world.write("points", "");
		const [verb = "", ...flags] = scenario.killed;
		const { code, stderr } = await world.process(verb, flags, {
			// What it leaves behind holds tokens; the next run removes that.
			canaries: [],
			nodeArgs: ["--require", preload],
			env: {
				CROSSFADE_KILL_AT: String(at),
				CROSSFADE_KILL_COUNT: count,
				...(isLost ? { CROSSFADE_KILL_DROPS: `${world.cwd}.kept` } : {}),
			},
		});
		if (at > 0) expect(code, stderr).toBeNull();
		return readFileSync(count, "utf8").length;
	};

	test("ends well wherever it is killed", async () => {
		const whole = await scenario.open();
		await scenario.before(whole);
		const points = await run(whole, 0);
		expect(points).toBeGreaterThan(10);
		const few = howMany(4, points);
		// The steps that take the lock, and others in each scenario.
		const stride = points / few;
		const spread = Array.from(
			{ length: few },
			(_, index) => 1 + Math.floor((index + scenario.nth / scenarios.length) * stride),
		);
		const kills = [...new Set([1 + (scenario.nth % LOCKING), ...spread])];
		// Two at a time: each waits more than it computes.
		const whenFree = limitConcurrency(2);
		// In a whole run each point both ways; otherwise two of three lose what was not synced.
		const cases = kills.flatMap((at, nth) =>
			(isWhole ? [false, true] : [(nth + scenario.nth) % 3 > 0]).map((isLost) => ({ at, isLost })),
		);
		await Promise.all(cases.map((each) => whenFree(() => survives(scenario, each, run))));
		const lost = cases.filter(({ isLost }) => isLost).length;
		process.stdout.write(
			`${scenario.name}: ${cases.length} kills at ${kills.length} of ${points} points, ${lost} with what was not synced lost\n`,
		);
	}, 1_200_000);
});

test("on a file system without hard links a lock is made in two steps, and the token file is replaced all the same", async () => {
	const world = await managed("tooken");
	const nodeArgs = ["--require", harness("no-links.cjs")];
	expect(await world.process("start", [], { nodeArgs })).toMatchObject({ code: 16 });
	expect(await world.process("resume", [], { nodeArgs })).toMatchObject({ code: 16 });
	expect(world.read("live.token").trim()).not.toBe(world.first);
});

async function survives(
	scenario: Scenario,
	{ at, isLost }: { readonly at: number; readonly isLost: boolean },
	run: (world: RotationWorld, at: number, isLost: boolean) => Promise<number>,
): Promise<void> {
	const world = await scenario.open();
	await scenario.before(world);
	await run(world, at, isLost);
	rmSync(`${world.cwd}.kept`, { recursive: true, force: true });
	const said: string[] = [];
	let code: number | null = null;
	// A call may be made once in a run: a second run goes on.
	for (const [verb = "", ...flags] of [["resume"], scenario.again, ["resume"], ["resume"]]) {
		const isOver = said.at(-1)?.includes("no rotation is under way");
		if (verb === "resume" && flags.length === 0 && isOver && scenario.again[0] !== "start") continue;
		const ran = await world.process(verb, flags);
		said.push(`${verb}: ${ran.code}\n${ran.stdout}${ran.stderr}`);
		code = ran.code;
	}
	const where = `killed at ${at}${isLost ? ", and what was not synced is lost" : ""}\n${said.join("\n")}`;
	expect(scenario.ends, where).toContain(code);
	const held = world.read("live.token").trim();
	const tokens = (await world.status()).tokens
		.filter(({ state }) => state === "active")
		.map((token) => token.fingerprint);
	// Whatever happened: what the store holds is accepted, and nothing lives that nobody has.
	expect(tokens, where).toContain(fingerprint(held));
	expect(tokens.length, where).toBeLessThanOrEqual(scenario.live);
	if (scenario.holds !== "either") expect(held === world.first, where).toBe(scenario.holds === "old");
}
