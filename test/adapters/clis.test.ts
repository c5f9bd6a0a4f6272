import { describe } from "vitest";
import { forms } from "../../src/adapters/clis/emits.generated.ts";
import { layerings } from "../../src/adapters/clis/layers.generated.ts";
import { clis } from "../../src/adapters/clis/registry.ts";
import { cliContract } from "../contracts/cli.ts";
import { labOf } from "../harness/clis/labs.ts";

for (const [index, cli] of clis.entries()) {
	const [layering, form] = [layerings[index], forms[index]];
	if (!layering || !form) throw new Error(`${cli.id}: its layers or its form are not registered`);
	describe(cli.id, () => cliContract(cli.id, { cli, layering, form, lab: labOf(cli.id) }));
}
