import { CrossfadeError, type ExitName } from "../base/errors.ts";
import { choiceProblem } from "../base/suggest.ts";
import type { Effects } from "../effects/effects.ts";
import type { Command, Invocation, OptionSpec } from "./command.ts";

const shells = ["bash", "zsh", "fish", "powershell"] as const;
type Shell = (typeof shells)[number];

export const completionCommand: Command = {
	name: "completion",
	description: "Prints a shell completion script for every command, option and choice. It runs no programs.",
	arguments: [{ name: "<shell>", description: shells.join(", ") }],
	options: [],
	examples: [
		['eval "$(crossfade completion bash)"', "in ~/.bashrc"],
		['eval "$(crossfade completion zsh)"', "in ~/.zshrc"],
		["crossfade completion fish | source", "in ~/.config/fish/config.fish"],
		["crossfade completion powershell | Out-String | Invoke-Expression", "in $PROFILE"],
	],
	run,
};

async function run(fx: Effects, { args: [name = ""], commands: all }: Invocation): Promise<ExitName> {
	const shell = shells.find((each) => each === name);
	if (!shell) throw new CrossfadeError("usage", choiceProblem("shell", name, shells, "shell"));
	fx.terminal.print(writers[shell](await all()));
	return "ok";
}

/** Options common to all commands. */
const common: readonly OptionSpec[] = [
	{ flags: "-q, --quiet", description: "print only results and errors" },
	{ flags: "-v, --verbose", description: "print more details" },
	{ flags: "-h, --help", description: "show this help" },
];

/** The long form of an option, and whether it takes a value. */
function long({ flags }: OptionSpec): { flag: string; takesValue: boolean } {
	return { flag: /--[\w-]+/.exec(flags)?.[0] ?? flags, takesValue: flags.includes("<") };
}

function optionsOf(command: Command): readonly OptionSpec[] {
	return [...command.options, ...common];
}

/** Choices are plain words from our own tables; anything else would need quoting and is a mistake. */
function words(list: readonly string[]): string {
	const odd = list.find((word) => !/^[\w./:-]+$/.test(word));
	if (odd !== undefined) throw new TypeError(`not a plain word: ${odd}`);
	return list.join(" ");
}

const writers: Readonly<Record<Shell, (commands: readonly Command[]) => string>> = { bash, zsh, fish, powershell };

function bash(commands: readonly Command[]): string {
	const cases = commands.flatMap((command) => {
		const options = optionsOf(command);
		const values = options
			.filter(({ choices }) => choices)
			.map((option) => `      ${command.name}:${long(option).flag}) words="${words(option.choices ?? [])}" ;;`);
		return [...values, `      ${command.name}:*) words="${words(options.map((option) => long(option).flag))}" ;;`];
	});
	return `_crossfade() {
  local word previous command words index
  word=\${COMP_WORDS[COMP_CWORD]}
  previous=\${COMP_WORDS[COMP_CWORD-1]}
  command=
  for ((index = 1; index < COMP_CWORD; index++)); do
    case \${COMP_WORDS[index]} in -*) ;; *) command=\${COMP_WORDS[index]}; break ;; esac
  done
  if [ -z "$command" ]; then
    words="${words(["help", ...commands.map(({ name }) => name)])} --help --version"
  else
    case $command:$previous in
${cases.join("\n")}
      *) words= ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  if [ \${#COMPREPLY[@]} -eq 0 ]; then COMPREPLY=($(compgen -f -- "$word")); fi
}
complete -o filenames -F _crossfade crossfade
`;
}

function zsh(commands: readonly Command[]): string {
	const text = (description: string) => description.replace(/['\\[\]:]/g, " ");
	const cases = commands.map((command) => {
		const specs = optionsOf(command).map((option) => {
			const { flag, takesValue } = long(option);
			const action = option.choices ? `:value:(${words(option.choices)})` : takesValue ? ":value:_files" : "";
			return `        '${flag}[${text(option.description)}]${action}' \\`;
		});
		return `      ${command.name})\n        _arguments \\\n${specs.join("\n")}\n        '*:file:_files' ;;`;
	});
	const names = commands.map(
		({ name, description }) => `    '${name}:${text(description.split(/[.\n]/, 1)[0] ?? "")}'`,
	);
	return `#compdef crossfade
_crossfade() {
  local -a commands
  commands=(
${names.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join("\n")}
  esac
}
if [ "$funcstack[1]" = _crossfade ]; then _crossfade "$@"; else compdef _crossfade crossfade; fi
`;
}

function fish(commands: readonly Command[]): string {
	const text = (description: string) => `'${description.replace(/[\\']/g, "\\$&").split("\n", 1)[0]}'`;
	const lines = commands.flatMap((command) => {
		const seen = `-n '__fish_seen_subcommand_from ${command.name}'`;
		const options = optionsOf(command).map((option) => {
			const { flag, takesValue } = long(option);
			const values = option.choices ? ` -x -a '${words(option.choices)}'` : takesValue ? " -r" : "";
			return `complete -c crossfade ${seen} -l ${flag.slice(2)}${values} -d ${text(option.description)}`;
		});
		return [
			`complete -c crossfade -n __fish_use_subcommand -f -a ${command.name} -d ${text(command.description)}`,
			...options,
		];
	});
	return `${lines.join("\n")}\n`;
}

/** For Windows PowerShell 5.1 and PowerShell 7; where nothing is offered, both complete file names. */
function powershell(commands: readonly Command[]): string {
	const row = (key: string, list: readonly string[]) => `    '${key}' = '${words(list)}'`;
	const rows = commands.flatMap((command) => {
		const options = optionsOf(command);
		const values = options.filter(({ choices }) => choices);
		return [
			row(
				command.name,
				options.map((option) => long(option).flag),
			),
			...values.map((option) => row(`${command.name}:${long(option).flag}`, option.choices ?? [])),
		];
	});
	return `Register-ArgumentCompleter -Native -CommandName crossfade -ScriptBlock {
  param($word, $tree, $position)
  $table = @{
${[row("", ["help", ...commands.map(({ name }) => name), "--help", "--version"]), ...rows].join("\n")}
  }
  $before = @($tree.CommandElements | Where-Object { $_.Extent.EndOffset -lt $position } | ForEach-Object { "$_" })
  $command = @($before | Select-Object -Skip 1 | Where-Object { -not $_.StartsWith('-') }) | Select-Object -First 1
  $key = "\${command}:$($before | Select-Object -Last 1)"
  if (-not $table.ContainsKey($key)) { $key = "$command" }
  if ($table.ContainsKey($key)) {
    $table[$key] -split ' ' | Where-Object { $_.StartsWith($word, [StringComparison]::Ordinal) } | ForEach-Object {
      [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
    }
  }
}
`;
}
