import type { Scalar } from "yaml";
import type { ConfigPlace } from "../splice/locate.ts";
import { linesWith, type ReplacedLines } from "./put-in.ts";
import type { ConfigFinding } from "./rules.ts";

/** What CloudFormation leaves alone: `${!NAME}` becomes `${NAME}`. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-sub.html */
const LITERAL = /\$\{!/g;
/** A variable that no template has: a provider of the collector's. Names of AWS begin with two colons behind AWS. */
const PROVIDER = /\$\{([a-z][A-Za-z0-9+.-]*):(?!:)[^}\s]*\}/g;
const VARIABLE = /\$\{(?!!)[A-Za-z][\w.:]*\}/;

/** Whether a text is one in which CloudFormation replaces variables. */
export function isSubstituted({ node, path }: ConfigPlace): boolean {
	return node.tag === "!Sub" || path.at(-1) === "Fn::Sub" || path.at(-2) === "Fn::Sub";
}

/** The text as the collector gets it, but for the values that are put in. */
export function afterSubstitution(text: string): string {
	return text.replace(LITERAL, () => "${");
}

/** What CloudFormation refuses in such a text, by its documentation: no CloudFormation was asked. `text` is that of the whole file. */
export function substitutionFindings(text: string, { range }: Scalar): ConfigFinding[] {
	const [from = 0, to = 0] = range ?? [];
	return [...text.slice(from, to).matchAll(PROVIDER)].map(({ index }) => ({
		rule: "refused-value",
		at: from + index,
		what: "CloudFormation takes this variable for one of its own, and refuses the template",
		fix: "Write ${! in the place of ${: CloudFormation leaves that to the collector.",
	}));
}

/** Where values are put in. */
export function substitutedLines(text: string): ReplacedLines {
	return { variables: linesWith(text, VARIABLE), providers: linesWith(text, PROVIDER) };
}
