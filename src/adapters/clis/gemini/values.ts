/**
 * Values of other settings with which Gemini CLI ends before it sends anything, found by trying some of its settings in 0.61.0; of most it
 * only warns. A value that a stronger file replaces counts here, too.
 *
 * Source: https://github.com/google-gemini/gemini-cli/blob/main/packages/cli/src/config/settingsSchema.ts
 */
import type { LayerPlace } from "../layering.ts";
import { ELSEWHERE } from "../start.ts";
import {
	all,
	either,
	inside,
	kind,
	list,
	object,
	off,
	refusedBy,
	round,
	text,
	type ValueChecks,
} from "../value-check.ts";
import { approvals } from "./index.ts";

const paths = either(text, list(text));

const values: ValueChecks = {
	security: all(
		object,
		inside({
			auth: inside({ selectedType: (value, name) => (value === "" ? `${name} must not be empty` : undefined) }),
		}),
	),
	experimental: all(object, inside({ extensionRegistryURI: text })),
	policyPaths: paths,
	adminPolicyPaths: paths,
	model: inside({ maxSessionTurns: round() }),
	context: inside({ includeDirectories: list(text) }),
	general: inside({ defaultApprovalMode: kind(approvals) }),
	mcp: inside({ excluded: list(text), allowed: list(text) }),
	tools: all(
		object,
		inside({
			sandbox: off(ELSEWHERE),
			exclude: list(text),
			allowed: list(text),
			confirmationRequired: list(text),
			core: list(text),
		}),
	),
	advanced: object,
	hooksConfig: object,
};

export const doubts: NonNullable<LayerPlace["doubts"]> = [
	{ range: "", of: refusedBy(values), why: "has a value with which it may end before it sends anything" },
];
