import { clis } from "../../../src/adapters/clis/registry.ts";
import { cliPackage, nodeOf, type Part } from "../parts.ts";
import type { LabCli } from "./lab-cli.ts";

/** Every CLI of ours by its id. */
const labs: ReadonlyMap<string, LabCli> = new Map(
	await Promise.all(
		clis.map(async ({ id }) => {
			const { lab }: { lab: LabCli } = await import(`../../adapters/clis/${id}.lab.ts`);
			return [id, lab] as const;
		}),
	),
);

export const labOf = (id: string): LabCli => {
	const lab = labs.get(id);
	if (!lab) throw new Error(`no CLI ${id}`);
	return lab;
};

/** Every release of every CLI that the tests run. */
export const installed: readonly { readonly id: string; readonly version: string }[] = [...labs].flatMap(
	([id, { releases }]) => Object.values(releases).map((version) => ({ id, version })),
);

/** The package of a CLI, or the reason why it is not here; the newest if no release is given. */
export const cliPart = (id: string, version = labOf(id).releases.newest): Part =>
	cliPackage(`${labOf(id).part}-${version}`);

/** The packages of every CLI in its releases, and the Nodes that they want. */
export const cliParts: readonly Part[] = installed.flatMap(({ id, version }) => {
	const { node } = labOf(id);
	return [cliPart(id, version), ...(node === undefined ? [] : [nodeOf(node)])];
});
