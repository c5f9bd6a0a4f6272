import { CrossfadeError, type Problem } from "../base/errors.ts";
import { sh } from "../base/quote.ts";
import type { Effects } from "../effects/effects.ts";

/** What a command of this rotation needs besides its verb. */
export interface TypedHere {
	readonly rotation: string;
	/** The fleet file has others. */
	readonly hasOthers: boolean;
	/** The fleet file as it was named; undefined if it is the usual one. */
	readonly file: string | undefined;
	/** What is printed is JSON. */
	readonly isJson: boolean;
}

const COMMAND =
	/(crossfade (?:rotate (?:plan|start|resume|status|retire|rollback|close|reopen|log|export)|report --rotation))(?![\w-])/g;

/** A text with the commands in it as they are to be typed: with the rotation's name and the fleet file, where they are needed. */
export function asTyped(
	text: string,
	{ rotation, hasOthers, file }: TypedHere,
	quoted = (part: string) => part,
): string {
	const name = quoted(` ${sh(rotation)}`);
	const fleet = file === undefined ? "" : quoted(` -f ${sh(file)}`);
	const [first = "", ...rest] = text.split(COMMAND);
	const pairs = rest.flatMap((part, index) => (index % 2 === 0 ? [[part, rest[index + 1] ?? ""] as const] : []));
	const typed = pairs.map(([command, after]) => {
		const isNamed = after.startsWith(name) && !/^[\w.-]/.test(after.slice(name.length));
		if (isNamed) return `${command}${name}${fleet}${after.slice(name.length)}`;
		return `${command}${hasOthers ? name : ""}${fleet}${after}`;
	});
	return first + typed.join("");
}

/** The same effects, with a terminal that says commands so. */
export function typedEffects(fx: Effects, here: TypedHere): Effects {
	const { terminal } = fx;
	const say = (text: string) => asTyped(text, here);
	const quoted = (part: string) => JSON.stringify(part).slice(1, -1);
	return {
		...fx,
		terminal: {
			...terminal,
			print: (text) => terminal.print(here.isJson ? asTyped(text, here, quoted) : say(text)),
			note: (line) => terminal.note(say(line)),
			detail: (line) => terminal.detail(say(line)),
			warn: (problem) => terminal.warn(typedProblem(problem, here)),
		},
	};
}

/** An error that says commands so; anything else as it is. */
export function typedError(error: unknown, here: TypedHere): unknown {
	if (!(error instanceof CrossfadeError)) return error;
	const problems = error.problems.map((problem) => typedProblem(problem, here));
	return new CrossfadeError(error.exit, problems, { cause: error });
}

function typedProblem(problem: Problem, here: TypedHere): Problem {
	return { ...problem, fix: asTyped(problem.fix, here) };
}
