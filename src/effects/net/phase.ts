/** The phase a request is in, or ended in. */
export type Phase = "dns" | "connect" | "proxy" | "tls" | "answer" | "body";

/** CA and client certificates, as PEM text. */
export interface TlsFiles {
	/** Trusted in addition to Node's own certificates. */
	readonly ca?: string | undefined;
	readonly cert?: string | undefined;
	readonly key?: string | undefined;
}

/** Milliseconds spent in each phase. */
export type Timings = Readonly<Partial<Record<Phase, number>>>;
