/** The programming interface of otel-crossfade; what is not named here may change in any release. */
export {
	type CheckOptions,
	checkText,
	type GeneratedCollector,
	type GeneratorOptions,
	generateCollector,
	type SpliceOptions,
	spliceCollector,
} from "./api/collector.ts";
export { type GeneratedKit, type KitOptions, renderKit } from "./api/kit.ts";
export { type ProbeOptions, probe } from "./api/probe.ts";
export { CrossfadeError, type ExitName, exitCodes, type Place, type Problem } from "./base/errors.ts";
export type { PlacedFinding } from "./generate/check/finding.ts";
export type { Artefact } from "./generate/render/artefact.ts";
export type { SpliceOutcome } from "./generate/splice/request.ts";
export type { InventoryRow, ProbeEvidence, TrafficCounter } from "./prove/evidence/evidence.ts";
export type { Judgement, JudgementInput } from "./prove/judge/case.ts";
export { judge } from "./prove/judge/judge.ts";
export type { JudgedRow } from "./prove/probe/verdict.ts";
export { type Fleet, parseFleet } from "./spec/fleet.ts";
export { fingerprint } from "./token/fingerprint.ts";
export { Secret } from "./token/secret.ts";
