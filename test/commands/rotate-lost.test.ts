import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { canary } from "../harness/canary.ts";
import { behind, managed, type ProviderAnswer, type RotationWorld, rotationWorld } from "../harness/rotate.ts";

/** Sequences in which the only copy of a token could go, or a store could be left with a token that ends. */

/** Files of the journal's folder, and those that end like this. */
function journalFiles(world: RotationWorld, ending = "") {
	const folder = join(world.cwd, ".local/state/crossfade/rotations/it");
	return readdirSync(folder)
		.filter((name) => name.endsWith(ending))
		.map((name) => join(folder, name));
}

describe("a new token that is declared lost after stores have it", () => {
	test("is replaced there by the next one", async () => {
		const world = await rotationWorld("torii");
		await world.rotate("personNeeded", "start");
		const lost = await world.click();
		await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		expect(world.read("live.token")).toBe(lost);
		await world.rotate("personNeeded", "resume", "--lost");
		const fresh = await world.click();
		const said = await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		expect(world.read("live.token"), said).toBe(fresh);
		expect(said).toContain("See that what reads store file");
	});

	test("is taken out of them by a rollback", async () => {
		const world = await rotationWorld("torii");
		await world.rotate("personNeeded", "start");
		await world.click();
		await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		await world.rotate("personNeeded", "resume", "--lost");
		const said = await world.rotate("personNeeded", "rollback");
		expect(world.read("live.token"), said).toBe(world.first);
		// The portal was clicked: the old token has an end, and the alarm stays.
		expect(said).toContain("Its clock runs on");
	});
});

describe("a store that got the old token back from somebody else", () => {
	test("is written again before the old token is retired", async () => {
		const world = await managed("tooken");
		await world.rotate("personNeeded", "start");
		const fresh = world.read("live.token");
		await world.rotate("personNeeded", "resume", "--confirmed", "file", "--because", "seen");
		world.write("live.token", world.first);
		const said = await world.rotate("personNeeded", "retire", "--despite", "a rehearsal");
		expect(await world.stateOf(world.first), said).toBe("active");
		expect(said).toContain("holds the old token again");
		expect(world.read("live.token")).toBe(fresh);
		await world.rotate("personNeeded", "resume", "--confirmed", "file", "--because", "seen again");
		await world.rotate("ok", "retire", "--despite", "a rehearsal");
	});

	test("is written again before the journal forgets the new one", async () => {
		const world = await rotationWorld("glean", { rotation: ["datasource: wiki"] });
		await world.rotate("personNeeded", "start");
		const fresh = world.read("live.token");
		await world.rotate("waiting", "resume", "--confirmed", "file", "--because", "seen");
		world.write("live.token", world.first);
		await world.later("12m");
		const said = await world.rotate("personNeeded", "resume");
		expect(world.read("live.token"), said).toBe(fresh);
		await world.rotate("ok", "resume", "--confirmed", "file", "--because", "seen again");
	});
});

describe("a leak while the new token is in no store yet", () => {
	/** A token was pasted, and could not be written: somebody else's stands in the store. The paste is gone. */
	async function unwritten() {
		const world = await rotationWorld("torii");
		await world.rotate("personNeeded", "start");
		const sealed = await world.click();
		world.write("live.token", canary().token);
		expect(await world.rotate("personNeeded", "resume", "--token", "file:new.token")).toContain("of somebody else");
		rmSync(join(world.cwd, "new.token"));
		return { world, sealed };
	}

	test("does not lose it when the next operation cannot begin", async () => {
		const { world, sealed } = await unwritten();
		expect(await world.rotate("unsafePlan", "start", "--leaked")).not.toContain("nothing was changed");
		world.write("live.token", world.first);
		const said = await world.rotate("personNeeded", "resume");
		expect(await world.rotate("personNeeded", "status"), said).toContain(`old       fp=${fingerprint(sealed)}`);
		const fresh = await world.click();
		await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		expect(world.read("live.token")).toBe(fresh);
		await world.rotate("personNeeded", "rollback");
		expect(world.read("live.token")).toBe(sealed);
	});

	test.each([
		["resume", ["resume"]],
		["the same command", ["start", "--leaked"]],
	])(
		"does not lose it when the next operation was stopped at its first record, and goes on with %s",
		async (_, again) => {
			const { world, sealed } = await unwritten();
			world.write("live.token", world.first);
			await world.rotate("personNeeded", "start", "--leaked");
			const folder = join(world.cwd, ".local/state/crossfade/rotations/it");
			const name = readdirSync(folder).findLast((each) => each.endsWith(".journal")) ?? "";
			const [first] = readFileSync(join(folder, name), "utf8").split("\n");
			writeFileSync(join(folder, name), `${first}\n`);
			const [verb = "", ...flags] = again;
			await world.rotate("personNeeded", verb, ...flags);
			expect(await world.rotate("personNeeded", "status")).toContain(`old       fp=${fingerprint(sealed)}`);
		},
	);

	test("does not lose it when the machine stopped before the next operation had begun", async () => {
		const { world, sealed } = await unwritten();
		world.write("live.token", world.first);
		const [key = ""] = journalFiles(world, ".key");
		const [before, bytes] = [journalFiles(world), readFileSync(key)];
		await world.rotate("personNeeded", "start", "--leaked");
		for (const path of journalFiles(world)) if (!before.includes(path)) rmSync(path);
		writeFileSync(key, bytes);
		expect(await world.rotate("partial", "status")).toContain("did not begin: crossfade rotate start it --leaked");
		expect(await world.rotate("personNeeded", "resume")).toContain("did not begin: crossfade rotate start it --leaked");
		expect(await world.rotate("unsafePlan", "start")).toContain("still in its overlap");
		await world.rotate("personNeeded", "start", "--leaked");
		expect(await world.rotate("personNeeded", "status")).toContain(`old       fp=${fingerprint(sealed)}`);
	});
});

