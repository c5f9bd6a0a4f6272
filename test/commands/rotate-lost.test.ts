import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { canary } from "../harness/canary.ts";
import { managed, type RotationWorld, rotationWorld } from "../harness/rotate.ts";

/** Sequences in which the only copy of a token could go, or a store could be left with a token that ends. */

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

/** From now on the fleet file names another address of the provider, which may change what it answers. */
async function behind(
	world: RotationWorld,
	change: (request: IncomingMessage, answer: Answer) => Answer,
): Promise<void> {
	const proxy = createServer(async (request, response) => {
		const body = Buffer.concat(await request.toArray());
		const { method = "GET", headers, url = "" } = request;
		const passed = ["authorization", "content-type", "content-encoding"].flatMap((name) => {
			const value = headers[name];
			return typeof value === "string" ? [[name, value] as [string, string]] : [];
		});
		const from = await fetch(world.url + url, { method, headers: passed, ...(body.length > 0 ? { body } : {}) });
		const type = from.headers.get("content-type") ?? "text/plain";
		const given = change(request, { status: from.status, body: Buffer.from(await from.arrayBuffer()) });
		response.writeHead(given.status, { "content-type": type }).end(given.body);
	}).listen(0, "127.0.0.1");
	onTestFinished(() => {
		proxy.closeAllConnections();
		proxy.close();
	});
	await once(proxy, "listening");
	const { port } = proxy.address() as AddressInfo;
	world.write("crossfade.yaml", world.fleet.replace(world.url, `http://127.0.0.1:${port}`));
}

interface Answer {
	readonly status: number;
	readonly body: Buffer;
}

test("a new token that an API made, and that is refused at first, is not dropped: the journal may have the only copy", async () => {
	const world = await rotationWorld("glean", { rotation: ["datasource: wiki"] });
	let refusals = 1;
	await behind(world, ({ url, headers }, answer) => {
		const isNew = url?.endsWith("getdatasourceconfig") && !headers.authorization?.includes(world.first);
		return isNew && refusals-- > 0 ? { status: 401, body: Buffer.alloc(0) } : answer;
	});
	expect(await world.rotate("personNeeded", "start")).toContain("crossfade rotate resume, which asks again");
	expect(world.read("live.token")).toBe(world.first);
	const again = await world.rotate("personNeeded", "resume");
	expect(world.read("live.token"), again).not.toBe(world.first);
	expect(await world.stateOf(world.read("live.token"))).toBe("active");
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
