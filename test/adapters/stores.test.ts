import { describe, expect, test } from "vitest";
import { storeKinds } from "../../src/adapters/stores/registry.generated.ts";
import { type StoreExpected, storeContract } from "../contracts/store.ts";

describe.each(storeKinds.map((kind) => [kind.id, kind] as const))("%s", (_, kind) => {
	test("its settings have names of their own, and a description that ends", () => {
		const names = kind.settings.map(({ name }) => name);
		expect(new Set(names).size).toBe(names.length);
		for (const { name, description, choices, standard } of kind.settings) {
			expect(name).toMatch(/^[a-z][a-z0-9-]*$/);
			expect(description, name).toMatch(/^[A-Z].*\.$/s);
			if (choices && standard !== undefined) expect(choices).toContain(standard);
		}
	});

	test("its sources are addresses", () => {
		for (const source of kind.sources) expect(URL.canParse(source), source).toBe(true);
		expect(kind.sources.length).toBeGreaterThan(0);
	});
});

for (const kind of storeKinds) {
	const { expected }: { expected: StoreExpected } = await import(`./stores/${kind.id}.expected.ts`);
	const worlds = { real: "the real thing", fake: "a strict fake of it", machine: "files and programs" } as const;
	describe(`${kind.id}, against ${worlds[expected.world]}`, () => storeContract(kind, expected));
}
