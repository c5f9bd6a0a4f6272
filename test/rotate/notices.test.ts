import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { canary } from "../harness/canary.ts";
import { type RotationWorld, rotationWorld } from "../harness/rotate.ts";

interface Sent {
	readonly event: string;
	readonly text: string;
	readonly next: readonly string[];
}

/** A webhook that answers with a status, or with what `status` says at that time. */
async function webhook(status: () => number = () => 200) {
	const got: Sent[] = [];
	const server = createServer((request, response) => {
		const chunks: Buffer[] = [];
		request.on("data", (chunk: Buffer) => chunks.push(chunk));
		request.on("end", () => {
			got.push(JSON.parse(Buffer.concat(chunks).toString("utf8")));
			response.writeHead(status()).end("ok");
		});
	}).listen(0, "127.0.0.1");
	await new Promise((done) => server.on("listening", done));
	onTestFinished(() => {
		server.close();
		server.closeAllConnections();
	});
	const { port } = server.address() as { port: number };
	const secret = canary().token;
	return {
		got,
		secret,
		url: `http://127.0.0.1:${port}/services/${secret}`,
		events: () => got.map(({ event }) => event),
	};
}

async function worldWith(notify: string, options: Parameters<typeof rotationWorld>[1] = {}): Promise<RotationWorld> {
	return rotationWorld("torii", { ...options, more: [`notify: ${notify}`] });
}

describe("notices", () => {
	test("go to a webhook once for each event, with the words for the person and no secret", async () => {
		const hook = await webhook();
		const world = await worldWith("[{ webhook: file:hook.url }]");
		world.write("hook.url", `${hook.url}\n`);
		const said = [await world.rotate("personNeeded", "start")];
		said.push(await world.rotate("personNeeded", "resume"));
		expect(hook.events()).toEqual(["needs-a-person"]);
		expect(hook.got[0]?.text).toContain("rotation it (Torii) needs a person");
		expect(hook.got[0]?.text).toContain("Choose Rotate and confirm");
		await world.click();
		said.push(await world.rotate("personNeeded", "resume", "--token", "file:new.token"));
		said.push(await world.rotate("personNeeded", "resume"));
		expect(hook.events()).toEqual(["needs-a-person", "needs-a-person"]);
		await world.later("20h");
		said.push(await world.rotate("personNeeded", "resume"));
		said.push(await world.rotate("personNeeded", "resume"));
		expect(hook.events()).toEqual(["needs-a-person", "needs-a-person", "deadline-near"]);
		said.push(await world.rotate("waiting", "resume", "--confirmed", "file", "--because", "seen"));
		await world.later("5h");
		said.push(await world.rotate("ok", "resume"));
		expect(hook.events().slice(3)).toEqual(["done"]);
		const all = JSON.stringify(hook.got) + said.join("") + (await world.rotate("ok", "log"));
		for (const secret of [world.first, world.read("new.token"), hook.secret]) expect(all).not.toContain(secret);
		expect(await world.rotate("ok", "log")).toContain("notice deadline-near");
	});

	test("that fail stop nothing, are told, and are tried again by the next run", async () => {
		let status = 500;
		const hook = await webhook(() => status);
		const world = await worldWith("[{ webhook: file:hook.url }]");
		world.write("hook.url", hook.url);
		expect(await world.rotate("personNeeded", "start")).toContain("the webhook answered with status 500");
		status = 200;
		expect(await world.rotate("personNeeded", "resume")).not.toContain("notice receiver");
		await world.rotate("personNeeded", "resume");
		expect(hook.events()).toEqual(["needs-a-person", "needs-a-person"]);
		expect(await world.rotate("ok", "log")).toContain("notice needs-a-person did not arrive");
	});

	test("that always fail are given up", async () => {
		const hook = await webhook(() => 410);
		const world = await worldWith("[{ webhook: file:hook.url }]");
		world.write("hook.url", hook.url);
		await world.rotate("personNeeded", "start");
		for (const _ of Array.from({ length: 7 })) await world.rotate("personNeeded", "resume");
		expect(hook.got).toHaveLength(5);
	});

	test.each([
		["no file", undefined, "cannot be read, or has no URL"],
		["http to another machine", "http://hooks.example.com/services/abcdef", "has no https URL"],
		["a place that is not there", "http://127.0.0.1:1/services/abcdefgh", "could not be reached"],
	])("to %s stop nothing", async (_, url, says) => {
		const world = await worldWith("[{ webhook: file:hook.url }]");
		if (url !== undefined) world.write("hook.url", url);
		const said = await world.rotate("personNeeded", "start");
		expect(said).toContain("the rotation goes on");
		expect(said).toContain(says);
	});

	test("go to a program in its variables, and only for the events that it asks for", async () => {
		const world = await worldWith(
			"[{ command: [sh, tell.sh], on: [failed] }, { command: [no-such-program-here], on: [done] }]",
		);
		const out = join(world.cwd, "told");
		world.write(
			"tell.sh",
			`printf '%s|%s\\n' "$CROSSFADE_EVENT" "$CROSSFADE_TEXT" >>told; printf '%s\\n' "$CROSSFADE_NOTICE" >>told\n`,
		);
		await world.rotate("personNeeded", "start");
		expect(existsSync(out)).toBe(false);
		await world.click();
		world.write("live.token", canary().token);
		for (const _ of [1, 2]) await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		const [head = "", ...rest] = readFileSync(out, "utf8").split("\n");
		expect(head).toMatch(/^failed\|crossfade: rotation it \(Torii\) failed: .*holds a token of somebody else/);
		expect(JSON.parse(rest.at(-2) ?? "")).toMatchObject({ event: "failed", rotation: "it", provider: "torii" });
		expect(rest.filter((line) => line.startsWith("failed|"))).toEqual([]);
		expect(await world.rotate("partial", "close", "--stranded", "--because", "it is another's")).not.toContain(
			"no-such",
		);
		expect(readFileSync(out, "utf8")).toContain("is over: stranded");
	});

	test("escape what Slack would read as a mention or a link", async () => {
		const hook = await webhook();
		const world = await worldWith("[{ webhook: file:hook.url }]", { store: "confirm: [sh, -c, 'exit 1'], within: 1m" });
		world.write("hook.url", hook.url);
		world.write("crossfade.yaml", world.read("crossfade.yaml").replace("path: live.token", "path: '<!channel>.token'"));
		world.write("<!channel>.token", canary().token);
		world.write(
			"crossfade.yaml",
			world.read("crossfade.yaml").replace("current: store:file", "current: file:live.token"),
		);
		await world.rotate("unsafePlan", "start");
		expect(hook.events()).toEqual(["failed"]);
		expect(hook.got[0]?.text).toContain("&lt;!channel&gt;");
		expect(hook.got[0]?.text).not.toContain("<!");
	});
});
