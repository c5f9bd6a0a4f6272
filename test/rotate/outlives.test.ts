import { expect, test } from "vitest";
import { lostJournalProblem } from "../../src/rotate/outlives.ts";
import { parseFleet } from "../../src/spec/fleet.ts";
import { quietEffects } from "../harness/effects.ts";

const POD = { KUBERNETES_SERVICE_HOST: "10.0.0.1" };
const RUNNER = { RUNNER_ENVIRONMENT: "github-hosted" };

function lost(
	id: "tooken" | "torii",
	environment: Readonly<Record<string, string>>,
	where: "root" | "volume" | "store",
) {
	const issuer = id === "tooken" ? "admin: file:admin.key, token-id: x, " : "";
	const [spec] = parseFleet(
		[
			"version: 1",
			"stores: { a: { kind: token-file, path: a, confirm: person } }",
			`rotations: { it: { provider: ${id}, ${issuer}current: store:a, stores: [a], key: file:k } }`,
			"",
		].join("\n"),
		"crossfade.yaml",
		"/srv",
	).rotations;
	if (!spec) throw new Error("one rotation");
	const real = quietEffects();
	const fx = { environment, files: { ...real.files, isWithRoot: () => where === "root" } };
	return lostJournalProblem(fx, spec, { path: "/state", isShared: where === "store" });
}

test("S1: the journal of a call that issues a token is not kept where it ends with the machine", () => {
	for (const where of ["root", "volume"] as const) expect(lost("tooken", RUNNER, where)).toBeDefined();
	expect(lost("tooken", POD, "root")).toMatchObject({
		where: { file: "/state" },
		fix: expect.stringContaining("store:"),
	});
});

test("S1: it may be kept on a volume, in a store, on a machine that stays, and where a person can get the token again", () => {
	expect(lost("tooken", POD, "volume")).toBeUndefined();
	for (const environment of [RUNNER, POD]) expect(lost("tooken", environment, "store")).toBeUndefined();
	expect(lost("tooken", {}, "root")).toBeUndefined();
	for (const environment of [RUNNER, POD]) expect(lost("torii", environment, "root")).toBeUndefined();
});
