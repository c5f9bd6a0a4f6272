/** Maximum number of names; more are a mistake in the pattern. */
const MAX_HOSTS = 500_000;

/**
 * Expands a pattern like shell braces: `mac-{001..120}`, `gw-{eu,us}-{1..3}`. Undefined if a brace is not
 * closed, a range is descending, or there are more than half a million names.
 */
export function expandHosts(pattern: string): string[] | undefined {
	const [, head = "", inner, rest = ""] = /^([^{}]*)(?:\{([^{}]*)\}(.*))?$/s.exec(pattern) ?? [undefined, pattern];
	if (inner === undefined) return /[{}\s]/.test(pattern) || pattern === "" ? undefined : [pattern];
	const choices = choicesOf(inner);
	const tails = rest === "" ? [""] : expandHosts(rest);
	if (!choices || !tails || choices.length * tails.length > MAX_HOSTS) return undefined;
	return choices.flatMap((choice) => tails.map((tail) => `${head}${choice}${tail}`));
}

function choicesOf(inner: string): string[] | undefined {
	const [, from, to] = /^(\d{1,9})\.\.(\d{1,9})$/.exec(inner) ?? [];
	if (from === undefined || to === undefined) return inner.includes(",") ? inner.split(",") : undefined;
	const count = Number(to) - Number(from) + 1;
	if (count < 1 || count > MAX_HOSTS) return undefined;
	const width = from.startsWith("0") || from.length === to.length ? from.length : 0;
	return Array.from({ length: count }, (_, index) => String(Number(from) + index).padStart(width, "0"));
}
