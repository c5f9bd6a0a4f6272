import type { KitManifest } from "../../../spec/manifest.ts";
import { fingerprint } from "../../../token/fingerprint.ts";
import { isSafeAlphabet, tokenProblems } from "../../../token/shape.ts";
import type { FilledFile, RenderedKit } from "../kit.ts";
import type { FoundFile, Wrong } from "./finding.ts";
import { compareFilled } from "./pattern.ts";

interface SecretContext extends KitManifest {
	readonly isOurs: boolean;
	readonly expected: string | undefined;
}

/** Every file that should have a token: whether it has one, the same as the others, and nothing else changed. */
export function secretFiles(
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
