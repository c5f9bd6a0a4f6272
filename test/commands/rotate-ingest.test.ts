import { expect, test } from "vitest";
import { behind, type ProviderAnswer, type RotationWorld, rotationWorld } from "../harness/rotate.ts";

/** Everything that the new token has to be accepted on, besides OTLP and the provider's own statement. */

const PASTE = ["resume", "--token", "file:new.token"] as const;
const PAIR =
	"{ kind: env-file, path: app.env, key: SECRET, public-key: ID, reader: dotenv, confirm: person, within: 1m }";

async function started(rotation: readonly string[] = []): Promise<RotationWorld> {
	const world = await rotationWorld("activitylog", { rotation });
	await world.rotate("personNeeded", "start");
	await world.click();
	return world;
}

/** Changes the answers of one path. */
const answering = (path: string, change: (answer: ProviderAnswer) => ProviderAnswer) => (world: RotationWorld) =>
	behind(world, ({ url }, answer) => (url === path ? change(answer) : answer));

test("the new token is tried on the provider's native API, and half a pair not on Langfuse's", async () => {
	const world = await started();
	await world.rotate("personNeeded", ...PASTE);
	const log = await world.rotate("ok", "log");
	expect(log).toContain("a test record to POST /api/v1/messages: accepted (201)");
	expect(log).not.toContain("/api/public/ingestion");
});

test.each([
	["native", true, false],
	["both", true, true],
	["langfuse", false, true],
	["none", false, false],
])("ingest: %s", async (ingest, isNative, isLangfuse) => {
	const world = await started([`ingest: ${ingest}`]);
	await world.rotate("personNeeded", ...PASTE);
	const log = await world.rotate("ok", "log");
	expect(log.includes("/api/v1/messages")).toBe(isNative);
	expect(log.includes("/api/public/ingestion")).toBe(isLangfuse);
});

test.each([
	[
		"an error in the body of a 207",
		"/api/public/ingestion",
		(answer: ProviderAnswer) => ({
			...answer,
			body: Buffer.from('{"successes":[],"errors":[{"id":"x","status":400}]}'),
		}),
		"not taken (207)",
	],
	[
		"a page in the place of an answer",
		"/api/public/ingestion",
		(answer: ProviderAnswer) => ({ ...answer, status: 200, body: Buffer.from("<html>") }),
		"not taken (200)",
	],
	[
		"a record that was dropped by sampling",
		"/api/v1/messages",
		(answer: ProviderAnswer) => ({ ...answer, headers: { "x-al-sampled": "true" } }),
		"dropped by sampling",
	],
	[
		"a message that is not taken",
		"/api/v1/messages",
		(answer: ProviderAnswer) => ({ ...answer, status: 400 }),
		"not taken (400)",
	],
] as const)("%s proves nothing, and nothing is written", async (_, path, change, says) => {
	const world = await started(["ingest: both"]);
	await answering(path, change)(world);
	const said = await world.rotate("unknownState", ...PASTE);
	expect(said).toContain(says);
	expect(said).toContain("left out by ingest: none");
	expect(world.read("live.token")).toBe(world.first);
});

test("a public half from another row is noticed, and a person is asked for the pair again", async () => {
	const world = await rotationWorld("activitylog");
	world.write("crossfade.yaml", world.fleet.replace(/\{ kind: .*\}/, PAIR).replace("store:file", "file:live.token"));
	const before = `ID=pk-old\nSECRET=${world.first}\n`;
	world.write("app.env", before);
	expect(await world.rotate("personNeeded", "start")).toContain("resume it --token prompt --public-id ID\n");
	await world.click();
	const [fresh, old] = (await world.status()).tokens.map(({ id }) => id);
	const said = await world.rotate("personNeeded", ...PASTE, "--public-id", String(old));
	expect(said).toContain("a test record to POST /api/public/ingestion: refused (401)");
	expect(world.read("app.env")).toBe(before);
	await world.rotate("personNeeded", ...PASTE, "--public-id", String(fresh));
	expect(await world.rotate("ok", "log")).toContain("a test record to POST /api/public/ingestion: accepted (207)");
	expect(world.read("app.env")).toBe(`ID=${fresh}\nSECRET=${world.read("new.token")}\n`);
});
