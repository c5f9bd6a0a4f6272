import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type ExitName, exitCodes } from "../../src/base/errors.ts";
import { filesBelow } from "../harness/canary.ts";
import { CLI } from "../harness/cli.ts";
import { pairs } from "../harness/matrix.ts";
import { needs } from "../harness/parts.ts";
import { type RotationWorld, rotationWorld } from "../harness/rotate.ts";
import { terminal, tmux } from "../harness/terminal.ts";
import { waitFor } from "../harness/wait.ts";

interface Question {
	readonly name: string;
	readonly before: (world: RotationWorld) => Promise<unknown>;
	/** The reference that becomes a question. */
	readonly asks?: readonly [from: string, to: string];
	readonly command: readonly string[];
	/** It is asked for the machine's key again, after a first answer. */
	readonly second?: true;
	/** Nothing was written down before the question. */
	readonly first: boolean;
	/** How the same command ends then, where nothing is asked. */
	readonly again: ExitName;
	/** What goes on after that. */
	readonly onwards: readonly string[];
}

const KEY = ["key: file:crossfade.key", "key: prompt"] as const;
const PASTE = ["resume", "--token", "file:new.token"] as const;
const SINCE = ["--since", new Date().toISOString()] as const;

const nothing = async () => undefined;
const asked = (world: RotationWorld) => world.rotate("personNeeded", "start");
const pasted = async (world: RotationWorld) => {
	await asked(world);
	await world.click();
	await world.rotate("personNeeded", ...PASTE);
};

/** Of an operation under way: the journal is as it was, and goes on. */
const ofOpen = (
	name: string,
	again: ExitName,
	onwards: readonly string[],
	...command: readonly string[]
): Question => ({
	name: `${name}, for the machine's key`,
	before: pasted,
	asks: KEY,
	command: [name, ...command],
	first: true,
	again,
	onwards,
});

const BECAUSE = ["--because", "a test"] as const;
const LEAKED = ["close", "--stranded", "--replace", "--leaked", ...BECAUSE] as const;

const questions: readonly Question[] = [
	{
		name: "start, for the token in use",
		before: nothing,
		asks: ["current: store:file", "current: prompt"],
		command: ["start"],
		first: true,
		again: "personNeeded",
		onwards: PASTE,
	},
	{
		name: "start, for the machine's key",
		before: nothing,
		asks: KEY,
		command: ["start"],
		first: true,
		again: "personNeeded",
		onwards: PASTE,
	},
	{
		name: "start, for the machine's key once more",
		before: nothing,
		asks: KEY,
		command: ["start"],
		second: true,
		first: false,
		again: "refused",
		onwards: ["resume"],
	},
	{
		name: "start --adopt, for the new token",
		before: (world) => world.click(),
		command: ["start", "--adopt", "prompt", ...SINCE],
		first: true,
		again: "personNeeded",
		onwards: ["resume"],
	},
	{
		name: "start --adopt, for the machine's key once more",
		before: (world) => world.click(),
		asks: KEY,
		command: ["start", "--adopt", "file:new.token", ...SINCE],
		second: true,
		first: false,
		again: "refused",
		onwards: ["resume"],
	},
	{
		name: "start --leaked in the place of an open one, for the machine's key",
		before: asked,
		asks: KEY,
		command: ["start", "--leaked"],
		first: false,
		again: "personNeeded",
		onwards: PASTE,
	},
	{
		name: "close --replace, for the machine's key",
		before: asked,
		asks: KEY,
		command: LEAKED,
		first: false,
		again: "personNeeded",
		onwards: PASTE,
	},
	{
		name: "resume --token, for the new token",
		before: asked,
		command: ["resume", "--token", "prompt"],
		first: true,
		again: "personNeeded",
		onwards: ["resume"],
	},
	ofOpen("resume", "personNeeded", ["resume"]),
	ofOpen("retire", "personNeeded", ["resume"]),
	ofOpen("rollback", "personNeeded", ["resume", "--forward"]),
	ofOpen("export", "ok", ["resume"], "--out", "out.token", "--yes"),
];

const ways = ["C-c", "SIGTERM", "SIGHUP"] as const;

/** The journal, without what its lock leaves. */
function journal({ cwd }: RotationWorld) {
	const folder = join(cwd, ".local");
	return existsSync(folder) ? filesBelow(folder) : {};
}

/** A command at its question in a real terminal, in a shell that then tells how it ended, and what the terminal does. */
async function asking({ cwd }: RotationWorld, { command, asks }: Question) {
	const words = [process.execPath, CLI, "rotate", ...command.slice(0, 1), "it", ...command.slice(1)];
	const line = words.map((word) => `"${word}"`).join(" ");
	const { printed, type } = terminal(
		cwd,
		`HOME='${cwd}' sh -c 'echo pid $$; exec ${line}'; echo left with $?; stty -a && exec sleep 600`,
	);
	const called = asks === KEY ? "This machine's age key" : asks === undefined ? "New token" : "Token in use";
	const questionsSeen = () => printed().split(`\n${called}:`).length - 1;
	await waitFor("the question", () => questionsSeen() === 1);
	return { printed, type, questionsSeen, pid: Number(/^pid (\d+)$/m.exec(printed())?.[1]) };
}

describe("a rotation's hidden question, left in a real terminal", needs(tmux), () => {
	for (const [question, way] of pairs(questions, ways))
		test(`${question.name}, by ${way}: interrupted, the terminal is as it was, and the same command again does no harm`, async () => {
			const { before, asks, command, second, first, again, onwards } = question;
			const world = await rotationWorld("torii");
			await before(world);
			const known = journal(world);
			const fleet = world.read("crossfade.yaml");
			if (asks) world.write("crossfade.yaml", fleet.replace(...asks));
			const { printed, type, questionsSeen, pid } = await asking(world, question);
			if (second) {
				type(world.read("crossfade.key"));
				type("Enter");
				await waitFor("the second question", () => questionsSeen() === 2);
			}
			if (way === "C-c") type(way);
			else process.kill(pid, way);
			await waitFor("the end", () => /left with \d+$/m.test(printed()) && / echoke?\b/.test(printed()));
			expect(printed()).toContain(`left with ${exitCodes.interrupted[0]}\n`);
			expect(printed()).toMatch(/ icanon .* echo echoe /s);
			expect(printed()).not.toContain(world.read("crossfade.key").slice(20));
			if (first) expect(journal(world)).toEqual(known);
			expect(existsSync(join(world.cwd, "out.token"))).toBe(false);
			world.write("crossfade.yaml", fleet);
			if (!existsSync(join(world.cwd, "new.token"))) await world.click();
			const [verb = "", ...flags] = command.map((word) => (word === "prompt" ? "file:new.token" : word));
			await world.rotate(again, verb, ...flags);
			const [next = "", ...more] = onwards;
			await world.rotate("personNeeded", next, ...more);
			expect([world.first, world.read("new.token")]).toContain(world.read("live.token"));
			expect(await world.stateOf(world.read("live.token"))).not.toBe("revoked");
		});
});
