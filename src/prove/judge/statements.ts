import type { Statement } from "../evidence/evidence.ts";

/** Statements by kind and name. */
export interface Statements {
	/** The newest statement that says one of these words, or any word if none is given; `gone` only as long as it is the newest of all. */
	of(kind: Statement["kind"], name: string, ...says: readonly Statement["says"][]): Statement | undefined;
	/** Statements of another rotation, which do not count. */
	readonly foreign: readonly Statement[];
}

/** `nameKey` makes the names of hosts comparable. */
export function statementsOf(
	all: readonly Statement[],
	old: string | undefined,
	nameKey: (name: string) => string,
): Statements {
	const own = all.filter((each) => each.old === old);
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
		foreign: all.filter((each) => each.old !== old),
	};
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
