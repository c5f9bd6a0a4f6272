import type { Statement } from "../evidence/evidence.ts";
import type { RotationTokens } from "./case.ts";

/** Statements by kind and name. */
export interface Statements {
	/** The newest statement that says one of these words, or any word if none is given; `gone` only as long as it is the newest of all. */
	of(kind: Statement["kind"], name: string, ...says: readonly Statement["says"][]): Statement | undefined;
	/** `; it was said to be moved, but before the new token was spread`, where that was the newest word; otherwise empty. */
	outdated(kind: Statement["kind"], name: string): string;
	/** Statements of another rotation, which do not count. */
	readonly foreign: readonly Statement[];
}

/**
 * `from`: since when the new token is spread. What was said before that of the token that something uses does not count: it had none of this
 * new one, or can have got the old one again. `nameKey` makes the names of hosts comparable.
 */
export function statementsOf(
	all: readonly Statement[],
	{ tokens, from }: { readonly tokens: RotationTokens; readonly from: number | undefined },
	nameKey: (name: string) => string,
): Statements {
	const own: Statement[] = [];
	const before: Statement[] = [];
	const foreign: Statement[] = [];
	for (const each of all) {
		if (each.old !== tokens.old || (isOfSpread(each, tokens) && isOfOther(each, tokens))) foreign.push(each);
		else if (isOfSpread(each, tokens) && from !== undefined && each.at < from) before.push(each);
		else own.push(each);
	}
	const key = (kind: Statement["kind"], name: string) => `${kind}\n${kind === "host" ? nameKey(name) : name}`;
	const byThing = new Map<string, Statement[]>();
	for (const each of own) {
		const id = key(each.kind, each.name);
		byThing.set(id, [...(byThing.get(id) ?? []), each]);
	}
	for (const statements of byThing.values()) statements.sort((a, b) => a.at - b.at);
	return {
		of(kind, name, ...says) {
			// Most fleets have none, and this is asked for every sender.
			const statements = byThing.size === 0 ? undefined : byThing.get(key(kind, name));
			return statements?.findLast(
				(each) =>
					(says.length === 0 || says.includes(each.says)) && (each.says !== "gone" || each === statements.at(-1)),
			);
		},
		outdated(kind, name) {
			if (before.length === 0 || byThing.has(key(kind, name))) return "";
			const said = before.findLast((each) => key(each.kind, each.name) === key(kind, name));
			return said ? `; it was said to be ${said.says}, but before the new token was spread` : "";
		},
		foreign,
	};
}

/** Whether a statement is about the token that something uses, and not about the thing itself. */
function isOfSpread({ kind, name, says }: Statement, { old }: RotationTokens): boolean {
	return says === "moved" || (kind === "credential" && (says === "gone" || name === old));
}

/** Said when another token was the new one. */
function isOfOther({ new: then }: Statement, { new: now }: RotationTokens): boolean {
	return then !== undefined && now !== undefined && then !== now;
}

/** What was said of a credential, where it still holds: who said that it is gone is wrong once it is seen again. */
export function credentialWord(said: Statements, fingerprint: string, lastSeen: number): Statement | undefined {
	const statement = fingerprint === "others" ? undefined : said.of("credential", fingerprint);
	return statement && (statement.says !== "gone" || lastSeen <= statement.at) ? statement : undefined;
}

/** `gone, says anna: stolen in May` */
export function statementText({ says, actor, because }: Statement): string {
	return `${says}, says ${actor}: ${because}`;
}
