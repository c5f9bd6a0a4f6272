import type { Payload } from "../../adapters/vehicles/kit.ts";
import type { Entry } from "../../effects/effects.ts";
import { fingerprint } from "../../fingerprint.ts";
import { holdsSecret } from "../../guard.ts";
import { type FilledFile, IGNORE_FILE, MANIFEST, type RenderedKit, renderKit } from "../../render/mdm/kit.ts";
import { sha256 } from "../../render/mdm/manifest.ts";
import type { KitManifest } from "../../spec/manifest.ts";
import { isSafeAlphabet, tokenProblems } from "../../token-shape.ts";
import { version } from "../../version.ts";
import { compareFilled } from "./pattern.ts";
import { embeddedProblems, parseProblem } from "./payloads.ts";
import { holdsSuspect } from "./suspects.ts";

/** What kit rules there are, and why. */
export const kitRules = {
	manifest: "the manifest describes what this release makes of its settings",
	missing: "every file of the manifest is there",
	changed: "no file differs from what was made, but for filled placeholders",
	foreign: "nothing else is in the folder",
	limit: "every script fits into what the vendor takes",
	token: "no file but those named *.secret.* holds a token",
	placeholder: "a file named *.secret.* has its token",
	mode: "a file with a token can be read by its owner only",
	gitignore: "Git leaves files with a token alone",
	payload: "every payload can be parsed and holds the script beside it",
	syntax: "every shell here can read the scripts",
} as const;

export interface KitFinding {
	readonly rule: keyof typeof kitRules;
	readonly severity: "error" | "warning";
	readonly file: string;
	readonly what: string;
	readonly fix: string;
}

export interface FoundFile extends Entry {
	/** Undefined for what is no regular file, or far too large. */
	readonly text: string | undefined;
}

const SECRET_NAME = /\.secret\.[^/]+$/;

/** A finding without its file. */
type Wrong = (rule: KitFinding["rule"], what: string, fix: string, severity?: KitFinding["severity"]) => void;

/** Compares a folder with its manifest and with what the manifest's settings make now: every problem at once. `expected` is the fingerprint of the token that was given. */
export function verifyKit(manifest: KitManifest, found: readonly FoundFile[], expected?: string): KitFinding[] {
	const findings: KitFinding[] = [];
	const about =
		(file: string): Wrong =>
		(rule, what, fix, severity = "error") => {
			findings.push({ rule, severity, file, what, fix });
		};
	const kit = renderKit(manifest.spec);
	const isOurs = manifest.version === version;
	const byPath = new Map(found.map((file) => [file.path, file]));
	manifestProblems(manifest, kit, isOurs, about(MANIFEST));

	const fingerprints = new Set<string>(manifest.fingerprint === undefined ? [] : [manifest.fingerprint]);
	for (const listed of manifest.files) {
		const wrong = about(listed.path);
		const file = byPath.get(listed.path);
		if (!file) wrong("missing", "this file is gone", "make the folder again with crossfade mdm");
		else if (file.text === undefined) wrong("changed", `this is ${kinds[file.kind]}`, "put the file itself there");
		else {
			for (const each of plainFile(listed, file.text, isOurs ? kit.plain[listed.path] : undefined, manifest, wrong)) {
				fingerprints.add(each);
			}
			limitProblems(manifest, listed.path, file.text, wrong);
		}
	}
	if (fingerprints.size > 1) {
		const fix = "put the same fingerprint everywhere: that of the token that machines should have";
		about(MANIFEST)("changed", `files hold ${fingerprints.size} different fingerprints`, fix);
	}

	const known = new Set([MANIFEST, ...manifest.files.map(({ path }) => path)]);
	for (const file of found) {
		if (SECRET_NAME.test(file.path)) continue;
		if (!known.has(file.path)) foreign(file, about(file.path));
		if (file.text !== undefined && holdsSecret(file.text)) {
			const fix = "take the token out, and replace it at the provider if the file went anywhere";
			about(file.path)("token", "it holds the token that was given", fix);
		}
	}
	const secrets = found.filter(({ path }) => SECRET_NAME.test(path));
	secretFiles(secrets, kit, { ...manifest, isOurs, expected }, about);
	if (secrets.length > 0 && !byPath.get(IGNORE_FILE)?.text?.split("\n").includes("*.secret.*")) {
		about(IGNORE_FILE)("gitignore", "Git does not leave files with a token alone", "put the line *.secret.* into it");
	}
	payloadProblems(manifest, byPath, about);
	return unique(findings);
}

