import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseExposition } from "../../src/prove/metrics/exposition.ts";
import { statusMetrics } from "../../src/rotate/status-metrics.ts";
import { rotationWorld } from "../harness/rotate.ts";

async function waiting() {
	const world = await rotationWorld("torii");
	await world.rotate("personNeeded", "start");
	await world.click();
	await world.rotate("personNeeded", "resume", "--token", "file:new.token");
	await world.rotate("personNeeded", "status", "--prometheus", "crossfade.prom");
	return world;
}

describe("status --prometheus", () => {
	test("says exit code, deadline and which store is confirmed, and is replaced whole", async () => {
		const world = await waiting();
		const text = world.read("crossfade.prom");
		expect(text).toContain('crossfade_rotation_status{rotation="it"} 16\n');
		expect(text).toContain('crossfade_rotation_needs_person{rotation="it"} 1\n');
		expect(text).toContain('crossfade_rotation_store_confirmed{rotation="it",store="file"} 0\n');
		const [, at] = /deadline_timestamp_seconds\{rotation="it"\} (\S+)/.exec(text) ?? [];
		const { deadline } = JSON.parse(await world.rotate("personNeeded", "status", "--json"));
		expect(Number(at) * 1000).toBeCloseTo(deadline.at, 0);
		await world.rotate("waiting", "resume", "--confirmed", "file", "--because", "seen");
		await world.rotate("waiting", "status", "--prometheus", "crossfade.prom");
		expect(world.read("crossfade.prom")).toContain(
			'crossfade_rotation_store_confirmed{rotation="it",store="file"} 1\n',
		);
		expect(readdirSync(world.cwd).filter((name) => name.includes(".prom"))).toEqual(["crossfade.prom"]);
	});

	test("of a rotation that never began has no deadline", async () => {
		const world = await rotationWorld("torii");
		await world.rotate("ok", "status", "--prometheus", "crossfade.prom");
		const text = world.read("crossfade.prom");
		expect(text).toContain('phase="never rotated"');
		expect(text).not.toContain("deadline");
	});

	test("into a folder that is none, or for another verb, is one clear error", async () => {
		const world = await rotationWorld("torii");
		world.write("file", "");
		expect(await world.rotate("io", "status", "--prometheus", "file/crossfade.prom")).toContain("crossfade.prom");
		expect(await world.rotate("usage", "plan", "--prometheus", "x.prom")).toContain("is not an option of rotate plan");
	});

	test("escapes what stands in a label", () => {
		const phase = 'a "b"\\\n{c}';
		const text = statusMetrics(
			{
				schema: 1,
				rotation: "it",
				provider: "torii",
				strategy: "portal",
				phase,
				stores: [],
				next: [],
				exit: "ok",
			},
			0,
		);
		expect(text).toContain('phase="a \\"b\\"\\\\\\n{c}"');
		expect(text.split("\n").filter((line) => line.startsWith("crossfade_rotation_info"))).toHaveLength(1);
		expect(parseExposition(text)).toMatchObject({ badLines: 0 });
	});
});
