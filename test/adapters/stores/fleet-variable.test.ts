import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { store } from "../../../src/adapters/stores/fleet-variable/index.ts";
import { Secret } from "../../../src/token/secret.ts";
import { canary } from "../../harness/canary.ts";
import { answer, reachWith } from "../../harness/store.ts";
import { fakeFleet } from "./fleet-variable.expected.ts";

const credential = canary();
const settings = { url: "https://fleet.example.com/", name: "FLEET_SECRET_CROSSFADE_TOKEN", token: "file:/t" };
const open = (parts: Parameters<typeof reachWith>[0]) =>
	store.open(settings, reachWith(parts, { "file:/t": credential.token }));
const write = (token: string) => ({ operation: randomUUID(), expected: "nothing", value: { token: Secret.of(token) } });

test("a variable that is not there is created by its first write, and each write is told by its time", async () => {
	const fleet = fakeFleet(credential.token);
	const variable = open(fleet);
	expect(await variable.read()).toEqual({ is: "empty" });
	const seen = [];
	for (const { token } of [canary(), canary()]) {
		expect(await variable.promote(write(token))).toEqual({ did: "written" });
		expect(fleet.variables.get("CROSSFADE_TOKEN")?.value).toBe(token);
		seen.push(await variable.read());
	}
	expect(seen).toMatchObject([{ is: "hidden" }, { is: "hidden" }]);
	expect(seen[0]).not.toEqual(seen[1]);
});

test("a server that stores dry runs is found out on a variable that no script has, not on the token", async () => {
	const fleet = fakeFleet(credential.token, false);
	const { token } = canary();
	fleet.put("CROSSFADE_TOKEN", token);
	expect(await open(fleet).check()).toMatchObject({
		can: "no",
		nextStep: expect.stringContaining("FLEET_SECRET_CROSSFADE_CHECK"),
	});
	expect(fleet.variables.get("CROSSFADE_TOKEN")?.value).toBe(token);
});

test("a server without a private key says so", async () => {
	const reason = "Couldn't save secret variables. Missing required private key.";
	const variable = open({
		request: async () => answer(422, { message: "Validation Failed", errors: [{ name: "base", reason }] }),
	});
	expect(await variable.check()).toMatchObject({
		can: "no",
		how: expect.stringContaining("Missing required private key"),
	});
	expect(await variable.promote(write(canary().token))).toMatchObject({
		did: "refused",
		why: expect.stringContaining("422"),
	});
});

test("names that Fleet would not take", () => {
	expect(store.conflict?.({ ...settings, name: "TOKEN" })).toMatch(/FLEET_SECRET_/);
	expect(store.conflict?.(settings)).toBeUndefined();
});
