import type { ExitName } from "../base/errors.ts";
import { ownEntry } from "../base/lookup.ts";
import { shownName } from "../base/mask.ts";
import type { RotationSpec } from "../spec/rotation.ts";
import { rotateCommand } from "../spec/rotation-command.ts";
import { aboutOf, nextAbout } from "./engine.ts";
import type { Journal } from "./journal.ts";
import { type Next, nextStep } from "./next.ts";
import { type RotationState, stateOfJournal } from "./state.ts";
import { nextLines, phaseOf, storeText, timeText } from "./words.ts";

/** Where a rotation stands, from its journal alone. Contains no token. Times are milliseconds since the epoch, by the provider's clock. */
export interface RotationStatus {
	readonly schema: 1;
	readonly rotation: string;
	readonly provider: string;
	readonly strategy: string;
	readonly operation?: string | undefined;
	readonly phase: string;
	readonly startedAt?: number | undefined;
	readonly old?: string | undefined;
	readonly new?: string | undefined;
	readonly deadline?: { readonly at: number; readonly source: string } | undefined;
	readonly stores: readonly StoreStatus[];
	readonly next: readonly string[];
	readonly exit: ExitName;
}

interface StoreStatus {
	readonly name: string;
	readonly place: string;
	/** What it holds, in words. */
	readonly state: string;
	/** Evidence shows that its readers use the token of this operation. */
	readonly confirmed: boolean;
}

export function statusOf(spec: RotationSpec, journal: Journal | undefined, now: number): RotationStatus {
	const head = { schema: 1, rotation: spec.name, provider: spec.issuer.id, strategy: spec.strategy.id } as const;
	const places = spec.stores.map(({ name, place }) => ({ name, place }));
	if (!journal) {
		return {
			...head,
			phase: "never rotated",
			stores: places.map((each) => ({ ...each, state: "not looked at", confirmed: false })),
			next: [`what would happen: ${rotateCommand(spec, "plan")}`],
			exit: "ok",
		};
	}
	const state = stateOfJournal(journal.records);
	const about = aboutOf(spec, state);
	const next = nextStep(state, nextAbout({ spec, now: () => now, about: () => about }, new Set()));
	return {
		...head,
		strategy: state.opened.strategy,
		operation: state.opened.operation,
		phase: phaseOf(state, spec),
		startedAt: state.startedAt,
		old: state.old?.fingerprint,
		new: state.fresh?.fingerprint,
		deadline: state.deadline,
		stores: places.map((each) => {
			const store = ownEntry(state.stores, each.name);
			return { ...each, state: storeText(state, store), confirmed: store?.confirm.is === "done" };
		}),
		next: nextLines(next, { now, spec, state, about }),
		exit: exitOf(next, state),
	};
}

/** The exit code for what comes next. */
export function exitOf(next: Next, state: RotationState): ExitName {
	if ("over" in next) {
		const isWell = next.over === "done" || next.over === "rolled back";
		return isWell && state.closed?.left.length === 0 ? "ok" : "partial";
	}
	if ("alarm" in next) return "oldInUse";
	if ("person" in next) return next.person === "console" ? "unknownState" : "personNeeded";
	// A call that was begun and has no end is no less unknown than one that got no answer.
	const isUnanswered = state.fresh === undefined && (state.call.is === "unknown" || state.call.is === "begun");
	if ("wait" in next) return isUnanswered ? "unknownState" : "waiting";
	return "waiting";
}

export function statusText(status: RotationStatus, now: number): string {
	const lines = [
		`${shownName(status.rotation)}: ${status.phase}`,
		`provider  ${status.provider}, ${status.strategy}`,
		...(status.startedAt === undefined ? [] : [`started   ${timeText(status.startedAt, now)}`]),
		...(status.old === undefined ? [] : [`old       fp=${status.old}`]),
		...(status.new === undefined ? [] : [`new       fp=${status.new}`]),
		...(status.deadline === undefined
			? []
			: [`old ends  ${timeText(status.deadline.at, now)}, ${status.deadline.source}`]),
		...status.stores.map(({ name, state }) => `store     ${shownName(name)}: ${state}`),
		...status.next,
	];
	return `${lines.join("\n")}\n`;
}