test("S13: at the end of an operation, however it ends well, nothing opens its sealed tokens any more", async () => {
	const world = await managed("tooken");
	await world.rotate("personNeeded", "start");
	expect(journalFiles(world, ".key")).toHaveLength(1);
	await world.rotate("personNeeded", "resume", "--confirmed", "file", "--because", "seen");
	await world.rotate("ok", "retire", "--despite", "a rehearsal");
	expect(journalFiles(world, ".key")).toEqual([]);
	await world.rotate("personNeeded", "start");
	await world.rotate("waiting", "rollback");
	await world.later("2m");
	await world.rotate("ok", "resume");
	expect(journalFiles(world, ".key")).toEqual([]);
});

describe("an operation that is about to begin", () => {
	test("keeps its key, whoever looks at the one before meanwhile", async () => {
		const world = await rotationWorld("torii");
		await world.rotate("personNeeded", "start");
		const [before = ""] = journalFiles(world, ".key");
		// What `start` writes first, before the journal of the new operation is there.
		const key = join(before, "..", "ffffffff-ffff-7fff-8fff-ffffffffffff.key");
		writeFileSync(key, readFileSync(before));
		await world.rotate("personNeeded", "status");
		await world.rotate("ok", "plan");
		await world.rotate("ok", "log");
		expect(existsSync(key)).toBe(true);
		// With the lock it is known that nobody is about to begin.
		await world.rotate("personNeeded", "resume");
		expect(journalFiles(world, ".key")).toEqual([before]);
	});

	test("comes after the one before, on a machine whose clock was set back meanwhile", async () => {
		const world = await rotationWorld("torii");
		vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
		onTestFinished(() => {
			vi.useRealTimers();
		});
		await world.rotate("personNeeded", "start");
		await world.rotate("partial", "close", "--stranded", "--because", "a rehearsal");
		vi.useRealTimers();
		await world.rotate("personNeeded", "start");
		expect(await world.rotate("personNeeded", "status")).toContain("waiting for the new token");
		const fresh = await world.click();
		await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		expect(world.read("live.token")).toBe(fresh);
	});
});

describe("a paste that was of another place", () => {
	test("S6: does not move the deadline: the click can have been before it", async () => {
		const world = await rotationWorld("torii");
		await world.rotate("personNeeded", "start");
		await world.click();
		const right = world.read("new.token");
		await world.later("8h");
		world.write("new.token", canary().token);
		await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		await world.rotate("personNeeded", "resume");
		world.write("new.token", right);
		await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		const { deadline, startedAt } = JSON.parse(await world.rotate("personNeeded", "status", "--json"));
		expect(deadline.at - startedAt).toBeLessThan(24 * 3_600_000 + 60_000);
	});
});

