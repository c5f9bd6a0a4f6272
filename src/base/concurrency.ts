/** Limits how many tasks run at once. */
export function limitConcurrency(count: number): <T>(task: () => Promise<T>) => Promise<T> {
	let free = count;
	const waiting: (() => void)[] = [];
	return async (task) => {
		if (free > 0) free--;
		else await new Promise<void>((go) => waiting.push(go));
		try {
			return await task();
		} finally {
			const next = waiting.shift();
			if (next) next();
			else free++;
		}
	};
}
