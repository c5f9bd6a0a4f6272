import { basename, dirname } from "node:path";
import type { ExitName } from "../base/errors.ts";
import { shownName } from "../base/mask.ts";
import { aboutOf } from "../rotate/engine.ts";
import { journalOf, type RotationPlace } from "../rotate/open.ts";
import { stateOfJournal } from "../rotate/state.ts";
import { statusOf, statusText } from "../rotate/status.ts";
import type { FlagReader } from "../spec/flags.ts";

/** Where it stands. After the end the stores are still looked at, so that a rotation by hand is noticed. */
export async function status(place: RotationPlace, flags: FlagReader): Promise<ExitName> {
	const { fx, spec } = place;
	const journal = await journalOf(place);
	// As the provider's clock was when it was last asked: this asks nobody.
	const now = fx.clock.now() + (journal?.records.at(-1)?.ahead ?? 0);
	const found = statusOf(spec, journal, now);
	const drift = journal ? await drifted(place, stateOfJournal(journal.records)) : [];
	const report = {
		...found,
		next: [...found.next, ...drift],
		exit: drift.length > 0 ? ("personNeeded" as const) : found.exit,
	};
	const file = flags.text("prometheus");
	if (file !== undefined) {
		const { statusMetrics } = await import("../rotate/status-metrics.ts");
		const content = statusMetrics(report, fx.clock.now());
		await fx.files.writeAll(dirname(file), [{ path: basename(file), content }], { force: true });
	}
	fx.terminal.print(flags.isSet("json") ? `${JSON.stringify(report, undefined, 2)}\n` : statusText(report, now));
	return report.exit;
}

/** What the stores hold now that the last rotation did not put there, and whether the provider still accepts it. */
async function drifted(place: RotationPlace, state: ReturnType<typeof stateOfJournal>): Promise<string[]> {
	if (state.closed?.how !== "done" || !state.fresh) return [];
	const { fx, spec, fleet } = place;
	const [{ storeReach }, { acceptanceOf }] = [
		await import("../rotate/reach.ts"),
		await import("../rotate/acceptance.ts"),
	];
	const lines: string[] = [];
	let isAsked = false;
	for (const { name, kind, settings } of spec.stores) {
		const store = kind.open(settings, storeReach(fx));
		const holds = await store.read().finally(() => store.close?.());
		if (holds.is !== "token") continue;
		const { token } = holds.value;
		if (token.fingerprint !== state.fresh.fingerprint) {
			lines.push(
				`store ${shownName(name)} holds fp=${token.fingerprint}, which the last rotation did not put there: somebody rotated by hand`,
			);
		} else if (!isAsked) {
			isAsked = true;
			const { is, how } = await acceptanceOf({ fx, spec, fleet, about: () => aboutOf(spec, state) }, token, "new");
			if (is === "refused")
				lines.push(
					`the provider refuses the token in use: ${how}; take over with crossfade rotate start --adopt REF --since TIME`,
				);
		}
	}
	return lines;
}
