import {
	array,
	type BaseIssue,
	boolean,
	literal,
	number,
	object,
	optional,
	pipe,
	regex,
	safeParse,
	string,
} from "valibot";
import { CrossfadeError } from "../base/errors.ts";
import { type MdmSpec, parseMdmFlags } from "./mdm.ts";

const Hash = pipe(string(), regex(/^[0-9a-f]{64}$/, "not a SHA-256"));
/** A path below its folder. */
const Path = pipe(string(), regex(/^(?!.*(^|\/)\.\.(\/|$))[\w.-]+(\/[\w.-]+)*$/, "not a path below the folder"));

const Manifest = object({
	schema: literal(1),
	version: pipe(string(), regex(/^\d+\.\d+\.\d+[\w.+-]*$/, "not a version")),
	settings: object({
		vehicle: string(),
		mode: string(),
		os: string(),
		cli: string(),
		provider: string(),
		endpoint: string(),
		scope: string(),
		helper: boolean(),
		hostIdentity: boolean(),
		compact: optional(boolean()),
	}),
	fingerprint: optional(pipe(string(), regex(/^[0-9a-f]{12}$/, "not a fingerprint"))),
	files: array(object({ path: Path, sha256: Hash, trimmedSha256: optional(Hash), bytes: number() })),
	secretFiles: array(object({ path: Path, copyOf: Path })),
});

const REMEDY = "name the folder that crossfade mdm --out created, or generate it again";

/** A validated manifest.json; its settings are read like flags. */
export interface KitManifest {
	readonly version: string;
	readonly spec: MdmSpec;
	readonly fingerprint: string | undefined;
	readonly files: readonly {
		readonly path: string;
		readonly sha256: string;
		readonly trimmedSha256?: string | undefined;
	}[];
}

/** Text -> manifest; throws `CrossfadeError` (refused) on anything else. */
export function parseManifest(text: string, file: string): KitManifest {
	const parsed = safeParse(Manifest, json(text, file));
	if (!parsed.success) throw noManifest(file, parsed.issues);
	const { version, settings, fingerprint, files } = parsed.output;
	return { version, spec: specOf(settings, file), fingerprint, files };
}

/** The settings as flags; their problems are reported for the file. */
function specOf(settings: Parameters<typeof parseMdmFlags>[0], file: string): MdmSpec {
	try {
		return parseMdmFlags(settings);
	} catch (error) {
		if (!(error instanceof CrossfadeError)) throw error;
		const problems = error.problems.map((problem) => ({ ...problem, where: { file }, fix: REMEDY }));
		throw new CrossfadeError("refused", problems, { cause: error });
	}
}

function json(text: string, file: string): unknown {
	try {
		return JSON.parse(text);
	} catch (error) {
		throw noManifest(file, [], error);
	}
}

function noManifest(file: string, issues: readonly BaseIssue<unknown>[], cause?: unknown): CrossfadeError {
	const places = issues
		.map(({ path }) => path?.map(({ key }) => String(key)).join(".") ?? "")
		.filter((at) => at !== "");
	const got = places.length > 0 ? `something else at ${places.slice(0, 3).join(", ")}` : "something else";
	return new CrossfadeError(
		"refused",
		{
			what: "not a kit's manifest",
			expected: "a manifest.json written by crossfade mdm",
			got,
			where: { file },
			fix: REMEDY,
		},
		cause === undefined ? undefined : { cause },
	);
}
