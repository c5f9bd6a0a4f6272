import { expect, test } from "vitest";
import { vehicle } from "../../../src/adapters/vehicles/installer/index.ts";
import { canary } from "../../harness/canary.ts";
import { machine } from "../../harness/endpoint.ts";

test("it configures the account it runs as, says what it does, and needs no admin", async () => {
	expect(vehicle).toMatchObject({ users: "self", scope: "user", says: true });
	const token = canary();
	const m = machine({ vehicle: "installer" });
	const { code, stdout, stderr } = await m.run("", { token: token.token, canaries: [token] });
	expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
	for (const file of Object.values(m.files)) expect(stdout).toContain(file);
	expect(stdout).toContain(`fp=${token.fingerprint}`);
});

test("there is nothing to upload, so it has no kit", async () => {
	const { mdms } = await import("../../../src/spec/mdm.ts");
	expect(mdms.map(({ id }) => id)).not.toContain("installer");
});
