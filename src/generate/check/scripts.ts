import { shown } from "../../base/mask.ts";
import { linesWith, type ReplacedLines } from "./put-in.ts";
import type { ConfigFinding } from "./rules.ts";

/** Whether a text is a unit, an environment file or a script: lines, of which each is looked at for itself. */
export function isUnitOrScript(text: string, file: string): boolean {
	return (
		/\.(service|conf|sh|env|container)$/.test(file) ||
		/^#!.*sh\b/.test(text) ||
		/^\[(Unit|Service|Container)\]$/m.test(text) ||
		// No YAML: the end word of such a text stands at the margin.
		hereTexts(text).length > 0
	);
}

/** https://docs.docker.com/reference/dockerfile/ */
export function isDockerfile(text: string, file: string): boolean {
	return (
		/(^|[/.])(docker|container)file$/i.test(file) ||
		(/^FROM\s+\S/m.test(text) && /^(CMD|ENTRYPOINT|COPY)\s/m.test(text))
	);
}

/** A text that a script or a Dockerfile writes to a file. */
export interface HereText {
	readonly text: string;
	/** The line with `<<`, which names the file. */
	readonly command: string;
	/** Where the line with `<<` begins. */
	readonly at: number;
	/** The line number of its first line, from 1. */
	readonly firstLine: number;
	/** Where it begins and ends. */
	readonly from: number;
	readonly to: number;
	/** The shell replaces variables in it: its end word is not quoted. */
	readonly isExpanded: boolean;
}

const START = /(?<!<)<<(-?)[ \t]*(?:'([^'\n]+)'|"([^"\n]+)"|(\\?)([A-Za-z_][\w.-]*))/;

/**
 * The texts between `<<WORD` and a line with that word.
 * https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_07_04, https://docs.docker.com/reference/dockerfile/#here-documents
 */
export function hereTexts(script: string): HereText[] {
	if (!script.includes("<<")) return [];
	const found: HereText[] = [];
	const lines = script.split("\n");
	const starts = [0];
	for (const [index, line] of lines.entries()) starts.push((starts[index] ?? 0) + line.length + 1);
	for (let index = 0; index < lines.length; index++) {
		const line = lines[index] ?? "";
		const match = /^\s*#/.test(line) ? null : START.exec(line);
		if (!match) continue;
		const [, dash, single, double, escaped, bare] = match;
		const word = single ?? double ?? bare;
		const end = lines.findIndex((each, at) => at > index && (dash ? each.replace(/^\t+/, "") : each) === word);
		if (end === -1) continue;
		const body = lines.slice(index + 1, end).map((each) => `${dash ? each.replace(/^\t+/, "") : each}\n`);
		found.push({
			text: body.join(""),
			command: line,
			at: starts[index] ?? 0,
			firstLine: index + 2,
			from: starts[index + 1] ?? 0,
			to: starts[end] ?? 0,
			isExpanded: bare !== undefined && !escaped,
		});
		index = end;
	}
	return found;
}

/** Whether such a text holds a config: its own sections, or those in a manifest or values. */
export function holdsConfig({ text }: HereText): boolean {
	const has = (section: string) => new RegExp(`(^|[{,\\s])"?${section}"?\\s*:`).test(text);
	return has("pipelines") && has("service");
}

/** The script with blanks in the place of some of its texts, so that lines keep their places. */
export function withoutTexts(script: string, texts: readonly HereText[]): string {
	return texts.reduce(
		(left, { from, to }) => left.slice(0, from) + left.slice(from, to).replace(/[^\n]/g, " ") + left.slice(to),
		script,
	);
}

/** A variable of the shell, in one of the forms that POSIX knows. */
const VARIABLE = /(?<!\\)\$(?:\{([A-Za-z_]\w*)(?:[:#%/^,+=?-][^}]*)?\}|([A-Za-z_]\w*))/g;
/** What the collector would take for a provider, and a shell for a part of its own variable. */
const PROVIDER = /(?<!\\)\$\{([A-Za-z][A-Za-z0-9+.-]*):(?![-?+=])[^}\s]*\}/g;

/** Where the shell replaces variables, and what it takes for one of its own. */
export function replacedLines({ text, isExpanded }: HereText): ReplacedLines {
	if (!isExpanded) return { variables: [], providers: [] };
	return { variables: linesWith(text, VARIABLE), providers: linesWith(text, PROVIDER) };
}

/** The text as it is written, with variables of the shell in the form in which the collector would know them. */
export function afterShell({ text, isExpanded }: HereText): string {
	if (!isExpanded) return text;
	return text
		.replace(VARIABLE, (all, braced, bare) => (all.search(PROVIDER) === 0 ? all : `\${${braced ?? bare}}`))
		.replaceAll("\\$", () => "$");
}

/**
 * What a shell does to a text before it is a config. Measured with `${env:NAME}`: bash 5.2 and busybox take `env` for the variable and put
 * in nothing, dash and zsh stop.
 */
export function shellFindings({ text, from, at, isExpanded }: HereText): ConfigFinding[] {
	if (!isExpanded) return [];
	const providers = [...text.matchAll(PROVIDER)];
	const [first] = providers;
	const refused: ConfigFinding[] = first
		? [
				{
					rule: "refused-value",
					at: from + first.index,
					what: `the shell replaces \${${first[1]}:…} before the collector sees it: bash puts in nothing, dash stops`,
					fix: "Quote the word behind <<, or write \\$ in the place of $.",
				},
			]
		: [];
	const names = [...text.matchAll(VARIABLE)].filter(([all]) => all.search(PROVIDER) !== 0);
	const unique = [...new Set(names.map(([, braced, bare]) => shown(`$${braced ?? bare}`)))];
	if (unique.length === 0) return refused;
	const what = `the shell puts values in the place of ${unique.join(", ")} when it writes this config: these were not checked`;
	return [...refused, { rule: "not-read", at, what, fix: "Check the file that is written, too." }];
}

/** What in a script concerns a running collector: how it is started, signalled or restarted. */
const CONCERNS =
	/\b(kill|pkill|systemctl|service|launchctl|docker|podman|nerdctl|kubectl)\b|--config\b|^\[(Service|Container)\]|^\s*(Exec\w+|Image|\w*(OPTIONS|ARGS))=/m;

/** Said of lines without a config. Of lines that concern no collector nothing was checked. */
export function nothingRead(text: string): ConfigFinding {
	const what = "no collector config found in this file";
	return CONCERNS.test(text)
		? { rule: "mounts-only", at: 0, what: `${what}: only its lines were checked` }
		: { rule: "no-config", at: 0, what };
}
