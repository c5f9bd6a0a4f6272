import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { kitOf } from "../../src/generate/kit/kit.ts";
import { mdms, modesOf, parseMdmFlags } from "../../src/spec/mdm.ts";
import { vehicleContract } from "../contracts/vehicle.ts";

const kits = mdms.flatMap((vehicle) =>
	modesOf(vehicle).map((mode, index) => ({ vehicle, mode, isFirst: index === 0 })),
);

for (const { vehicle, mode } of kits) describe(`${vehicle.id}, ${mode}`, () => vehicleContract(vehicle, mode));

describe("mdm/, ready to upload (npm run render updates it)", () => {
	const root = new URL("../../mdm", import.meta.url).pathname;
	const folders = kits.map(({ vehicle, mode, isFirst }) => ({
		name: isFirst ? vehicle.id : `${vehicle.id}-${mode}`,
		spec: parseMdmFlags({ vehicle: vehicle.id, mode }),
	}));

	test.each(folders.map(({ name, spec }) => [name, spec] as const))(
		"%s holds exactly what the command writes",
		(name, spec) => {
			const { artefacts } = kitOf(spec);
			for (const { path, content } of artefacts) {
				expect(readFileSync(join(root, name, path), "utf8") === content, `${name}/${path} is fresh`).toBe(true);
			}
			const found = readdirSync(join(root, name), { recursive: true, withFileTypes: true }).filter((entry) =>
				entry.isFile(),
			);
			expect(
				found.map((entry) => join(entry.parentPath, entry.name).slice(root.length + name.length + 2)).sort(),
			).toEqual(artefacts.map(({ path }) => path).sort());
		},
	);

	test("there is no other folder, and the index lists all", () => {
		expect(readdirSync(root).sort()).toEqual(["README.md", ...folders.map(({ name }) => name)].sort());
		const index = readFileSync(join(root, "README.md"), "utf8");
		for (const { name } of folders) expect(index).toContain(`(${name}/STEPS.md)`);
	});
});
