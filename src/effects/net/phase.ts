/** Where a request is, or where it came to an end. */
export type Phase = "dns" | "connect" | "proxy" | "tls" | "answer" | "body";

/** Files that decide whom to trust and who we are, as their PEM text. */
export interface TlsFiles {
	/** Trusted besides the certificates that Node brings along. */
	readonly ca?: string | undefined;
	readonly cert?: string | undefined;
	readonly key?: string | undefined;
}

/** Milliseconds spent in each phase that was gone through. */
export type Timings = Readonly<Partial<Record<Phase, number>>>;
