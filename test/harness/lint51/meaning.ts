import type { CommandFact, Fact, Judged, MemberFact } from "./facts.ts";

/** Rules for what is in 5.1 too, and means something else there. */
export const meaningRules = {
	encoding: "every text file is read and written with an encoding that is the same in 5.1 and 7",
	redirect: "nothing is redirected to a file: 5.1 writes UTF-16",
	json: "JSON is not read or written by cmdlets: they differ in comments, arrays, dates and escapes",
	variable: "no variable is used that 5.1 does not have",
	console: "the encoding of the console is not asked for",
	web: "no page is fetched through the engine of a browser",
	native: "of a program neither its messages are redirected nor an argument has a quote: 5.1 stops, or splits it",
	count: "what a command returns is counted in @() only",
	culture: "texts are compared and searched by ordinal only",
	split: "texts are split at characters only: at a longer text 5.1 splits at each of its characters",
} as const;

type MeaningRule = keyof typeof meaningRules;
type Found = readonly Judged<MeaningRule>[];

const none: Found = [];
const one = (rule: MeaningRule, what: string): Found => [{ rule, what }];

/** Commands that read or write text, by the code page of the machine, in UTF-16 or in UTF-8 as the version likes. */
const TEXTS = new Set(
	"set-content add-content get-content out-file export-csv import-csv export-clixml select-string".split(" "),
);
/** They take no encoding in 5.1. */
const TEXTS_OF_NO_ENCODING = new Set(["tee-object", "start-transcript"]);
const SAME_ENCODINGS = new Set(["ascii", "unicode", "bigendianunicode", "utf32"]);
const JSON_COMMANDS = new Set(["convertfrom-json", "convertto-json"]);
const WEB_COMMANDS = new Set(["invoke-webrequest", "invoke-restmethod"]);
const SORTERS = new Set(["sort-object", "compare-object", "group-object"]);

/** https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_automatic_variables */
const NEW_VARIABLES = new Set(
	"isWindows isLinux isMacOS isCoreCLR psStyle psNativeCommandUseErrorActionPreference psNativeCommandArgumentPassing enabledExperimentalFeatures"
		.toLowerCase()
		.split(" "),
);

/** Methods of a text that go by the culture unless they are told otherwise: how many arguments they have then. */
const BY_CULTURE: Readonly<Record<string, readonly number[]>> = {
	startswith: [1],
	endswith: [1],
	indexof: [1, 2, 3],
	lastindexof: [1, 2, 3],
	compareto: [1],
	tolower: [0],
	toupper: [0],
};

/** What a fact breaks of these rules. `functions`: names of the program's own, in lower case. */
export function judgeMeaning(fact: Fact, functions: ReadonlySet<string>): Found {
	switch (fact.kind) {
		case "command":
			return fact.name !== null && functions.has(fact.name.toLowerCase()) ? none : command(fact);
		case "member":
			return member(fact);
		case "variable":
			return NEW_VARIABLES.has(fact.name.replace(/^\w+:/, "").toLowerCase())
				? one("variable", `$${fact.name} is not in 5.1`)
				: none;
		case "redirection":
			if (/^(Error|All)$/.test(fact.from)) return one("native", `${fact.text} makes an error record of each line`);
			return fact.to === null || !/^(&|\$null)/i.test(fact.to) ? one("redirect", fact.text) : none;
		case "operator":
			return operator(fact);
		default:
			return none;
	}
}

function command({ name, called, parameters, values }: CommandFact): Found {
	const of = (name ?? "").toLowerCase();
	const value = (parameter: string) => parameters.find((each) => each.name.toLowerCase() === parameter);
	const isProgram = name === null ? called === "Ampersand" : /[\\/]/.test(name);
	if (isProgram && values.some((text) => text?.includes('"'))) return one("native", "a quote in an argument");
	if (name !== null && isProgram && values.includes("")) return one("native", "an empty argument");
	if (JSON_COMMANDS.has(of)) return one("json", `${name}`);
	if (WEB_COMMANDS.has(of) && !value("usebasicparsing")) return one("web", `${name} without -UseBasicParsing`);
	if (SORTERS.has(of)) return one("culture", `${name} compares by culture`);
	if (TEXTS_OF_NO_ENCODING.has(of)) return one("encoding", `${name} has no encoding that could be said`);
	if (!TEXTS.has(of)) return none;
	const encoding = value("encoding");
	if (!encoding) return one("encoding", `${name} without -Encoding`);
	if (SAME_ENCODINGS.has((encoding.value ?? "").toLowerCase())) return none;
	return one("encoding", `-Encoding ${encoding.value ?? "of a variable"}`);
}

function operator({ name, strings }: Extract<Fact, { kind: "operator" }>): Found {
	if (/^[CI](gt|ge|lt|le)$/i.test(name) && strings > 0) return one("culture", `-${name} of texts`);
	return none;
}

function member({ name, owners, count, arguments: given, ofCommand }: MemberFact): Found {
	const of = (name ?? "").toLowerCase();
	if (of === "count" && count < 0 && ofCommand) return one("count", "the number of what a command returned");
	if (owners.includes("System.Console") && /^(output|input)encoding$/.test(of)) return one("console", `${name}`);
	if (owners.includes("System.Text.Encoding") && of === "default") return one("encoding", "the default of .NET");
	if (owners.includes("System.Array") && of === "sort" && count === 1) return one("culture", "Sort without a comparer");
	if (owners.includes("System.String") && of === "compare" && !isOrdinal(given)) return one("culture", `${name}`);
	const [first] = given;
	if (!first || (owners.length > 0 && !owners.includes("System.String"))) {
		const isText = owners.includes("System.String") || (owners.length === 0 && count === 0);
		return isText && BY_CULTURE[of]?.includes(count) ? one("culture", `${name} by culture`) : none;
	}
	const isChar = first.types.some((type) => type === "System.Char" || type === "System.Char[]");
	if (of === "split" && !isChar && !first.types.includes("System.Array") && first.value?.length !== 1) {
		return one("split", `at ${first.value === null ? "what may be a text" : JSON.stringify(first.value)}`);
	}
	const byCulture = Object.hasOwn(BY_CULTURE, of) && BY_CULTURE[of]?.includes(count);
	return byCulture && !isChar && !isOrdinal(given) ? one("culture", `${name} of a text, by culture`) : none;
}

/** Whether one of the arguments says how to compare. */
const isOrdinal = (given: MemberFact["arguments"]) =>
	given.some(({ value, types }) => types.includes("System.StringComparison") || /^ordinal/i.test(value ?? ""));
