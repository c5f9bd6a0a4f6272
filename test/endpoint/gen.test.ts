import { writeFileSync } from "node:fs";
import { test } from "vitest";
import { clis } from "../../src/adapters/clis/registry.ts";
import { torii } from "../../src/adapters/providers/torii/index.ts";
import { vehicles } from "../../src/adapters/vehicles/registry.ts";
import { renderEndpoint } from "../../src/render/endpoint.ts";
test("gen", () => {
	for (const vehicle of vehicles) for (const hooks of [true,false]) {
		const a = renderEndpoint({ vehicle, mode: "param", action: "install", os: ["macos", "linux"], clis, provider: { title: torii.title, endpoint: torii.endpoint ?? "", takes: torii.takes }, hooks });
		writeFileSync(`/tmp/ep/${vehicle.id}${hooks ? "-t" : ""}.sh`, a.content);
	}
});
