/** An attribute's value; whole numbers are sent as integers, others as doubles. */
type Value = string | number | boolean;
type Attributes = Readonly<Record<string, Value>>;

/** The form of a CLI's telemetry, as far as a test record must imitate it. Counts and costs are zero, so that totals do not change. */
export interface TelemetryForm {
	readonly id: string;
	readonly resource: Attributes;
	/** How it sends the token. */
	readonly path: "bearer" | "url";
	/** Whether it sends telemetry through the proxy of its environment. */
	readonly usesProxy: boolean;
	readonly log: {
		readonly scope: string;
		readonly body?: string;
		/** 0 when it sets none. */
		readonly severity: number;
		/** Whether it sets the event's own time, or only the observed time. */
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
		/** Values of `service.name`, which a user can change; a trailing star matches anything. */
		readonly services: readonly string[];
		/** Names of instrumentation scopes, which users do not change, including nested ones. */
		readonly scopes: readonly string[];
		/** Whether `service.version` is the version of the CLI. */
		readonly tellsVersion: boolean;
	};
	/** Sources of the facts above. */
	readonly sources: readonly string[];
}
