import { expect } from "vitest";
import { credentialOf } from "../../src/adapters/clis/emission.ts";
import { forms } from "../../src/adapters/clis/emits.generated.ts";
import type { LayerPlace } from "../../src/adapters/clis/layering.ts";
import { layerings } from "../../src/adapters/clis/layers.generated.ts";
import { requireVersion } from "../../src/base/versions.ts";
import { type LayerSight, resolve } from "../../src/prove/doctor/resolve.ts";

export type Layers = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** What holds when layers say something: pointer -> value, and what goes where. */
export function outcome(id: string, release: string | undefined, layers: Layers, programToken?: string) {
	const facts = layerings.find((each) => each.id === id);
	if (!facts) throw new Error(`no layers of ${id}`);
	const sights = facts.layers.map((place: LayerPlace): LayerSight => {
		const document = layers[place.id];
		return { place, path: place.paths && `/${place.id}`, state: document ? "read" : "absent", document };
	});
	for (const name of Object.keys(layers)) expect(facts.layers.map((place) => place.id)).toContain(name);
	return resolve(facts, sights, release === undefined ? undefined : requireVersion(release), programToken);
}

/** CLIs whose token stands in the path. */
const inPath: readonly string[] = forms.filter(({ path }) => path === "url").map(({ id }) => id);

/** `signal URL token` of what is sent, or may be. */
export const sent = (...args: Parameters<typeof outcome>) =>
	outcome(...args).emissions.flatMap((emission) => {
		const { sent: isSent, signal, url } = emission;
		return isSent === "no" ? [] : [`${signal} ${url} ${credentialOf(emission, () => inPath.includes(args[0]))?.token}`];
	});
