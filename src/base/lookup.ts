/**
 * The value of a table under a key that comes from outside: from a flag, a file or the network. What every object has, such as
 * `constructor` and `__proto__`, is no entry of a table.
 */
export function ownEntry<T>(table: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
	return table && Object.hasOwn(table, key) ? table[key] : undefined;
}
