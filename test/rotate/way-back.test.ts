import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { probeHost } from "../../src/prove/judge/own-probes.ts";
import type { Engine } from "../../src/rotate/engine.ts";
import type { JournalEntry } from "../../src/rotate/record.ts";
import { pastReturn } from "../../src/rotate/way-back.ts";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { sent, writeEvidence } from "../harness/evidence.ts";
import { openedWith, stateAfter } from "../harness/journal.ts";
import { managed, rotationWorld } from "../harness/rotate.ts";
import { standIn } from "../harness/rotation.ts";

const FED = "confirm: person, feeds: [gw], within: 1m";

/** A gateway's page that has exported already. */
async function gateway(more?: () => string) {
	const page = await standIn(more);
	await fetch(page.url);
	return { ...page, block: [`gateways: [{ name: gw, metrics: "${page.url}" }]`] };
}

describe("a promotion that breaks exports", () => {
	test("is taken back at once, with the reason in the log, and can go forward again", async () => {
		const page = await gateway();
		const world = await rotationWorld("torii", { store: FED, more: page.block });
		await world.rotate("personNeeded", "start");
		const fresh = await world.click();
		page.fail(true);
		const said = await world.rotate("newRejected", "resume", "--token", "file:new.token");
		expect(said).toContain("exports nothing: the old token is put back");
		expect(said).toContain("Its clock runs on");
		expect(world.read("live.token")).toBe(world.first);
		expect(await world.rotate("ok", "log")).toContain(
			"gw had exported, and since the write it sent nothing and dropped",
		);
		page.fail(false);
		await world.rotate("personNeeded", "resume", "--forward");
		expect(world.read("live.token")).toBe(fresh);
		expect(await world.rotate("personNeeded", "resume")).not.toContain("exports nothing");
	});

	test("is not what happened when it exported since the write and fails later", async () => {
		const page = await gateway();
		const world = await managed("tooken", { store: FED, more: page.block });
		await world.rotate("personNeeded", "start");
		const fresh = world.read("live.token");
		await world.rotate("personNeeded", "resume");
		page.fail(true);
		await world.rotate("personNeeded", "resume");
		expect(world.read("live.token")).toBe(fresh);
	});

	test("by what a tap counts: accepted before, and nothing but refusals since", async () => {
		const world = await managed("tooken", { store: FED });
		await world.rotate("personNeeded", "start");
		const fresh = fingerprint(world.read("live.token"));
		const evidence = join(world.cwd, "crossfade-evidence");
		const refused = { lastStatus: 401, refused: 3, lastAccepted: 0 };
		const before = sent(fingerprint(world.first), 3);
		// Refusals at another place, of our own probes, or beside what is accepted show nothing.
		for (const traffic of [
			[before, sent(fresh, -1, { ...refused, place: "gw-2" })],
			[before, sent(fresh, -1, { ...refused, host: probeHost(fresh), cli: "crossfade-probe" })],
			[before, sent(fresh, -1, refused), sent(fresh, -1, { host: "mac-2" })],
			[sent(fresh, -1, refused)],
		]) {
			writeEvidence(evidence, { traffic });
			expect(await world.rotate("personNeeded", "resume")).not.toContain("put back");
		}
		writeEvidence(evidence, { traffic: [before, sent(fresh, -1, refused)] });
		expect(await world.rotate("newRejected", "resume")).toContain("had time to go back to the old one");
		expect(await world.stateOf(world.first)).toBe("active");
		expect(world.read("live.token")).toBe(world.first);
	});

	test("is not seen in evidence that cannot be read, and that stops nothing", async () => {
		const world = await managed("tooken", { store: FED });
		await world.rotate("personNeeded", "start");
		world.write("crossfade.yaml", `${world.read("crossfade.yaml")}evidence: crossfade.key\n`);
		await world.rotate("personNeeded", "resume");
	});

	test("is only told where there is no way back", async () => {
		const page = await gateway();
		const world = await managed("tooken", { store: FED, more: page.block, rotation: ["strategy: rotate"] });
		page.fail(true);
		const said = await world.rotate("personNeeded", "start", "--accept-outage");
		expect(said).toContain("there is no way back: the old token ended with the call");
		expect(world.read("live.token")).not.toBe(world.first);
	});

	test("is not seen in a backend that is down, a gateway that cannot be read, or one that never exported", async () => {
		const reasons = 'otelcol_exporter_send_failed_spans{exporter="otlp_http/torii",error_type="Unavailable"} 5\n';
		const down = await gateway(() => reasons);
		down.fail(true);
		const fresh = await standIn();
		fresh.fail(true);
		const gone = { block: ['gateways: [{ name: gw, metrics: "http://127.0.0.1:1/metrics" }]'] };
		const never = { block: [`gateways: [{ name: gw, metrics: "${fresh.url}" }]`] };
		for (const { block } of [down, gone, never]) {
			const world = await rotationWorld("torii", { store: FED, more: block });
			await world.rotate("personNeeded", "start");
			await world.click();
			expect(await world.rotate("personNeeded", "resume", "--token", "file:new.token")).not.toContain("put back");
		}
	});
});

describe("S7: there is no way back", () => {
	const call = (how: "done" | "no" | "unknown"): JournalEntry => ({ is: "ended", step: "call", how });
	const begun = (step: string): JournalEntry => ({ is: "begun", step });
	const fresh: readonly JournalEntry[] = [
		{ is: "sealed", what: "new", sequence: 2, fingerprint: "new", box: "" },
		{ is: "captured", fingerprint: "new", since: 0, deadline: 100 },
	];
	const ENDED = "the old token ended with the call";
	const OVER = "the old token's time is over";
	const MAYBE = "the old token was ended, or may have been";
	const ISSUED = "it is not known whether the provider issued a token";

	test.each([
		["at-once", "before the call", [], 0, undefined],
		["at-once", "after a call that was refused", [begun("call"), call("no")], 0, undefined],
		["at-once", "in the call", [begun("call")], 0, ENDED],
		["at-once", "after a call without an answer", [begun("call"), call("unknown")], 0, ENDED],
		["at-once", "after the call", [begun("call"), call("done"), ...fresh], 0, ENDED],
		["clock", "before the deadline", fresh, 99, undefined],
		["clock", "at the deadline", fresh, 100, OVER],
		["clock", "while the portal was not clicked", [], 1_000, undefined],
		["revoke", "before the old token is ended", fresh, 1_000, undefined],
		["revoke", "in the request that ends it", [...fresh, begun("revoke")], 0, MAYBE],
		["revoke", "after a person said so", [...fresh, { is: "word", about: "ended", subject: "revoke" }], 0, MAYBE],
		["revoke", "in the call", [begun("call")], 0, ISSUED],
		["revoke", "after a call without an answer", [begun("call"), call("unknown")], 0, ISSUED],
		["revoke", "once that token is known", [begun("call"), call("unknown"), ...fresh], 0, undefined],
		["revoke", "after a call that was refused", [begun("call"), call("no")], 0, undefined],
	] as const)("%s, %s", (ends, _, entries, now, why) => {
		const about = { spec: { strategy: { ends } }, now: () => now } as unknown as Engine;
		expect(pastReturn(about, stateAfter([openedWith("a"), ...entries]))).toBe(why);
	});
});
