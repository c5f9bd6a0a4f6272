import type { Fleet } from "../../spec/fleet.ts";
import type { KnownPod } from "../evidence/evidence.ts";
import type { Inventory } from "../evidence/inventory.ts";
import type { Evidence } from "../evidence/store.ts";
import type { FileTrouble, GatewayExporter } from "../judge/case.ts";
import type { GatewayView } from "./view.ts";

/** What reading a source found, in addition to what it stored in the evidence folder. */
export interface LookedSeries {
	readonly place: string;
	/** Its name in the evidence folder. */
	readonly source: string;
	readonly group?: string | undefined;
	/** Why it cannot be read now. */
	readonly trouble?: string | undefined;
	/** What it received without counting it by token, as sentences. */
	readonly unattributed?: readonly string[] | undefined;
	/** Limits that it reached, as sentences. */
	readonly limits?: readonly string[] | undefined;
}

/** Everything known about an overlap at one moment. */
export interface Observed {
	readonly fleet: Fleet;
	/** Name -> fingerprint. */
	readonly tokens: Readonly<Record<string, string>>;
	/** Fingerprint -> which other form of a token it is. */
	readonly lookalikes: Readonly<Record<string, string>>;
	readonly expectedHosts: readonly string[];
	readonly evidence: Evidence;
	readonly inventory: Inventory | undefined;
	readonly pods: readonly KnownPod[];
	/** Unusable records of lists and inventories. */
	readonly listTroubles: readonly FileTrouble[];
	/** Readings that cannot be stored. */
	readonly troubles: readonly FileTrouble[];
	readonly gateways: readonly GatewayView[];
	readonly looked: readonly LookedSeries[];
	readonly exporters: readonly GatewayExporter[];
	readonly now: number;
}
