/** A body that is not valid OTLP. Says where, never quotes it. */
export class MalformedOtlp extends Error {
	override readonly name = "MalformedOtlp";
}

/** The sender of a part of a request, from its resource; empty if unknown. Cut at `MAX_TEXT` characters. */
export interface OtlpSender {
	/** `host.name` */
	readonly host: string;
	/** `service.name` */
	readonly service: string;
	/** `service.version` */
	readonly version: string;
	/** The name of the first instrumentation scope. */
	readonly scope: string;
	readonly records: number;
}

export interface Scan {
	/** Log records, spans or metric data points. */
	readonly records: number;
	/** In order of appearance; those beyond `MAX_SENDERS` are combined, without names. */
	readonly resources: readonly OtlpSender[];
}

/** Takes a body in chunks of any size. Unusable after it threw. */
export interface Scanner {
	push(chunk: Uint8Array): void;
	/** Throws if the body is incomplete. */
	end(): Scan;
}

export const MAX_TEXT = 255;
/** A request has a handful of resources; a gateway's batch can have hundreds. */
const MAX_SENDERS = 1_000;

/** The resource attributes that identify the sender. */
export const SENDER_ATTRIBUTES = {
	"host.name": "host",
	"service.name": "service",
	"service.version": "version",
} as const;
export type SenderField = (typeof SENDER_ATTRIBUTES)[keyof typeof SENDER_ATTRIBUTES] | "scope";

export function isSenderAttribute(key: string): key is keyof typeof SENDER_ATTRIBUTES {
	return Object.hasOwn(SENDER_ATTRIBUTES, key);
}

/** Sums up by sender while scanning resources. */
export class SenderSums {
	records = 0;
	#before = 0;
	#fields: Record<SenderField, string> = { host: "", service: "", version: "", scope: "" };
	readonly #senders = new Map<string, { -readonly [K in keyof OtlpSender]: OtlpSender[K] }>();

	set(field: SenderField, value: string): void {
		if (field !== "scope" || this.#fields.scope === "") this.#fields[field] = value.slice(0, MAX_TEXT);
	}

	endResource(): void {
		const { host, service, version, scope } = this.#fields;
		const records = this.records - this.#before;
		this.#before = this.records;
		this.#fields = { host: "", service: "", version: "", scope: "" };
		const key = this.#senders.size < MAX_SENDERS ? `${host}\n${service}\n${version}\n${scope}` : "";
		const known = this.#senders.get(key);
		if (known) known.records += records;
		else if (key !== "") this.#senders.set(key, { host, service, version, scope, records });
		else this.#senders.set("", { host: "", service: "", version: "", scope: "", records });
	}

	done(): Scan {
		return { records: this.records, resources: [...this.#senders.values()] };
	}
}
