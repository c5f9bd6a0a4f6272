import type { Fleet } from "../../spec/fleet.ts";
import type { Inventory } from "../evidence/inventory.ts";
import type { Evidence } from "../evidence/store.ts";
import type { FileTrouble, GatewayExporter } from "../judge/case.ts";
import type { GatewayView } from "./view.ts";

/** What a look at a source found, beside what it put into the evidence folder. */
export interface LookedSeries {
	readonly place: string;
	/** As the evidence folder calls it. */
	readonly source: string;
	readonly group?: string | undefined;
	/** Why it cannot be read now. */
	readonly trouble?: string | undefined;
	/** What it took without telling with which token, in words. */
	readonly unattributed?: readonly string[] | undefined;
	/** Limits that it reached, in words. */
	readonly limits?: readonly string[] | undefined;
}

/** Everything that is known of an overlap at one moment. */
export interface Observed {
	readonly fleet: Fleet;
	/** Name -> fingerprint. */
	readonly tokens: Readonly<Record<string, string>>;
	/** Fingerprint -> which of the two tokens it is in disguise. */
	readonly lookalikes: Readonly<Record<string, string>>;
	readonly expectedHosts: readonly string[];
	readonly evidence: Evidence;
	readonly inventory: Inventory | undefined;
	/** Of lists and inventories: what could not be used. */
	readonly listTroubles: readonly FileTrouble[];
	/** Of what is read now, and cannot be kept. */
	readonly troubles: readonly FileTrouble[];
	readonly gateways: readonly GatewayView[];
	readonly looked: readonly LookedSeries[];
	readonly exporters: readonly GatewayExporter[];
	readonly now: number;
}
