import { ownEntry } from "../../../base/lookup.ts";
import { hasCommand51, hasParameter51 } from "./commands51.ts";

/**
 * Lines of PowerShell that say what a parsed script is made of, where the PowerShell is newer than 5.1. `$tree` and `$tokens` are what the parser
 * made of it, `$at` is its number. It prints `newer NUMBER LINE KIND`, `function NUMBER NAME` and `command NUMBER LINE NAME PARAMETERS`: names
 * only, no text of the script. Types and members are not looked at: that takes as long as all of the rest, and the tests do it.
 */
export const LOOK_51 = `
    $seen = @{}
    foreach ($token in $tokens) {
      $kind = [string]$token.Kind
      if ($kind -in 'QuestionQuestion', 'QuestionQuestionEquals', 'QuestionDot', 'QuestionLBracket') { 'newer ' + $at + ' ' + $token.Extent.StartLineNumber + ' ' + $kind }
    }
    foreach ($node in $tree.FindAll({ $true }, $true)) {
      $kind = $node.GetType().Name
      $line = $node.Extent.StartLineNumber
      if ($kind -in 'TernaryExpressionAst', 'PipelineChainAst' -or ($kind -eq 'PipelineAst' -and $node.Background) -or ($kind -eq 'NamedBlockAst' -and [string]$node.BlockKind -eq 'Clean')) { 'newer ' + $at + ' ' + $line + ' ' + $kind }
      if ($kind -eq 'FunctionDefinitionAst') { 'function ' + $at + ' ' + $node.Name }
      if ($kind -ne 'CommandAst') { continue }
      $words = @($node.GetCommandName()) + @(foreach ($each in $node.CommandElements) { if ($each.GetType().Name -eq 'CommandParameterAst') { $each.ParameterName } })
      if (-not $words[0] -or $words[0] -match '[\\\\/]') { continue }
      $text = $words -join ' '
      if ($seen.ContainsKey($text)) { continue }
      $seen[$text] = 1
      'command ' + $at + ' ' + $line + ' ' + $text
    }
`;

/** What is newer than 5.1, by the names of PowerShell's own parser. */
const NEWER: Readonly<Record<string, string>> = {
	QuestionQuestion: "the operator ??",
	QuestionQuestionEquals: "the operator ??=",
	QuestionDot: "the operator ?.",
	QuestionLBracket: "the operator ?[",
	TernaryExpressionAst: "the operator ? :",
	PipelineChainAst: "&& or || between commands",
	PipelineAst: "& behind a command",
	NamedBlockAst: "a clean block",
};

/** A problem of the script with this number. */
interface Problem51 {
	readonly index: number;
	readonly line: number;
	readonly what: string;
}

/** What Windows PowerShell 5.1 lacks of what `LOOK_51` printed: syntax, commands, and parameters that are spelled out. */
export function problems51(output: string): Problem51[] {
	const own = new Set(
		[...output.matchAll(/^function (\d+) ([\w:-]+)\r?$/gm)].map(([, at, name = ""]) => named(at, name)),
	);
	const newer = [...output.matchAll(/^newer (\d+) (\d+) (\w+)\r?$/gm)].flatMap(([, at, line, kind = ""]) => {
		const what = ownEntry(NEWER, kind);
		return what === undefined ? [] : [{ index: Number(at), line: Number(line), what: `5.1 does not have ${what}` }];
	});
	const commands = [...output.matchAll(/^command (\d+) (\d+) ([^\s]+)((?: \w+)*)\r?$/gm)].flatMap(
		([, at, line, name = "", parameters = ""]) => {
			if (own.has(named(at, name))) return [];
			const lacks = parameters.split(" ").some((each) => each !== "" && !hasParameter51(name, each));
			if (hasCommand51(name) && !lacks) return [];
			// Other names are not shown: they could be anything.
			const what = hasCommand51(name)
				? `${name} has a parameter that it does not have in 5.1`
				: "a command that is not among those of 5.1";
			return [{ index: Number(at), line: Number(line), what }];
		},
	);
	return [...newer, ...commands];
}

const named = (at: string | undefined, name: string) => `${at} ${name.replace(/^\w+:/, "").toLowerCase()}`;
