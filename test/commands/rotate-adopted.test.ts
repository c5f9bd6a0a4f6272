import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { canary } from "../harness/canary.ts";
import { behind, managed, type RotationWorld, rotationWorld } from "../harness/rotate.ts";

/** What a person did at the provider is taken over: nothing is called, and no second token is made, whatever becomes of the first. */

const tokensOf = async (world: RotationWorld) =>
	(await world.status()).tokens.map(({ fingerprint, state }) => [fingerprint, state]);

/** The journal as it was when the machine stopped at its first record, and the store as it was before. */
function stoppedAtOnce(world: RotationWorld) {
	const folder = join(world.cwd, ".local/state/crossfade/rotations/it");
	const path = join(folder, readdirSync(folder).find((name) => name.endsWith(".journal")) ?? "");
	writeFileSync(path, `${readFileSync(path, "utf8").split("\n")[0]}\n`);
	world.write("live.token", world.first);
}

const byApi: readonly (readonly [name: string, open: () => Promise<RotationWorld>, since: readonly string[]])[] = [
	["tooken mint-revoke", () => managed("tooken"), []],
	["glean", () => rotationWorld("glean", { rotation: ["datasource: wiki"] }), ["--since", new Date().toISOString()]],
];

describe.each(byApi)("a token that a person made by hand, of a provider with an API: %s", (_, open, since) => {
	/** A person has a new token, and the provider has nothing else to do with it. */
	async function made() {
		const world = await open();
		const { token } = await world.control("/mint", {});
		world.write("new.token", String(token));
		return { world, token: String(token), tokens: await tokensOf(world) };
	}

	test("is asked for again when the machine stopped before it was sealed; no call makes another one", async () => {
		const { world, token, tokens } = await made();
		await world.rotate("personNeeded", "start", "--adopt", "file:new.token", ...since);
		stoppedAtOnce(world);
		const said = await world.rotate("personNeeded", "resume");
		expect(said).toContain("Copy it again, and do not rotate a second time.");
		expect(await tokensOf(world)).toEqual(tokens);
		await world.rotate("personNeeded", "resume", "--token", "file:new.token", ...since);
		expect(world.read("live.token")).toBe(token);
		expect(await tokensOf(world)).toEqual(tokens);
	});

	test("and that the provider refuses, is asked for again; no call makes another one", async () => {
		const { world, token, tokens } = await made();
		world.write("other.token", canary().token);
		await world.rotate("personNeeded", "start", "--adopt", "file:other.token", ...since);
		expect(await tokensOf(world)).toEqual(tokens);
		expect(world.read("live.token")).toBe(world.first);
		await world.rotate("personNeeded", "resume", "--token", "file:new.token", ...since);
		expect(world.read("live.token")).toBe(token);
	});
});

test("S6: a token that was adopted and has to be given again needs the time of the click again: it was before the operation", async () => {
	const world = await rotationWorld("torii");
	await world.click();
	const since = new Date(Date.now() - 8 * 3_600_000).toISOString();
	await world.rotate("personNeeded", "start", "--adopt", "file:new.token", "--since", since);
	stoppedAtOnce(world);
	expect(await world.rotate("personNeeded", "resume")).toContain("resume it --token prompt --since TIME");
	expect(await world.rotate("usage", "resume", "--token", "file:new.token")).toContain(
		"when the person rotated is not known",
	);
	await world.rotate("personNeeded", "resume", "--token", "file:new.token", "--since", since);
	const { deadline } = JSON.parse(await world.rotate("personNeeded", "status", "--json"));
	expect(deadline.at).toBe(Date.parse(since) + 24 * 3_600_000);
});

describe("S15: a token that a person minted, and that is taken over,", () => {
	const another = randomUUID();
	/** A provider that changes what it tells of the first token, and of every other one. */
	async function telling(ofFirst: object, ofOther: object) {
		const world = await rotationWorld("activitylog");
		await behind(world, ({ url, headers }, answer) => {
			if (!url?.endsWith("/systems/me") || answer.status !== 200) return answer;
			const change = headers.authorization?.includes(world.first) ? ofFirst : ofOther;
			return { ...answer, body: Buffer.from(JSON.stringify({ ...JSON.parse(answer.body.toString()), ...change })) };
		});
		await world.click();
		return world;
	}

	test("is written nowhere if it is of another system", async () => {
		const world = await telling({}, { id: another });
		const said = await world.rotate("personNeeded", "start", "--adopt", "file:new.token");
		expect(said).toContain("the new token is not like the old one: its id differs");
		expect(world.read("live.token")).toBe(world.first);
	});

	test("is compared by a person where the old token is dead, and tells nothing", async () => {
		const world = await telling({}, {});
		await world.control("/revoke", { token: fingerprint(world.first) });
		const said = await world.rotate("personNeeded", "start", "--adopt", "file:new.token");
		expect(said).toContain("The provider did not say of both tokens: id,retentionDays.");
		expect(world.read("live.token")).toBe(world.first);
	});
});

test("S15: what the provider tells of the new token alone was not compared, and a person does it", async () => {
	const world = await rotationWorld("activitylog");
	await behind(world, ({ url, headers }, answer) => {
		if (!url?.endsWith("/systems/me") || !headers.authorization?.includes(world.first)) return answer;
		const { id: _, ...rest } = JSON.parse(answer.body.toString());
		return { ...answer, body: Buffer.from(JSON.stringify(rest)) };
	});
	await world.rotate("personNeeded", "start");
	await world.click();
	const said = await world.rotate("personNeeded", "resume", "--token", "file:new.token");
	expect(said).toMatch(/The provider did not say of both tokens: .*\bid\b/);
	expect(world.read("live.token")).toBe(world.first);
});
