import { expect, test } from "vitest";
import { rotations } from "../../src/adapters/providers/rotations.generated.ts";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { behind, managed, type RotationWorld } from "../harness/rotate.ts";

/** A call that issues a token and got no answer: the token has a name of its own, by which it is found. */

/** A call fails before the provider has done its work, another one makes the new token, and then the first one arrives after all. */
async function late(): Promise<{ readonly world: RotationWorld; readonly orphan: string }> {
	const world = await managed("tooken");
	await world.control("/fault", { fault: "504", on: "manage", skip: 2, times: 1 });
	await world.rotate("unknownState", "start");
	await world.rotate("personNeeded", "resume");
	const headers = { authorization: `Bearer ${world.read("admin.key")}`, "content-type": "application/json" };
	const listed = await fetch(`${world.url}/v1/tokens`, { headers });
	const { data } = (await listed.json()) as { data: { name: string; scopes: string[] }[] };
	const second = data.find(({ name }) => /-cf-.*-2$/.test(name));
	const body = JSON.stringify({ name: second?.name.replace(/2$/, "1"), scopes: second?.scopes });
	const made = await fetch(`${world.url}/v1/tokens`, { method: "POST", headers, body });
	const { token } = (await made.json()) as { token: string };
	expect(await world.stateOf(token)).toBe("active");
	return { world, orphan: token };
}

const active = async (world: RotationWorld) =>
	(await world.status()).tokens.filter(({ state }) => state === "active").map(({ fingerprint: id }) => id);

test("a call that arrives after its token was looked for: that token is ended before the operation is over", async () => {
	const { world } = await late();
	await world.rotate("personNeeded", "resume", "--confirmed", "file", "--because", "seen");
	await world.rotate("ok", "retire", "--despite", "a test");
	expect(await active(world)).toEqual([fingerprint(world.read("live.token"))]);
});

test("and also on the way back", async () => {
	const { world, orphan } = await late();
	await world.rotate("waiting", "rollback");
	await world.later("2m");
	await world.rotate("ok", "resume");
	expect(await active(world)).toEqual([fingerprint(world.first)]);
	expect(await world.stateOf(orphan)).toBe("revoked");
});

test("while the provider does not show whether there is such a token the operation is not over", async () => {
	const { world, orphan } = await late();
	await world.rotate("personNeeded", "resume", "--confirmed", "file", "--because", "seen");
	let isDown = true;
	await behind(world, ({ url }, answer) => (isDown && url?.includes("name=") ? { ...answer, status: 503 } : answer));
	const said = await world.rotate("unknownState", "retire", "--despite", "a test");
	expect(said).not.toContain("this operation is over");
	isDown = false;
	await world.rotate("ok", "resume");
	expect(await world.stateOf(orphan)).toBe("revoked");
});

test("a full page of a list without it does not show that there is none: it may be on the next one", () => {
	const strategy = rotations.flatMap(({ strategies }) => strategies).find(({ orphaned }) => orphaned !== undefined);
	const about = { settings: {}, operation: "o", attempt: 1, slowestMs: 0, isLeaked: false };
	const page = (count: number) => JSON.stringify({ data: Array.from({ length: count }, () => ({ name: "another" })) });
	expect(strategy?.orphaned?.(page(99), about)).toBe("none");
	expect(strategy?.orphaned?.(page(100), about)).toBeUndefined();
});