test("a new token that an API made, and that is refused at first, is not dropped: the journal may have the only copy", async () => {
	const world = await rotationWorld("glean", { rotation: ["datasource: wiki"] });
	let refusals = 1;
	await behind(world, ({ url, headers }, answer) => {
		const isNew = url?.endsWith("getdatasourceconfig") && !headers.authorization?.includes(world.first);
		return isNew && refusals-- > 0 ? { ...answer, status: 401, body: Buffer.alloc(0) } : answer;
	});
	expect(await world.rotate("personNeeded", "start")).toContain(
		"ask again: crossfade rotate resume it; if it stays so",
	);
	expect(world.read("live.token")).toBe(world.first);
	const again = await world.rotate("personNeeded", "resume");
	expect(world.read("live.token"), again).not.toBe(world.first);
	expect(await world.stateOf(world.read("live.token"))).toBe("active");
});

test.each([
	["with white space in it", (token: string) => `${token.slice(0, 30)} ${token.slice(30)}`, "white space"],
	["with the word before it", (token: string) => `Bearer ${token}`, "starts with the word Bearer"],
	["of which most is missing", (token: string) => token.slice(0, 12), "is too short"],
])("S8: a token that the API gives %s is used nowhere, and its answer is kept", async (_, change, says) => {
	const world = await rotationWorld("glean", { rotation: ["datasource: wiki"] });
	const [answers, sent]: [string[], Set<string>] = [[], new Set()];
	await behind(world, ({ url, headers }, answer) => {
		sent.add(headers.authorization ?? "");
		if (!url?.endsWith("rotatetoken")) return answer;
		const { rawSecret, ...rest } = JSON.parse(answer.body.toString());
		answers.push(JSON.stringify({ ...rest, rawSecret: change(rawSecret) }));
		return { ...answer, body: Buffer.from(answers.join("")) };
	});
	expect(await world.rotate("unknownState", "start")).toContain(says);
	expect(world.read("live.token")).toBe(world.first);
	expect([...sent].filter((header) => header !== "")).toEqual([`Bearer ${world.first}`]);
	await world.rotate("ok", "export", "--out", "out.token", "--yes");
	expect([world.read("out.token")]).toEqual(answers);
});

test("S15: a token of another system is accepted, and is written nowhere", async () => {
	const world = await rotationWorld("activitylog");
	const another = randomUUID();
	await behind(world, ({ url, headers }, answer) => {
		if (!url?.endsWith("/systems/me") || headers.authorization?.includes(world.first)) return answer;
		return { ...answer, body: Buffer.from(JSON.stringify({ ...JSON.parse(answer.body.toString()), id: another })) };
	});
	await world.rotate("personNeeded", "start");
	await world.click();
	const said = await world.rotate("personNeeded", "resume", "--token", "file:new.token");
	expect(said).toContain("the new token is not like the old one: its id differs");
	expect(said).toContain(`got      id ${another}`);
	expect(world.read("live.token")).toBe(world.first);
});

test("S14: after the end, status says that the provider refuses the token in use", async () => {
	const world = await managed("tooken");
	await world.rotate("personNeeded", "start");
	await world.rotate("personNeeded", "resume", "--confirmed", "file", "--because", "seen");
	await world.rotate("ok", "retire", "--despite", "a rehearsal");
	await world.rotate("ok", "status");
	await world.control("/revoke", { token: fingerprint(world.read("live.token")) });
	expect(await world.rotate("personNeeded", "status")).toContain("the provider refuses the token in use");
});

test.each<[string, (answer: ProviderAnswer, old: string) => ProviderAnswer, string]>([
	[
		"a web page, as a portal for guests sends it",
		(answer) => ({ ...answer, body: Buffer.from("<html>Sign in</html>"), headers: { "content-type": "text/html" } }),
		"has no token in it",
	],
	[
		"the token that is in use",
		(answer, old) => ({
			...answer,
			body: Buffer.from(JSON.stringify({ ...JSON.parse(answer.body.toString()), rawSecret: old })),
		}),
		"has the old token",
	],
])(
	"an issuing call that is answered with %s: nothing is used of it, the store keeps its token, and no second call is made",
	async (_, change, says) => {
		const world = await rotationWorld("glean", { rotation: ["datasource: wiki"] });
		let calls = 0;
		await behind(world, ({ url }, answer) => {
			if (!url?.endsWith("rotatetoken")) return answer;
			calls++;
			return change(answer, world.first);
		});
		const said = await world.rotate("unknownState", "start");
		expect(said).toContain(says);
		expect([world.read("live.token"), calls]).toEqual([world.first, 1]);
		const again = await world.rotate("unknownState", "resume");
		process.stderr.write(again);
		expect([world.read("live.token"), calls]).toEqual([world.first, 1]);
	},
);
