import { exitCodes } from "../base/errors.ts";
import type { RotationStatus } from "./status.ts";

/**
 * A status as a text file for the textfile collector of node_exporter. Times are seconds since the epoch, as Prometheus wants them.
 * https://github.com/prometheus/node_exporter#textfile-collector, https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function statusMetrics(status: RotationStatus, lookedAt: number): string {
	const { rotation, provider, strategy, phase, startedAt, deadline, stores, exit } = status;
	const seconds = (at: number) => at / 1000;
	const families: readonly (readonly [name: string, help: string, rows: readonly Row[]])[] = [
		["info", "What is rotated, how, and in which phase it is.", [[{ provider, strategy, phase }, 1]]],
		[
			"status",
			"Exit code of crossfade rotate status; crossfade exit-codes says what it means.",
			[[{}, exitCodes[exit][0]]],
		],
		["needs_person", "1 if a person has to act.", [[{}, exit === "personNeeded" || exit === "unknownState" ? 1 : 0]]],
		[
			"start_timestamp_seconds",
			"When the newest operation began.",
			startedAt === undefined ? [] : [[{}, seconds(startedAt)]],
		],
		[
			"deadline_timestamp_seconds",
			"When the old token ends.",
			deadline === undefined ? [] : [[{}, seconds(deadline.at)]],
		],
		[
			"store_confirmed",
			"1 if evidence shows that the readers of the store use the token of this operation.",
			stores.map(({ name, confirmed }): Row => [{ store: name }, confirmed ? 1 : 0]),
		],
		["looked_timestamp_seconds", "When this was written; alert if it is old.", [[{}, seconds(lookedAt)]]],
	];
	return families
		.filter(([, , rows]) => rows.length > 0)
		.map(([name, help, rows]) => {
			const full = `crossfade_rotation_${name}`;
			const lines = rows.map(([labels, value]) => `${full}${labelText({ rotation, ...labels })} ${value}\n`);
			return `# HELP ${full} ${help}\n# TYPE ${full} gauge\n${lines.join("")}`;
		})
		.join("");
}

type Row = readonly [labels: Readonly<Record<string, string>>, value: number];

function labelText(labels: Readonly<Record<string, string>>): string {
	const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
	return `{${pairs.join(",")}}`;
}

function escaped(text: string): string {
	return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
