import { ownEntry } from "../../../base/lookup.ts";
import type { KitManifest } from "../../../spec/manifest.ts";
import { fingerprint } from "../../../token/fingerprint.ts";
import { isSafeAlphabet, tokenProblems } from "../../../token/shape.ts";
import type { FilledFile, RenderedKit } from "../kit.ts";
import type { FoundFile, Wrong } from "./finding.ts";
import { limitProblems } from "./limits.ts";
import { compareFilled } from "./pattern.ts";

interface SecretContext extends KitManifest {
	readonly isOurs: boolean;
	readonly expected: string | undefined;
}

/** Checks every file that should contain a token: that it has one, the same as the others, and is otherwise unchanged. */
export function secretFiles(
	files: readonly FoundFile[],
	kit: RenderedKit,
	{ isOurs, expected, spec, fingerprint: own }: SecretContext,
	about: (file: string) => Wrong,
): void {
	const tokens = new Set<string>();
	for (const file of files) {
		const wrong = about(file.path);
		if (file.mode === undefined) {
			wrong("mode", "who can access it could not be checked", "look at it with icacls", "warning");
		} else if (file.kind !== "file" || (file.mode & 0o077) !== 0) {
			wrong("mode", "other users can access it", `chmod 0600 ${file.path} (on Windows: icacls)`);
		}
		const original = kit.filled.find(({ path }) => path === file.path);
		if (kit.packed.some(({ path }) => path === file.path)) continue;
		if (!original) {
			wrong("foreign", "it does not belong to this kit", "move it elsewhere", "warning");
			continue;
		}
		if (file.text !== undefined) limitProblems(spec, original.copyOf, file.text, wrong);
		if (!isOurs || file.text === undefined) continue;
		const token = tokenIn(file.text, original, kit);
		if (token === undefined) {
			const what = `it is not ${original.copyOf} with a token`;
			wrong("changed", what, "generate the folder again with crossfade mdm --token");
		} else if (token === "") {
			wrong(
				"placeholder",
				"it still contains the placeholder; the script would refuse to run",
				"replace the placeholder with the token",
			);
		} else {
			const [problem] = tokenProblems(token, "the token");
			if (problem) wrong("placeholder", problem.what, problem.fix);
			else if (!isSafeAlphabet(token)) {
				const what = "the token has a character that one of the CLIs changes, so the script refuses it";
				wrong("placeholder", what, "get a token of letters, digits, . _ ~ and - only");
			}
			tokens.add(token);
			const print = fingerprint(token);
			if (expected !== undefined && print !== expected) {
				wrong("token", `its token (fp=${print}) is not the given one (fp=${expected})`, "generate it again");
			} else if (own !== undefined && print !== own) {
				const what = `its token (fp=${print}) is not the one the other files expect (fp=${own})`;
				wrong("token", what, "generate the folder again with crossfade mdm --token");
			}
		}
	}
	if (isOurs) packages(files, kit, tokens, about);
	if (tokens.size > 1) {
		const fix = "generate the folder again with crossfade mdm --token";
		about(files[0]?.path ?? "")("token", `the files named *.secret.* contain ${tokens.size} different tokens`, fix);
	}
}

/** A package is as it is made of the scripts with the token that are beside it: nobody opens it. */
function packages(
	files: readonly FoundFile[],
	kit: RenderedKit,
	tokens: ReadonlySet<string>,
	about: (file: string) => Wrong,
): void {
	for (const { path, pack } of kit.packed) {
		const file = files.find((each) => each.path === path);
		if (!file) continue;
		const wrong = about(path);
		const fix = "generate the folder again with crossfade mdm --token";
		if (tokens.size === 0) {
			const what = "what is in it is unknown: there is no script with the token to compare it with";
			wrong("changed", what, fix, "warning");
		} else if (![...tokens].some((token) => file.bytes && Buffer.compare(pack(token), file.bytes) === 0)) {
			wrong("changed", "it is not made of the scripts beside it, or has another token", fix);
		}
	}
}

/** The token in a filled file, `""` if it still has the placeholder, undefined if anything else differs. */
function tokenIn(text: string, original: FilledFile, kit: RenderedKit): string | undefined {
	const plain = ownEntry(kit.plain, original.copyOf) ?? "";
	const direct = compareFilled(text, plain);
	if (direct?.isUnfilled || text === plain) return "";
	const [first] = direct?.tokens ?? [];
	if (first !== undefined) return first;
	// In base64 every byte after the token shifts, so encode each candidate and compare the whole file.
	for (const [, blob = ""] of text.matchAll(/"([A-Za-z0-9+/]{400,}={0,2})"/g)) {
		const script = Buffer.from(blob, "base64").toString("utf8");
		const token = Object.values(kit.plain).flatMap((each) => compareFilled(script, each)?.tokens ?? [])[0];
		if (token !== undefined && original.fill(token) === text) return token;
	}
	return undefined;
}
