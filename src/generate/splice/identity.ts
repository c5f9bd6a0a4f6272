/** Attributes by which a backend, and our reports, tell who sent a record. */
const IDENTITY =
	/^(user\.|enduser\.|session\.|organization\.|account\.|service\.(name|version|instance)|host\.|terminal\.|app\.)/;

/** Those that CLIs send, to hold a pattern against. */
const NAMES = [
	...["service.name", "service.version", "service.instance.id", "host.name", "host.id"],
	...["user.id", "user.email", "user.account_uuid", "enduser.id", "session.id", "organization.id"],
	...["terminal.type", "app.version"],
];

export function isIdentity(key: string): boolean {
	return IDENTITY.test(key);
}

/** Those of a resource, without which no report can tell one sender from another. */
export const SENDER: readonly string[] = ["service.name", "host.name"];

/** Repetitions that one try of a pattern takes in no time; V8 goes back over each, which the collector's engine does not. */
const MAX_REPETITIONS = 4;

/** The attributes among these that a pattern matches; the pattern itself where it cannot be tried here. */
export function identitiesLike(pattern: string): string[] {
	const repetitions = pattern.match(/[*+{]/g)?.length ?? 0;
	if (repetitions > MAX_REPETITIONS || /\)[*+?{]/.test(pattern)) return [pattern];
	try {
		const tried = new RegExp(pattern);
		return NAMES.filter((name) => tried.test(name));
	} catch {
		return [pattern];
	}
}