const kinds = { file: "far too large", link: "a symbolic link", other: "no file" } as const;

function manifestProblems(manifest: KitManifest, kit: RenderedKit, isOurs: boolean, wrong: Wrong): void {
	if (!isOurs) {
		const fix = "make the folder again, or run that release; until then the manifest is all there is to compare with";
		wrong("manifest", `made by otel-crossfade ${manifest.version}, and this is ${version}`, fix, "warning");
		return;
	}
	const listed = new Map(manifest.files.map((file) => [file.path, file.sha256]));
	const odd = Object.entries(kit.plain).filter(([path, text]) => listed.get(path) !== sha256(text));
	const extra = [...listed.keys()].filter((path) => kit.plain[path] === undefined);
	for (const path of [...odd.map(([name]) => name), ...extra]) {
		const fix = "make the folder again: somebody changed the manifest";
		wrong("manifest", `what it says of ${path} is not what this release makes of its settings`, fix);
	}
}

/** Compares one file with its hash, its placeholders put back; returns the fingerprints that were put into it. */
function plainFile(
	listed: KitManifest["files"][number],
	text: string,
	original: string | undefined,
	{ fingerprint: own }: KitManifest,
	wrong: Wrong,
): readonly string[] {
	const same = (candidate: string) => sha256(candidate) === listed.sha256;
	if (same(text)) return [];
	if (original === undefined) {
		if (own !== undefined && same(text.replaceAll(own, "@FINGERPRINT@"))) return [];
	} else {
		const filled = compareFilled(text, original);
		if (filled && filled.tokens.length === 0) return filled.fingerprints;
		if (filled) {
			const name = listed.path.replace(/\.(\w+)$/, ".secret.$1");
			const fix = `take it out; a copy with the token belongs into a file named ${name}, mode 0600`;
			wrong("token", "a token was put in the place of its placeholder", fix);
			return filled.fingerprints;
		}
	}
	if (listed.trimmedSha256 !== undefined && sha256(text.trim()) === listed.trimmedSha256) {
		const what = "white space at its ends differs, which the vendor's server takes off anyway";
		wrong("changed", what, "nothing to do", "warning");
		return [];
	}
	const cause = same(text.replaceAll("\r\n", "\n"))
		? "its line endings were changed to CRLF, and no shell will run it"
		: same(text.replace(/^\ufeff/, ""))
			? "a byte order mark was put in front, and no shell will find its first line"
			: "it is not what was made";
	wrong("changed", cause, "make the folder again with crossfade mdm; options are flags of that, not edits");
	if (holdsSuspect(text, original)) {
		wrong("token", "it has a word that could be a token", "look at what was changed, and take it out");
	}
	return [];
}

function limitProblems({ spec }: KitManifest, path: string, text: string, wrong: Wrong): void {
	const script = spec.vehicle.kit.scripts.find((each) => each.path === path);
	for (const { max, unit, source } of script?.limits ?? []) {
		const size = unit === "bytes" ? Buffer.byteLength(text) : text.length;
		if (size <= max) continue;
		const what = `it has ${size} ${unit}, and ${spec.vehicle.title} takes ${max} (${source})`;
		wrong("limit", what, "ask for fewer CLIs with --cli");
	}
}

function foreign(file: FoundFile, wrong: Wrong): void {
	const word = file.text?.trim() ?? "";
	if (/^\S+$/.test(word) && holdsSuspect(word)) {
		wrong("token", "it could be a token, and is not named *.secret.*", "move it out of this folder");
		return;
	}
	const also = file.text !== undefined && holdsSuspect(file.text) ? ", and has a word that could be a token" : "";
	wrong("foreign", `it is not of this kit${also}`, "move it elsewhere, so that it is not uploaded", "warning");
}

interface SecretContext extends KitManifest {
	readonly isOurs: boolean;
	readonly expected: string | undefined;
}

