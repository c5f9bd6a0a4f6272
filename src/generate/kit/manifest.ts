import { createHash } from "node:crypto";
import type { KitScript, Limit } from "../../adapters/vehicles/kit.ts";
import { version } from "../../base/version.ts";
import { type MdmSpec, mdmFlags } from "../../spec/mdm.ts";

/** One file of a kit. */
export interface ManifestFile {
	readonly path: string;
	/** Of its bytes with placeholders: the same for all users with the same settings. */
	readonly sha256: string;
	/** Of the text trimmed at both ends, if the vendor's server trims it. */
	readonly trimmedSha256?: string;
	readonly bytes: number;
	/** The vendor's size limits. */
	readonly limits?: readonly Limit[];
}

/** manifest.json: a kit's settings and the hashes of its files. Never a token. */
export interface Manifest {
	readonly schema: 1;
	readonly version: string;
	readonly settings: ReturnType<typeof mdmFlags>;
	/** Of the token the kit was made with. */
	readonly fingerprint?: string;
	readonly files: readonly ManifestFile[];
	/** Files that contain the token, and which file each copies. */
	readonly secretFiles: readonly { readonly path: string; readonly copyOf: string }[];
}

export function manifestOf(
	spec: MdmSpec,
	kit: {
		readonly files: Readonly<Record<string, string>>;
		readonly secretFiles: Manifest["secretFiles"];
		readonly fingerprint: string | undefined;
	},
): Manifest {
	const scripts = new Map(spec.vehicle.kit.scripts.map((script) => [script.path, script]));
	return {
		schema: 1,
		version,
		settings: mdmFlags(spec),
		...(kit.fingerprint !== undefined && { fingerprint: kit.fingerprint }),
		files: Object.entries(kit.files).map(([path, content]) => fileOf(path, content, scripts.get(path))),
		secretFiles: kit.secretFiles,
	};
}

function fileOf(path: string, content: string, script: KitScript | undefined): ManifestFile {
	return {
		path,
		sha256: sha256(content),
		...(script?.trimmed && { trimmedSha256: sha256(content.trim()) }),
		bytes: Buffer.byteLength(content),
		...(script && { limits: script.limits }),
	};
}

export function sha256(text: string | Uint8Array): string {
	return createHash("sha256").update(text).digest("hex");
}
