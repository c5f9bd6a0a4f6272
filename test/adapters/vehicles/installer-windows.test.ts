import { expect, test } from "vitest";
import { vehicle } from "../../../src/adapters/vehicles/installer-windows/index.ts";
import { canary } from "../../harness/canary.ts";
import { needs, pwsh } from "../../harness/parts.ts";
import { powerShellScript, windowsMachine } from "../../harness/powershell.ts";

test("it configures the account it runs as, says what it does, and needs no admin", needs(pwsh), async () => {
	expect(vehicle).toMatchObject({ users: "self", scope: "user", says: true, language: "ps1", os: ["windows"] });
	const token = canary();
	const m = windowsMachine({ content: powerShellScript({ vehicle, scope: "user" }) });
	const env = { CROSSFADE_TEST_ADMIN: "no", CROSSFADE_OPTIONS: "no-host", CROSSFADE_ENDPOINT: "https://o.example" };
	const { code, stdout, stderr } = await m.run("", { token: token.token, canaries: [token], env });
	expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
	for (const id of ["claude-code", "codex", "gemini"] as const)
		expect(stdout).toContain(`changed       ${m.files[id]}`);
	expect(stdout).toContain("Telemetry to https://o.example will be set for:");
	expect(stdout).not.toContain("name and id of this machine");
	expect(stdout).toContain(`fp=${token.fingerprint}`);
});

test("there is nothing to upload, so it has no kit", async () => {
	const { mdms } = await import("../../../src/spec/mdm.ts");
	expect(mdms.map(({ id }) => id)).not.toContain(vehicle.id);
});
