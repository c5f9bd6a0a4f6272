import { readFileSync } from "node:fs";

/** Rows of a table: its lines without comments, split at tabs. */
function rows(name: string): readonly (readonly string[])[] {
	const lines = readFileSync(new URL(name, import.meta.url), "utf8").split("\n");
	return lines.filter((line) => line !== "" && !line.startsWith("#")).map((line) => line.split("\t"));
}

const words = (text = "") => new Set(text.toLowerCase().split(" "));

const types = new Map(
	rows("net462.tsv").map(([name = "", base = "", members]) => [
		name.toLowerCase(),
		{ base: base.toLowerCase(), members: words(members) },
	]),
);

/** Members that take any number of arguments at the end: the least of them, of name and number in the table. */
const LISTS: Readonly<Record<string, number>> = {
	concat: 0,
	combine: 1,
	format: 1,
	join: 1,
	split: 0,
	trim: 0,
	trimend: 0,
	trimstart: 0,
};

/** What PowerShell adds to every object. */
const ADDED = new Set(["count", "length", "psobject", "gettype", "tostring", "equals", "gethashcode"]);

/** Types and attributes of PowerShell 5.1 itself. https://learn.microsoft.com/dotnet/api/system.management.automation?view=powershellsdk-1.1.0 */
const OWN = words(
	`cmdletbinding parameter alias allownull allowemptystring allowemptycollection validatenotnull validatenotnullorempty validateset
	validaterange validatelength validatepattern validatescript validatecount outputtype diagnostics.codeanalysis.suppressmessage
	system.management.automation.psreference system.management.automation.psobject system.management.automation.pscustomobject
	system.management.automation.scriptblock system.management.automation.switchparameter system.management.automation.errorrecord
	system.management.automation.pscredential system.management.automation.powershell system.management.automation.runspaces.initialsessionstate system.management.automation.language.nullstring
	system.management.automation.language.parser ordered`.replace(/\s+/g, " "),
);

export const hasType = (name: string) => types.has(name.toLowerCase()) || OWN.has(name.toLowerCase());

/** Whether properties of any name can be on such an object: keys of a hashtable, or what a type adds that the table does not have. */
export const isOpen = (type: string) =>
	/hashtable|dictionary|psobject|pscustomobject|\bobject$/i.test(type) ||
	/^(System\.Management\.Automation|Microsoft\.PowerShell)\./.test(type);

/** Whether a type, or any in the table, has a member with so many arguments; -1 asks for a property or field. */
export function hasMember(type: string | undefined, member: string, count: number): boolean {
	const name = member.toLowerCase();
	if (count < 0 && ADDED.has(name)) return true;
	if (type === "System.Array" && name === "new" && count === 1) return true;
	const of = type === undefined ? [...types.keys()] : lineage(type.toLowerCase());
	return of.some((one) => has(types.get(one)?.members, name, count));
}

function has(members: ReadonlySet<string> | undefined, name: string, count: number): boolean {
	if (!members) return false;
	if (count < 0) return members.has(name);
	if (members.has(`${name}/${count}`)) return true;
	// A property can be asked for as its method.
	if (/^[gs]et_/.test(name)) return members.has(name.slice(4));
	const least = Object.hasOwn(LISTS, name) ? LISTS[name] : undefined;
	return least !== undefined && count >= least && [...members].some((one) => one.startsWith(`${name}/`));
}

function lineage(type: string): readonly string[] {
	const found: string[] = [];
	for (let at = type; at !== "" && !found.includes(at); at = types.get(at)?.base ?? "") found.push(at);
	return [...found, "system.object"];
}
