import type { Timings } from "../../effects/net/phase.ts";
import type { ProbeEvidence } from "../evidence/evidence.ts";

/** One observation, and how it was made. */
export interface ProbeObservation {
	readonly evidence: ProbeEvidence;
	readonly attempts: number;
	readonly timings: Timings;
	readonly proxy: string | undefined;
	readonly notes: readonly string[];
	/** Who gave the answer, as far as its headers show: see `speakerOf`; undefined without an answer. */
	readonly speaker?: string | undefined;
}
