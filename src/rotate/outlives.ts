import type { Problem } from "../base/errors.ts";
import type { Effects } from "../effects/effects.ts";
import type { JournalFolder } from "../effects/files/journal-folder.ts";
import type { RotationSpec } from "../spec/rotation.ts";

/** Machines that are thrown away after a run, as far as they say so, and what they are. */
const THROWN_AWAY: readonly (readonly [isIt: (about: About) => boolean, what: string])[] = [
	// https://docs.github.com/actions/reference/workflows-and-actions/variables
	[({ environment }) => environment["RUNNER_ENVIRONMENT"] === "github-hosted", "a runner of GitHub's"],
	// https://kubernetes.io/docs/tutorials/services/connect-applications-service/#environment-variables
	[
		({ environment, isWithRoot }) => environment["KUBERNETES_SERVICE_HOST"] !== undefined && isWithRoot,
		"a pod, in which it is on no volume",
	],
];

interface About {
	readonly environment: Effects["environment"];
	/** The journal is in the file system of the root folder. */
	readonly isWithRoot: boolean;
}

/**
 * Why no call that issues a token may be made: the journal, and with it the only copy of that token, would end with this machine. A
 * person can get a token again in a portal.
 */
export function lostJournalProblem(
	fx: Pick<Effects, "environment" | "files">,
	spec: RotationSpec,
	{ path, isShared }: Pick<JournalFolder, "path" | "isShared">,
): Problem | undefined {
	if (isShared || spec.strategy.by === "person") return undefined;
	const about = { environment: fx.environment, isWithRoot: fx.files.isWithRoot(path) };
	const [, what] = THROWN_AWAY.find(([isIt]) => isIt(about)) ?? [];
	if (what === undefined) return undefined;
	return {
		what: "the journal, with the only copy of the new token, would be lost with this machine",
		expected: "a journal that outlives it",
		got: what,
		where: { file: path },
		fix: "add journal: store:NAME to the rotation, or run it where the folder of the journal stays",
	};
}
