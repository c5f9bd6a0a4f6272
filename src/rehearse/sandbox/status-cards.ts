/** A card of the provider's own page. */
export interface StatusCard {
	/** `service.name` of a tool, as it sends it. */
	readonly tool: string;
	readonly lastEventAt: string;
	readonly isStale: boolean;
}

/** Names come from whoever sends. */
const MAX_TOOLS = 100;

/** The cards of a page that calls a tool stale when its last event is older than this, in milliseconds. */
export function newStatusCards(staleAfterMs: number) {
	const last = new Map<string, number>();
	return {
		/** Data of these tools were taken. */
		seen(tools: readonly string[], now: number): void {
			for (const tool of tools) if (last.has(tool) || last.size < MAX_TOOLS) last.set(tool, now);
		},
		list: (now: number): readonly StatusCard[] =>
			[...last].map(([tool, at]) => ({
				tool,
				lastEventAt: new Date(at).toISOString(),
				isStale: now - at > staleAfterMs,
			})),
	};
}

export type StatusCards = ReturnType<typeof newStatusCards>;
