import { CrossfadeError } from "../../base/errors.ts";
import type { MdmSpec } from "../../spec/mdm.ts";
import type { Secret } from "../../token/secret.ts";
import { isSafeAlphabet } from "../../token/shape.ts";

/** Throws `CrossfadeError` (refused) for a token that the scripts themselves would refuse, or that the vendor would cut. */
export function refuseUnfit(secret: Secret, { vehicle, mode }: MdmSpec): void {
	const { length } = secret.reveal();
	const longest = mode === "param" ? vehicle.longestToken : undefined;
	const problems = [];
	if (longest !== undefined && length > longest) {
		problems.push({
			what: `the token is too long: ${vehicle.title} silently truncates parameters`,
			expected: `at most ${longest} characters`,
			got: `${length}`,
			fix: "get a shorter token, or use --mode embedded",
		});
	}
	if (!isSafeAlphabet(secret.reveal())) {
		problems.push({
			what: "the token has a character that one of the CLIs changes, so the scripts refuse it",
			expected: "letters, digits, '.', '_', '~' and '-'",
			fix: "get a token of these characters",
		});
	}
	if (problems.length > 0) throw new CrossfadeError("refused", problems);
}
