import type { Signal } from "../../adapters/providers/provider.ts";

/** What a request carried: one of the signals, or `other` where it is no export of one. */
export type CountedSignal = Signal | "other";
