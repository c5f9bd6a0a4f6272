/**
 * Values of other settings with which Gemini CLI ends before it sends anything, found by trying some of its settings in 0.61.0; of most it
 * only warns. A value that a stronger file replaces counts here, too.
 *
 * Source: https://github.com/google-gemini/gemini-cli/blob/main/packages/cli/src/config/settingsSchema.ts
 */
import type { LayerPlace } from "../layering.ts";
import {
	all,
	either,
	flag,
	inside,
	list,
	object,
	refusedBy,
	round,
	text,
	type ValueChecks,
	word,
} from "../value-check.ts";

const paths = either(text, list(text));

const values: ValueChecks = {
	security: all(
		object,
		inside({
			auth: inside({ selectedType: (value, name) => (value === "" ? `${name} must not be empty` : undefined) }),
		}),
	),
	policyPaths: paths,
	adminPolicyPaths: paths,
	model: inside({ maxSessionTurns: round() }),
	tools: inside({
		sandbox: either(flag, object, word("docker", "podman", "sandbox-exec", "runsc", "lxc", "windows-native")),
	}),
};

export const doubts: NonNullable<LayerPlace["doubts"]> = [
	{ range: "", of: refusedBy(values), why: "has a value with which it may end before it sends anything" },
];
