import type { Statement } from "../evidence/evidence.ts";

/** What was said, by kind and name; the newest word on each counts. */
export interface Statements {
	of(kind: Statement["kind"], name: string): Statement | undefined;
	/** Those of another rotation, which mean nothing in this one. */
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
	const newest = new Map<string, Statement>();
	for (const each of own) {
		const id = key(each.kind, each.name);
		const known = newest.get(id);
		if (!known || known.at <= each.at) newest.set(id, each);
	}
	return {
		of: (kind, name) => newest.get(key(kind, name)),
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
