import { FINGERPRINT_PLACEHOLDER } from "../../../adapters/vehicles/vehicle.ts";
import { version } from "../../../base/version.ts";
import type { KitManifest } from "../../../spec/manifest.ts";
import { holdsSecret } from "../../../token/guard.ts";
import { IGNORE_FILE, MANIFEST, type RenderedKit, renderKit, secretName } from "../kit.ts";
import { sha256 } from "../manifest.ts";
import type { FoundFile, KitFinding, Wrong } from "./finding.ts";
import { compareFilled } from "./pattern.ts";
import { payloadProblems } from "./payloads.ts";
import { secretFiles } from "./secret-files.ts";
import { holdsSuspect } from "./suspects.ts";

const SECRET_NAME = /\.secret\.[^/]+$/;

/**
 * Compares a folder with its manifest and with what the manifest's settings make now: every problem at once. `expected` is the
 * fingerprint of the token that was given. A manifest of another release is all there is to compare with, and is a warning.
 */
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
	payloadProblems(manifest.spec, kit, byPath, about);
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
		if (own !== undefined && same(text.replaceAll(own, FINGERPRINT_PLACEHOLDER))) return [];
	} else {
		const filled = compareFilled(text, original);
		if (filled && filled.tokens.length === 0) return filled.fingerprints;
		if (filled) {
			const fix = `take it out; a copy with the token belongs into a file named ${secretName(listed.path)}, mode 0600`;
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

function unique(findings: readonly KitFinding[]): KitFinding[] {
	const seen = new Map(findings.map((finding) => [`${finding.file} ${finding.rule} ${finding.what}`, finding]));
	return [...seen.values()].sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0));
}
