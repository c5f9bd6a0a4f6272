/** Deadline of waits: wide, because a busy machine is slow and no test is about speed. */
const PATIENCE_MS = 120_000;

/** Asks again and again until the answer is not undefined or false; throws after the deadline with what was awaited. */
export async function waitFor<T>(what: string, ask: () => T | Promise<T>): Promise<NonNullable<Exclude<T, false>>> {
	const deadline = performance.now() + PATIENCE_MS;
	for (;;) {
		const answer = await ask();
		if (answer !== undefined && answer !== null && answer !== false) return answer as NonNullable<Exclude<T, false>>;
		if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
		await pause(10);
	}
}

export function pause(ms: number): Promise<void> {
	return new Promise((done) => setTimeout(done, ms));
}
