import type { Cli, Layer, SignalCondition } from "../../adapters/clis/cli.ts";
import type { Signal } from "../../adapters/providers/provider.ts";
import type { Mode } from "../../adapters/vehicles/mode.ts";
import type { Vehicle } from "../../adapters/vehicles/vehicle.ts";
import { CrossfadeError } from "../../base/errors.ts";
import { ownEntry } from "../../base/lookup.ts";
import { inWords } from "../../base/words.ts";
import type { EndpointScript } from "../../spec/endpoint-script.ts";
import { exitCodesOf, type HeaderFacts, optionsOf, purposeOf, reportWordsOf, stepsOf } from "./endpoint-header.ts";

/** The vehicle's lines that set the token in this mode. Throws `CrossfadeError` (usage) for a mode that it does not have. */
export function tokenLines(vehicle: Vehicle, mode: Mode): readonly string[] {
	const token = vehicle.token[mode];
	if (!token) {
		throw new CrossfadeError("usage", {
			what: `${vehicle.title} has no mode ${mode}`,
			expected: Object.keys(vehicle.token).join(" or "),
			fix: "omit the mode to use the one it has",
		});
	}
	return token;
}

/** What the header of the file says of it. */
export function headerFacts(
	{ vehicle, action, clis, provider, compact = false }: EndpointScript,
	{ actions, scope, host, helper, hasDaemon }: Pick<HeaderFacts, "actions" | "scope" | "host" | "helper" | "hasDaemon">,
): HeaderFacts {
	return {
		action,
		actions,
		titles: inWords(clis.map(({ title }) => title)),
		names: clis.map(({ id }) => id).join(", "),
		provider: provider.title,
		scope,
		users: vehicle.users,
		host,
		helper,
		endpoint: provider.endpoint,
		helped: inWords(
			clis.filter((cli) => cli.header && !compact && vehicle.language === undefined).map(({ title }) => title),
		),
		compact,
		says: vehicle.says,
		hasDaemon,
		language: vehicle.language ?? "sh",
		codes: codes(vehicle),
	};
}

/** The texts of the header. */
export function aboutView(about: HeaderFacts) {
	return {
		purpose: purposeOf(about),
		steps: stepsOf(about),
		documented: optionsOf(about),
		reportWords: reportWordsOf(about),
		exitCodes: exitCodesOf(about),
	};
}

/** A CLI with the rows that a provider needs who accepts these signals. */
export function forSignals(cli: Cli, takes: readonly Signal[]): Cli {
	const holds: Readonly<Record<SignalCondition, boolean>> = {
		logs: takes.includes("logs"),
		"no-logs": !takes.includes("logs"),
		metrics: takes.includes("metrics"),
		"no-metrics": !takes.includes("metrics"),
	};
	const needed = <T extends Layer>(layer: T): T => ({
		...layer,
		rows: layer.rows.flatMap((row) => {
			const isNeeded = "when" in row && row.when !== undefined ? ownEntry(holds, row.when) : undefined;
			if (isNeeded === undefined) return [row];
			return isNeeded ? [{ ...row, when: undefined }] : [];
		}),
	});
	return { ...cli, system: needed(cli.system), user: needed(cli.user) };
}

/** Action, our exit code, the vehicle's. */
function codes({ codes: own }: Vehicle): [string, string, number][] {
	return Object.entries(own).flatMap(([action, table]) =>
		Object.entries(table).map(([ours, theirs]): [string, string, number] => [action, ours, theirs]),
	);
}
