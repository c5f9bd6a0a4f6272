import { type ExitName, exitCodes } from "../../base/errors.ts";
import { jsonText } from "../../base/json.ts";
import { shown, shownFile } from "../../base/mask.ts";
import { type Paint, painter, severityStyles, type TextStyle } from "../../base/paint.ts";
import { versionText } from "../../base/versions.ts";
import { fill, hanging } from "../../base/width.ts";
import { type Diagnosis, type DoctorFinding, isConcerned, type SignalState } from "./diagnosis.ts";
import { placeOf } from "./file-findings.ts";
import { settingName } from "./findings.ts";
import type { Probed } from "./probe.ts";
import type { LayerSight } from "./resolve.ts";

/** All of a doctor's findings. */
export interface DoctorReport {
	readonly diagnoses: readonly Diagnosis[];
	readonly probed: readonly Probed[];
	readonly exit: ExitName;
	/** What of the machine was not looked at, or is out of the ordinary. */
	readonly notes: readonly string[];
	/** Also shows every layer, and the last characters of tokens. */
	readonly isVerbose: boolean;
}

const LABEL = 9;

/** One block per CLI: what it sends, with which token, from which layers; then problems and fixes. */
export function doctorText(report: DoctorReport, { color, width }: TextStyle): string {
	const paint = painter(color);
	const blocks = report.diagnoses.map((each) => block(each, report, width, paint));
	const { exit, notes } = report;
	for (const note of notes) blocks.push(hanging(`${fill("note", LABEL)}`, note, width));
	const meaning = exit === "findings" ? "problems found, see above" : exitCodes[exit][1];
	const last = paint(`exit ${exitCodes[exit][0]}: ${meaning}`, exit === "ok" ? "green" : "yellow");
	return `${[...blocks, [last]].map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function block(diagnosis: Diagnosis, { probed, isVerbose }: DoctorReport, width: number, paint: Paint): string[] {
	const { title, sight, signals, findings } = diagnosis;
	const isHere = sight.installs.length > 0;
	const head = isHere
		? `${title} ${sight.release ? versionText(sight.release) : "(release unknown)"}`
		: `${title}: not found`;
	if (!isConcerned(diagnosis) && findings.length === 0 && !isVerbose) return [head];
	const row = (label: string, text: string) => hanging(`  ${fill(label, LABEL)}`, text, width);
	const sends = signals.filter(({ off }) => off === undefined);
	const lines = [head];
	for (const signal of signals) {
		const doubt = signal.sent === "unknown" ? " (not known whether it is sent so)" : "";
		if (signal.off === undefined) lines.push(...row(signal.signal, `${signal.url ?? "nowhere"}${doubt}`));
		else if (sends.length > 0 || isVerbose) lines.push(...row(signal.signal, `not sent: ${signal.off}`));
	}
	for (const text of new Set(sends.map((signal) => tokenText(diagnosis, signal, isVerbose))))
		lines.push(...row("token", text));
	const layers = sight.layers
		.filter((layer) => isVerbose || layer.state !== "absent")
		.flatMap((layer) => {
			const text = layerText(diagnosis, layer, isVerbose);
			return text === undefined ? [] : [text];
		});
	layers.forEach((text, index) => {
		lines.push(...row(index === 0 ? "layers" : "", text));
	});
	if (isVerbose) {
		for (const { path } of sight.installs) lines.push(...row("found", shownFile(path)));
		for (const text of diagnosis.unseen) lines.push(...row("unseen", text));
	}
	const answers = probed.find(({ id }) => id === diagnosis.id);
	for (const { evidence, verdict, exit } of answers?.rows ?? []) {
		const text = `${evidence.signal} ${paint(verdict, exit === "ok" ? "green" : "red")}: ${evidence.detail}`;
		lines.push(...row("probe", text));
		if (evidence.fix && exit !== "ok") lines.push(...row("", `fix: ${evidence.fix}`));
	}
	for (const { signal, why } of answers?.skipped ?? []) lines.push(...row("probe", `${signal} not probed: ${why}`));
	return [...lines, ...findings.flatMap((finding) => findingText(finding, row, paint))];
}

function tokenText(
	{ resolved }: Diagnosis,
	{ secret, token, tokenFrom = "", tokenBy }: SignalState,
	isVerbose: boolean,
): string {
	const setting = resolved.settings.get(tokenFrom);
	const name =
		isVerbose || setting?.layer.path === undefined || tokenBy === "program" ? `${settingName(tokenFrom)} of ` : "";
	const from = setting ? `${name}the ${setting.layer.place.title}` : "";
	if (!secret) return tokenBy === "program" ? `printed by ${from}` : "none";
	const hint = isVerbose ? ` (ends in ${secret.hint})` : "";
	return `${token ? `${shown(token)} ` : ""}fp=${secret.fingerprint}${hint}, from ${from}`;
}

/** A layer and its effect; undefined for one without telemetry settings, unless verbose. */
function layerText({ resolved }: Diagnosis, layer: LayerSight, isVerbose: boolean): string | undefined {
	const count = [...resolved.settings.values()].filter(({ layer: each }) => each === layer).length;
	const lost = resolved.lost.filter((each) => each.layer === layer);
	const [first] = lost;
	const place = layer.path === undefined ? layer.place.title : `${layer.place.title} ${placeOf(layer)}`;
	if (layer.doubt !== undefined && count === 0) return `${place}: ${layer.doubt}`;
	if (layer.state === "read" && layer.why !== undefined) return isVerbose ? `${place}: ${layer.why}` : undefined;
	if (layer.state !== "read") return `${place}: ${layer.state === "absent" ? "not found" : (layer.why ?? layer.state)}`;
	if (count > 0)
		return `${place}: ${count} ${count === 1 ? "setting in effect" : "settings in effect"}${lost.length > 0 ? `, ${lost.length} overridden` : ""}`;
	if (first) return `${place}: no setting in effect, ${first.why}`;
	return isVerbose ? `${place}: no telemetry settings` : undefined;
}

function findingText(
	{ severity, what, where, fix }: DoctorFinding,
	row: (label: string, text: string) => string[],
	paint: Paint,
): string[] {
	const [first = "", ...rest] = row(severity, what);
	const head = first.replace(severity, paint(severity, severityStyles[severity]));
	return [head, ...rest, ...(where === undefined ? [] : row("", `in ${where}`)), ...row("", `fix: ${fix}`)];
}

/** The whole report as one document; fields are only ever added. */
export function doctorJson({ diagnoses, probed, exit, notes, isVerbose }: DoctorReport): string {
	const document = {
		schema: 1,
		clis: diagnoses.map(({ id, title, applies, sight, resolved, signals, findings, unseen }) => ({
			id,
			title,
			installs: sight.installs.map(({ version, path, isOnPath }) => ({
				version: version && versionText(version),
				path,
				isOnPath,
			})),
			release: sight.release && versionText(sight.release),
			applies,
			signals: signals.map(
				({ signal, sent, off, doubt, protocol, headers, scheme, url, urlFrom, secret, token, tokenFrom, tokenBy }) => ({
					signal,
					sends: off === undefined,
					sent,
					off,
					doubt,
					protocol,
					headers,
					url,
					urlFrom: urlFrom && fromJson(urlFrom, resolved.settings.get(urlFrom)?.layer),
					fingerprint: secret?.fingerprint,
					...(isVerbose && { hint: secret?.hint }),
					token,
					tokenFrom: tokenFrom && fromJson(tokenFrom, resolved.settings.get(tokenFrom)?.layer),
					tokenBy,
					scheme,
				}),
			),
			layers: sight.layers.map((layer) => ({
				id: layer.place.id,
				title: layer.place.title,
				path: layer.path,
				state: layer.state,
				why: layer.why,
				doubt: layer.doubt,
				holds: [...resolved.settings]
					.filter(([, { layer: each }]) => each === layer)
					.map(([pointer]) => settingName(pointer)),
				lost: resolved.lost
					.filter((each) => each.layer === layer)
					.map(({ pointer, why }) => ({ setting: settingName(pointer), why })),
			})),
			daemons: sight.daemons.map(({ pid, startedAt }) => ({ pid, startedAt: new Date(startedAt).toISOString() })),
			probe: probed
				.find((each) => each.id === id)
				?.rows.map(({ evidence, verdict }) => ({
					signal: evidence.signal,
					token: evidence.token,
					fingerprint: evidence.fingerprint,
					place: evidence.place,
					verdict,
					status: evidence.status,
					detail: evidence.detail,
				})),
			notProbed: probed.find((each) => each.id === id)?.skipped,
			unseen,
			findings,
		})),
		notes,
		exit: { name: exit, code: exitCodes[exit][0] },
	};
	return jsonText(document);
}

function fromJson(pointer: string, layer: LayerSight | undefined) {
	return { setting: settingName(pointer), layer: layer?.place.id, path: layer?.path };
}
