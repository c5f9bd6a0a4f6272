/** `a, b and c`, for sentences; empty for no names. */
export function inWords(names: readonly string[]): string {
	return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
