import { describe, expect, test } from "vitest";
import { issuers } from "../../src/adapters/providers/registry.generated.ts";
import { defaultProvider, providers } from "../../src/adapters/providers/registry.ts";
import { sandboxProviders } from "../../src/adapters/providers/sandbox.generated.ts";
import { type Expected, providerContract, sandboxContract } from "../contracts/provider.ts";

test("the default is first everywhere, and accepts OTLP", () => {
	expect(providers[0]).toBe(defaultProvider);
	expect([issuers[0].id, sandboxProviders[0].id]).toEqual([defaultProvider.id, defaultProvider.id]);
});

describe.each(issuers.map((each) => [each.id, each] as const))("%s", (id, issuer) => {
	providerContract(
		issuer,
		sandboxProviders.find((each) => each.id === id),
	);
});

for (const provider of sandboxProviders) {
	const { expected }: { expected: Expected } = await import(`./providers/${provider.id}.expected.ts`);
	describe(`sandbox provider ${provider.id}`, () => sandboxContract(provider, expected));
}
