import { forms } from "../../adapters/clis/emits.generated.ts";

/** Attributes by which a backend, and our reports, tell who sent a record. */
const IDENTITY =
	/^(user\.|enduser\.|session\.|organization\.|account\.|service\.(name|version|instance)|host\.|terminal\.|app\.)/;

const UUID = "7f1c2a90-5b3d-4e68-9a41-03c8de5f7b26";

/** Those that CLIs send, with values such as theirs, to hold patterns against. */
const USUAL: ReadonlyMap<string, readonly string[]> = new Map([
	["service.name", forms.flatMap(({ sender }) => sender.services.map((name) => name.replace("*", "")))],
	["service.version", ["2.1.303"]],
	["service.instance.id", [UUID]],
	["host.name", ["build-7.corp.example.com", "MAC-C02XK1JYJG5H"]],
	["host.id", ["4C4C4544-0051-3510-8057-B4C04F4E3232"]],
	["user.id", ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"]],
	["user.email", ["jane.doe@example.com"]],
	["user.account_uuid", [UUID]],
	["enduser.id", ["jane.doe"]],
	["session.id", [UUID]],
	["organization.id", [UUID]],
	["terminal.type", ["vscode"]],
	["app.version", ["2.1.303"]],
]);

export const IDENTITIES: readonly string[] = [...USUAL.keys()];

export function isIdentity(key: string): boolean {
	return IDENTITY.test(key);
}

/** Those of a resource, without which no report can tell one sender from another. */
export const SENDER: readonly string[] = ["service.name", "host.name"];

/** The attributes among these that a pattern matches; the pattern itself where it cannot be tried here. */
export function identitiesLike(pattern: string): string[] {
	const isMatch = tryable(pattern);
	return isMatch ? IDENTITIES.filter(isMatch) : [pattern];
}

/** Whether a usual value of an attribute passes a test. */
export function isUsual(name: string, isMatch: (value: string) => boolean): boolean {
	return USUAL.get(name)?.some(isMatch) ?? false;
}

/** Ways through a text that one try takes in no time; V8 goes back over each, which the collector's engine does not. */
const MAX_WAYS = 3e6;
/** How long a text can be, so that an open repetition has that many ways; a range of more counts as one. */
const LONGEST = 64;
const WIDE = 8;
/** How often a group may be repeated a fixed number of times. */
const MAX_COPIES = 4;

/** A pattern as Go reads it, as a test for short texts; undefined where it cannot be tried here. https://pkg.go.dev/regexp/syntax */
export function tryable(pattern: string): ((text: string) => boolean) | undefined {
	const outside = pattern.replace(/\\./g, "a").replace(/\[\^?\]?(\[:\^?[a-z]+:\]|[^\]])*\]/g, "a");
	const widths = [
		...[...outside.matchAll(/[*+]|\{\d+,\}/g)].map(() => LONGEST),
		...[...outside.matchAll(/[^(*+?}]\?/g)].map(() => 2),
		...[...outside.matchAll(/\{(\d+),(\d+)\}/g)].map(([, least, most]) => Number(most) - Number(least) + 1),
	];
	const ways = widths.reduce((all, width) => all * (width > WIDE ? LONGEST : width), 1);
	const copies = [...outside.matchAll(/\)\{(\d+)(?:,(\d+))?\}/g)].map(([, least, most]) => Number(most ?? least));
	const isNested = /\)([*+]|\{\d+,\})/.test(outside) || copies.some((count) => count > MAX_COPIES);
	if (isNested || ways ** Math.max(1, ...copies) > MAX_WAYS) return undefined;
	// Flags stand before the whole pattern; anywhere else they are not known to this engine.
	const [written = "", flags = ""] = /^\(\?([ims]+)\)/.exec(pattern) ?? [];
	try {
		const tried = new RegExp(ofGo(pattern.slice(written.length)), flags);
		return (text) => tried.test(text);
	} catch {
		return undefined;
	}
}

/** Named classes and anchors of Go that are written otherwise here. */
const CLASSES: ReadonlyMap<string, string> = new Map([
	["alpha", "A-Za-z"],
	["alnum", "A-Za-z0-9"],
	["digit", "0-9"],
	["lower", "a-z"],
	["upper", "A-Z"],
	["space", "\\s"],
	["word", "\\w"],
	["xdigit", "0-9A-Fa-f"],
]);

function ofGo(pattern: string): string {
	return pattern
		.replace(/\[:([a-z]+):\]/g, (all, name) => CLASSES.get(name) ?? all)
		.replace(/\(\?P</g, "(?<")
		.replace(/^\\A/, "^")
		.replace(/\\z$/, "$");
}