/** Every file that should have a token: whether it has one, the same as the others, and nothing else changed. */
function secretFiles(
	files: readonly FoundFile[],
	kit: RenderedKit,
	{ isOurs, expected, fingerprint: own }: SecretContext,
	about: (file: string) => Wrong,
): void {
	const tokens = new Set<string>();
	for (const file of files) {
		const wrong = about(file.path);
		if (file.kind !== "file" || (file.mode & 0o077) !== 0) {
			wrong("mode", "others than its owner can get at it", `chmod 0600 ${file.path}`);
		}
		const original = kit.filled.find(({ path }) => path === file.path);
		if (!original) {
			wrong("foreign", "it is not of this kit", "move it elsewhere", "warning");
			continue;
		}
		if (!isOurs || file.text === undefined) continue;
		const token = tokenIn(file.text, original, kit);
		if (token === undefined) {
			const what = `it is not ${original.copyOf} with a token in it`;
			wrong("changed", what, "make the folder again with crossfade mdm --token");
		} else if (token === "") {
			wrong("placeholder", "its placeholder is still there: the script would refuse to run", "put the token there");
		} else {
			const [problem] = tokenProblems(token, "the token");
			if (problem) wrong("placeholder", problem.what, problem.fix);
			else if (!isSafeAlphabet(token)) {
				const what = "the token has a character that one of the CLIs would change, and the script refuses it";
				wrong("placeholder", what, "ask for one of letters, digits, . _ ~ and -");
			}
			tokens.add(token);
			const print = fingerprint(token);
			if (expected !== undefined && print !== expected) {
				wrong("token", `it holds another token (fp=${print}) than the one given (fp=${expected})`, "make it again");
			} else if (own !== undefined && print !== own) {
				const what = `it holds a token (fp=${print}) that the other files do not expect (fp=${own})`;
				wrong("token", what, "make the folder again with crossfade mdm --token");
			}
		}
	}
	if (tokens.size > 1) {
		const fix = "make the folder again with crossfade mdm --token";
		about(files[0]?.path ?? "")("token", `files named *.secret.* hold ${tokens.size} different tokens`, fix);
	}
}

/** The token in a filled file, `""` where the placeholder still stands, undefined where anything else differs. */
function tokenIn(text: string, original: FilledFile, kit: RenderedKit): string | undefined {
	const plain = kit.plain[original.copyOf] ?? "";
	const direct = compareFilled(text, plain);
	if (direct?.isUnfilled || text === plain) return "";
	const [first] = direct?.tokens ?? [];
	if (first !== undefined) return first;
	// In base64 every byte after the token stands elsewhere: what the candidate makes must be the file.
	for (const [, blob = ""] of text.matchAll(/"([A-Za-z0-9+/]{400,}={0,2})"/g)) {
		const script = Buffer.from(blob, "base64").toString("utf8");
		const token = Object.values(kit.plain).flatMap((each) => compareFilled(script, each)?.tokens ?? [])[0];
		if (token !== undefined && original.fill(token) === text) return token;
	}
	return undefined;
}

function payloadProblems(
	{ spec }: KitManifest,
	files: ReadonlyMap<string, FoundFile>,
	about: (file: string) => Wrong,
): void {
	const facts = { ...spec, provider: spec.provider.title, clis: spec.clis.map(({ id }) => id) };
	const check = (payload: Payload, path: string, scripts: (embed: string) => string | undefined) => {
		const text = files.get(path)?.text;
		if (text === undefined) return;
		const problem = parseProblem(payload.format, text);
		if (problem) about(path)("payload", `it is no ${payload.format}: ${problem}`, "make the folder again");
		for (const what of problem ? [] : embeddedProblems(payload, text, scripts)) {
			about(path)("payload", what, "make the folder again: both must come from one run");
		}
	};
	for (const payload of spec.vehicle.kit.payloads(facts)) {
		check(payload, payload.path, (embed) => files.get(embed)?.text);
		const secret = (path: string) => path.replace(/\.(\w+)$/, ".secret.$1");
		check(payload, secret(payload.path), (embed) => (files.get(secret(embed)) ?? files.get(embed))?.text);
	}
}

function unique(findings: readonly KitFinding[]): KitFinding[] {
	const seen = new Map(findings.map((finding) => [`${finding.file} ${finding.rule} ${finding.what}`, finding]));
	return [...seen.values()].sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0));
}
