import { sandboxProviders } from "../../adapters/providers/sandbox.generated.ts";
import type { Effects } from "../../effects/effects.ts";
import { advance } from "../../rotate/advance.ts";
import type { Engine } from "../../rotate/engine.ts";
import { beginOperation, journalOf, newOperation, openEngine, type RotationPlace } from "../../rotate/open.ts";
import { capture } from "../../rotate/provider-steps.ts";
import { newAgeKey } from "../../rotate/sealing.ts";
import { stepLine } from "../../rotate/words.ts";
import { emptyFleet } from "../../spec/fleet.ts";
import { FLEET_FILE } from "../../spec/fleet-text.ts";
import { toRotations } from "../../spec/rotation.ts";
import type { Secret } from "../../token/secret.ts";

/** The rotation of the demo as `crossfade rotate` does it: its engine, its journal, and a person's steps in it. */
export interface DemoRotation {
	/** `rotate start`: until a person has to click in the portal. Returns what was done, one line a step, as all of these do. */
	start(): Promise<readonly string[]>;
	/** `rotate resume --token`: the new token is proven, and written to the stores. */
	paste(token: Secret): Promise<readonly string[]>;
	/** `rotate resume --confirmed`: the owner's word on every store. */
	confirm(because: string): Promise<readonly string[]>;
	/** `rotate resume`: goes on as far as it can now. */
	resume(): Promise<readonly string[]>;
}

export interface DemoRotationOptions {
	/** A private folder. */
	readonly folder: string;
	readonly url: string;
	/** The token in use. */
	readonly old: Secret;
	/** Files that get the new token, by the name of their store; each holds the old one. */
	readonly files: Readonly<Record<string, string>>;
}

export async function demoRotation(real: Effects, options: DemoRotationOptions): Promise<DemoRotation> {
	const place = await placeOf(real, options);
	/** Opens the operation as each run of the command does, and goes on with it. */
	const run = async (word: (engine: Engine) => Promise<void>): Promise<readonly string[]> => {
		const journal = await journalOf(place);
		if (!journal) throw new Error("the demo's rotation has no journal");
		const engine = await openEngine(place, journal);
		const lines: string[] = [];
		try {
			await word(engine);
			const { problems } = await advance(engine, {
				readCurrent: async () => Buffer.from(options.old.reveal()),
				acceptUnproven: false,
				acceptOutage: false,
				tell: (step, store, outcome) => {
					if (outcome) lines.push(stepLine(step, store, outcome));
				},
			});
			return [...lines, ...problems.map(({ what, got }) => `error: ${what}${got === undefined ? "" : `: ${got}`}`)];
		} finally {
			await engine.close();
		}
	};
	return {
		async start() {
			const { spec } = place;
			await beginOperation(place, {
				is: "opened",
				format: 1,
				operation: newOperation(place.fx),
				rotation: spec.name,
				provider: spec.issuer.id,
				strategy: spec.strategy.id,
				fleet: place.file,
				isLeaked: false,
				isAdopted: false,
				stores: spec.stores.map(({ name }) => name),
			});
			return run(async () => {});
		},
		paste: (token) =>
			run((engine) => capture(engine, token, { since: engine.now(), until: undefined, publicId: undefined })),
		confirm: (because) =>
			run(async ({ journal, spec }) => {
				for (const { name } of spec.stores)
					await journal.append({ is: "word", about: "confirmed", subject: name, because });
			}),
		resume: () => run(async () => {}),
	};
}

/** A fleet file's blocks, with a key of the demo's own. */
async function placeOf(real: Effects, { folder, url, files }: DemoRotationOptions): Promise<RotationPlace> {
	const key = await newAgeKey();
	const keyFile = `${folder}/crossfade.key`;
	await real.files.createSecret(keyFile, { reveal: () => key.identity });
	const stores = Object.entries(files).map(([name, path]) => [
		name,
		{ kind: "token-file", path, confirm: "person", within: "1h" } as const,
	]);
	const rotation = {
		provider: sandboxProviders[0].id,
		current: `file:${Object.values(files)[0]}`,
		stores: Object.keys(files),
		endpoint: url,
		key: `file:${keyFile}`,
	};
	const blocks = { stores: Object.fromEntries(stores), rotations: { demo: rotation } };
	const [spec] = toRotations(blocks, folder, FLEET_FILE).rotations;
	if (!spec) throw new Error("the demo's blocks have no rotation");
	const fx: Effects = { ...real, request: async (request) => withoutDate(await real.request(request)) };
	return {
		fx,
		// Its own test records are kept apart from what the demo watches, whose clock is another than theirs.
		fleet: { ...emptyFleet(folder), evidence: `${folder}/rotation-evidence` },
		file: `${folder}/crossfade.yaml`,
		spec,
		folder: await real.files.openJournal(`${folder}/journal`),
		stamp: () => ({ at: fx.clock.now(), by: "the demo", host: "this machine" }),
		clock: { offsetMs: 0 },
	};
}

/** An answer without the time of the real clock: in the demo it is another one. */
function withoutDate(outcome: Awaited<ReturnType<Effects["request"]>>): typeof outcome {
	if (outcome.kind !== "answer") return outcome;
	const { date: _real, ...headers } = outcome.headers;
	return { ...outcome, headers };
}
