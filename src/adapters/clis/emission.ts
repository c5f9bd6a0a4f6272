/** A value of an attribute; whole numbers travel as integers, others as doubles. */
type Value = string | number | boolean;
type Attributes = Readonly<Record<string, Value>>;

/** What one CLI's telemetry looks like, as far as a test record has to look like it. Counts and costs are zero, so that no total changes. */
export interface Emission {
	readonly id: string;
	readonly resource: Attributes;
	/** How it carries the token. */
	readonly path: "bearer" | "url";
	/** Whether it sends telemetry through the proxy of its environment. */
	readonly usesProxy: boolean;
	readonly log: {
		readonly scope: string;
		readonly body?: string;
		/** 0 when it sets none. */
		readonly severity: number;
		/** Whether it sets the event's own time, or the observed time alone. */
		readonly timed: boolean;
		readonly attributes: Attributes;
	};
	/** A sum. */
	readonly metric: {
		readonly scope: string;
		readonly name: string;
		readonly unit: string;
		readonly number: "int" | "double";
		readonly temporality: "delta" | "cumulative";
		readonly attributes: Attributes;
	};
	readonly span: { readonly scope: string; readonly name: string; readonly attributes: Attributes };
	/** How its telemetry is recognised. */
	readonly sender: {
		/** Values of `service.name`, which a user can change; a star at the end stands for anything. */
		readonly services: readonly string[];
		/** Names of instrumentation scopes, which nobody changes, and of those below them. */
		readonly scopes: readonly string[];
		/** Whether `service.version` is the version of the CLI. */
		readonly tellsVersion: boolean;
	};
	/** What was read for the facts above. */
	readonly sources: readonly string[];
}
