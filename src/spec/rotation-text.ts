export const STORE_DEFAULTS = { withinMs: 15 * 60_000 } as const;

/** A store's block. Its own keys are texts or lists, by the table of its kind. */
export interface StoreText {
	readonly kind: string;
	readonly feeds?: readonly string[] | undefined;
	readonly apply?: "watch" | readonly string[] | undefined;
	readonly confirm?: "traffic" | "person" | readonly string[] | undefined;
	readonly within?: string | undefined;
	readonly [key: string]: unknown;
}

/** A rotation's block, with the provider's own keys. */
export interface RotationText {
	readonly provider: string;
	readonly strategy?: string | undefined;
	readonly current: string;
	readonly stores: readonly string[];
	readonly canary?: string | undefined;
	readonly endpoint?: string | undefined;
	readonly overlap?: string | undefined;
	readonly key: string;
	readonly recipients?: readonly string[] | undefined;
	readonly journal?: string | undefined;
	readonly host?: string | undefined;
	readonly [key: string]: unknown;
}
