import type { Os } from "../adapters/clis/cli.ts";
import type { Mode } from "../adapters/vehicles/mode.ts";
import type { Artefact } from "../generate/render/artefact.ts";
import { parseMdmFlags } from "../spec/mdm.ts";
import type { Secret } from "../token/secret.ts";
import { flagsOf } from "./options.ts";

/** What a kit is made for; the same as the flags of `crossfade mdm`. */
export interface KitOptions {
	/** The MDM: an id that `crossfade mdm --list` prints. */
	readonly vehicle: string;
	/** How the token gets to machines; the best the vehicle has if not given. */
	readonly mode?: Mode | undefined;
	/** All that the vehicle manages if not given. */
	readonly os?: readonly Os[] | undefined;
	/** Ids of CLIs; all that the provider can take if not given. */
	readonly cli?: readonly string[] | undefined;
	/** The same as on the command line if not given; `custom` needs `endpoint`. */
	readonly provider?: string | undefined;
	readonly endpoint?: string | undefined;
	readonly scope?: "system" | "user" | undefined;
	readonly helper?: boolean | undefined;
	readonly hostIdentity?: boolean | undefined;
}

/** Files for an admin; write those with a secret to nowhere but a folder that is yours alone (0600). */
export interface GeneratedKit {
	/** Scripts, payloads, STEPS.md and manifest.json; the token is in none of them. */
	readonly files: readonly Artefact[];
	/** Copies with the token in them, where the mode is `embedded` and a token was given; else empty. */
	readonly secretFiles: readonly { readonly path: string; readonly content: string }[];
	/** Packages of the vendor's form, made of the scripts with the token, where the vendor has one; just as secret. */
	readonly packages: readonly { readonly path: string; readonly content: Uint8Array }[];
}

/**
 * Everything an admin uploads to an MDM so that its machines send with a token. With a token, its fingerprint stands in the files. Throws
 * `CrossfadeError` (usage) with every problem at once, or (refused) for a token that the vehicle cannot carry.
 *
 * @example
 * import { renderKit, Secret } from "otel-crossfade";
 *
 * const token = Secret.of("an-ingest-token-of-yours");
 * const { files, secretFiles } = await renderKit({ vehicle: "fleet" }, token);
 * console.log(files.map(({ path }) => path).includes("STEPS.md")); // true
 * console.log(files.some(({ content }) => content.includes(token.reveal()))); // false
 * console.log(secretFiles.length); // 0
 */
export async function renderKit(options: KitOptions, token?: Secret): Promise<GeneratedKit> {
	const spec = parseMdmFlags(flagsOf(options));
	const { kitOf } = await import("../generate/kit/kit.ts");
	const { refuseUnfit } = await import("../generate/kit/token-fit.ts");
	if (token) refuseUnfit(token, spec);
	const withToken = token !== undefined && spec.mode === "embedded";
	const kit = kitOf(spec, { ...(token && { fingerprint: token.fingerprint }), withToken });
	return {
		files: kit.artefacts,
		secretFiles: withToken ? kit.filled.map(({ path, fill }) => ({ path, content: fill(token.reveal()) })) : [],
		packages: withToken ? kit.packed.map(({ path, pack }) => ({ path, content: pack(token.reveal()) })) : [],
	};
}
