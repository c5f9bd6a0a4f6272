import type { Cli } from "../../adapters/clis/cli.ts";
import type { Hazard } from "../../adapters/clis/layering.ts";
import { shown, shownFile, shownName } from "../../base/mask.ts";
import { isInRange, versionText } from "../../base/versions.ts";
import { isLoopback } from "../../spec/endpoint.ts";
import { type DiagnosedCli, type DoctorFinding, isConcerned, type SignalState } from "./diagnosis.ts";
import { fileFindings, openFiles, placeOf } from "./file-findings.ts";
import { hostOf, misdirections } from "./misdirected.ts";
import { type ResolvedLayers, settingsIn } from "./resolve.ts";

/** `/env/NAME` as `NAME`, `/a/b` as `a.b`. */
export function settingName(pointer: string): string {
	return shown(
		pointer
			.replace(/^\/env\//, "")
			.replace(/^\//, "")
			.replaceAll("/", ".")
			.replaceAll("~1", "/")
			.replaceAll("~0", "~"),
	);
}

/** All problems, the worst first; none for a CLI that is not installed and has no settings. */
export function findingsOf(of: DiagnosedCli): DoctorFinding[] {
	if (!isConcerned(of)) return fileFindings(of);
	const all = [
		...fileFindings(of),
		...releases(of),
		...ignored(of),
		...hazards(of),
		...sending(of),
		...unclear(of),
		...tokens(of),
		...misdirections(of),
		...openFiles(of),
		...flagged(of),
		...programs(of),
		...daemons(of),
		...proxy(of),
	];
	const order = ["error", "warning", "note"];
	return all
		.map((finding) => withSteps(finding, of))
		.sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
}

/** With what has to be done before the install that a finding proposes: otherwise it would refuse. */
function withSteps(finding: DoctorFinding, { cli, sight }: DiagnosedCli): DoctorFinding {
	const steps = sight.layers.filter(({ place }) => place.id === "user").flatMap(({ before }) => before ?? []);
	if (steps.length === 0 || !finding.fix.includes("crossfade install")) return finding;
	const first = `${steps.join(", ")} (the user's file of ${cli.title})`;
	return { ...finding, fix: `${first}; then ${finding.fix}` };
}

function releases({ cli, sight }: DiagnosedCli): DoctorFinding[] {
	const { installs, release } = sight;
	const found: DoctorFinding[] = [];
	const versions = [...new Set(installs.flatMap(({ version }) => (version ? [versionText(version)] : [])))];
	if (versions.length > 1) {
		const what = `${versions.length} releases of ${cli.title} are installed (${versions.join(", ")})`;
		const fix = "remove those that are not used";
		found.push({ severity: "note", what, where: installs.map(({ path }) => shownFile(path)).join(", "), fix });
	}
	if (installs.length > 0 && release === undefined) {
		const what = `cannot tell the release of ${cli.title} from its files; assuming the newest`;
		found.push({ severity: "note", what, fix: `run ${cli.program} --version as the user` });
	}
	if (release && !isInRange(release, `>=${cli.user.since}`)) {
		const what = `release ${versionText(release)} cannot be configured for a provider`;
		found.push({ severity: "error", what, fix: `update ${cli.title} to ${cli.user.since} or later` });
	}
	return found;
}

/** Layers with settings that the release does not read. */
function ignored({ cli, resolved, sight }: DiagnosedCli): DoctorFinding[] {
	const found = new Map<string, DoctorFinding>();
	for (const { layer, isUnread } of resolved.lost) {
		if (!isUnread) continue;
		const { place } = layer;
		const since = /^>=(\S+)$/.exec(place.range ?? "")?.[1];
		const fix = since
			? `update ${cli.title} to ${since} or later, or use crossfade install --scope user`
			: `remove it from ${placeOf(layer)}`;
		const release = sight.release ? ` ${versionText(sight.release)}` : "";
		found.set(`${place.id} ${layer.path}`, {
			severity: since ? "warning" : "note",
			what: `the telemetry settings in the ${place.title} are ignored: ${cli.title}${release} does not read them there`,
			where: placeOf(layer),
			fix,
		});
	}
	return [...found.values()];
}

function hazards({ layering, resolved, sight }: DiagnosedCli): DoctorFinding[] {
	const isRelease = (range = "") => !sight.release || isInRange(sight.release, range);
	return layering.hazards.filter(({ range }) => isRelease(range)).flatMap((hazard) => occurrences(hazard, resolved));
}

function occurrences(hazard: Hazard, { settings, emissions }: ResolvedLayers): DoctorFinding[] {
	const { severity, isMissing } = hazard;
	const matching = [...settings].filter(([pointer]) => hazard.pointer.test(pointer));
	if (isMissing !== undefined) {
		if (matching.length > 0 || emissions.every(({ sent }) => sent === "no")) return [];
		return [{ severity, what: filled(hazard.what, isMissing, ""), fix: filled(hazard.fix, isMissing, "") }];
	}
	return matching.flatMap(([pointer, { value, layer }]) => {
		if (hazard.value && !hazard.value.test(value)) return [];
		if (hazard.layers && !hazard.layers.includes(layer.place.id)) return [];
		const name = settingName(pointer);
		const where = layer.path === undefined ? "environment" : placeOf(layer);
		return [
			{
				severity,
				what: filled(hazard.what, name, layer.place.title),
				where,
				fix: filled(hazard.fix, name, layer.place.title),
			},
		];
	});
}

function filled(text: string, name: string, layer: string): string {
	return text.replaceAll("{name}", name).replaceAll("{layer}", layer);
}

function sending({ cli, signals, resolved }: DiagnosedCli): DoctorFinding[] {
	const install = `crossfade install --cli ${cli.id}`;
	const off = signals.filter((signal) => signal.off !== undefined);
	const sends = signals.filter((signal) => signal.off === undefined);
	const what = (list: readonly SignalState[]) => list.map(({ signal }) => signal).join(", ");
	if (sends.length === 0) {
		return [
			{
				severity: "warning",
				what: `${cli.title} sends no telemetry: ${[...new Set(off.map((each) => each.off))].join("; ")}`,
				fix: install,
			},
		];
	}
	const found: DoctorFinding[] = off.map((each) => ({
		severity: "warning",
		what: `sends no ${each.signal}: ${each.off}`,
		fix: install,
	}));
	const homeless = sends.filter(({ url }) => url === undefined);
	if (homeless.length > 0) {
		found.push({ severity: "error", what: `no endpoint is set for ${what(homeless)}`, fix: install });
	}
	const urls = sends.flatMap(({ url, urlFrom }) =>
		url !== undefined && URL.canParse(url) ? [{ url: new URL(url), urlFrom }] : [],
	);
	for (const { url, urlFrom } of urls) {
		if (url.protocol !== "http:" || isLoopback(url.hostname)) continue;
		const where = urlFrom && placeOfSetting(resolved, urlFrom);
		found.push({
			severity: "error",
			what: `the token crosses the network in clear text, to ${shown(url.host)}`,
			where,
			fix: "use an https URL",
		});
		break;
	}
	const owners = ownersTraces(cli, sends).map(({ url }) => hostOf(url));
	const hosts = [...new Set(urls.map(({ url }) => url.host))].filter((host) => !owners.includes(host));
	if (hosts.length > 1) {
		const names = hosts.map((host) => shown(host)).join(", ");
		found.push({
			severity: "warning",
			what: `its signals go to several places: ${names}`,
			fix: `${install}, or remove the other one`,
		});
	}
	return found;
}

/** Files that change telemetry only if the CLI is started with a flag. */
function flagged({ cli, layering, sight }: DiagnosedCli): DoctorFinding[] {
	return sight.layers.flatMap((layer): DoctorFinding[] => {
		const { onlyWith, title } = layer.place;
		if (onlyWith === undefined || layer.state !== "read") return [];
		if (settingsIn(layer, layering.variables).length === 0) return [];
		const what = `with ${onlyWith}, ${cli.title} takes its telemetry settings from this ${title}, which is not checked here`;
		return [{ severity: "warning", what, where: placeOf(layer), fix: "remove the telemetry settings from it" }];
	});
}

/** Our own header program: without its files, or with other content, nothing is sent or another header is. */
function programs({ cli, programProblem }: DiagnosedCli): DoctorFinding[] {
	if (programProblem === undefined) return [];
	return [{ severity: "error", what: programProblem, fix: `crossfade install --cli ${cli.id} --helper` }];
}

/** What is not known of the signals, and what of them cannot be meant. */
function unclear({ cli, signals, resolved }: DiagnosedCli): DoctorFinding[] {
	const fix = `crossfade install --cli ${cli.id}, or correct the setting`;
	const refusal: DoctorFinding[] =
		resolved.refusal === undefined
			? []
			: [{ severity: "error", what: `${cli.title} does not start: ${resolved.refusal}`, fix }];
	const found = signals
		.filter(({ off }) => off === undefined)
		.flatMap(({ signal, doubt, flaws, urlFrom, tokenBy }): DoctorFinding[] => {
			const where = urlFrom && placeOfSetting(resolved, urlFrom);
			const wrong = flaws.map((what): DoctorFinding => ({ severity: "error", what, where, fix }));
			// A program has a finding of its own.
			if (doubt === undefined || tokenBy === "program") return wrong;
			return [...wrong, { severity: "warning", what: `not known what it sends of ${signal}: ${doubt}`, fix }];
		});
	return [...new Map([...refusal, ...found].map((each) => [each.what, each])).values()];
}

function placeOfSetting({ settings }: ResolvedLayers, pointer: string): string | undefined {
	const setting = settings.get(pointer);
	return setting && placeOf(setting.layer);
}

function hasToken({ secret, tokenBy }: SignalState): boolean {
	return secret !== undefined || tokenBy === "program";
}

/** Traces that go without a token to a host to which nothing else goes, by a table that `crossfade install` leaves as it is. */
function ownersTraces(cli: Cli, sends: readonly SignalState[]): SignalState[] {
	if (!cli.user.rows.some((row) => "keep" in row)) return [];
	const hosts = sends.filter(({ signal }) => signal !== "traces").map(({ url }) => hostOf(url));
	return sends.filter((state) => state.signal === "traces" && !hasToken(state) && !hosts.includes(hostOf(state.url)));
}

function tokens({ cli, signals, known, resolved, sight }: DiagnosedCli): DoctorFinding[] {
	const sends = signals.filter(({ off }) => off === undefined);
	const found: DoctorFinding[] = [];
	const owners = ownersTraces(cli, sends);
	for (const { url } of owners) {
		const what = `traces go to ${shown(hostOf(url) ?? "another host")} without a token: an exporter of your own, which is left as it is`;
		found.push({ severity: "note", what, fix: "nothing, if it is meant" });
	}
	const bare = sends.filter((state) => !hasToken(state) && !owners.includes(state));
	if (bare.length > 0) {
		const what = `no token is sent with ${bare.map(({ signal }) => signal).join(", ")}`;
		found.push({ severity: "error", what, fix: `crossfade install --cli ${cli.id}` });
	}
	const unusual = sends.filter(
		({ secret, tokenBy, scheme = "" }) => secret && tokenBy === "header" && !/^bearer$/i.test(scheme),
	);
	const [odd] = unusual;
	if (odd) {
		const is = odd.scheme ? `after the word ${shown(odd.scheme)} and not Bearer` : "without the word Bearer before it";
		const what = `the token of ${unusual.map(({ signal }) => signal).join(", ")} is sent ${is}`;
		const where = placeOfSetting(resolved, odd.tokenFrom ?? "");
		found.push({ severity: "error", what, where, fix: `crossfade install --cli ${cli.id}` });
	}
	const program = sends.find(({ secret, tokenBy }) => !secret && tokenBy === "program");
	if (program) {
		const where = placeOfSetting(resolved, program.tokenFrom ?? "");
		const what = "a program prints the token; it is not run here, so the token is unknown";
		found.push({
			severity: "note",
			what,
			where,
			fix: sight.isWindows ? "run the program yourself" : "run the program yourself, or use crossfade install --helper",
		});
	}
	const seen = new Map(sends.flatMap((each) => (each.secret ? [[each.secret.fingerprint, each] as const] : [])));
	if (seen.size > 1) {
		const list = [...seen].map(([fingerprint, { signal }]) => `${signal} fp=${fingerprint}`).join(", ");
		found.push({
			severity: "error",
			what: `its signals use different tokens: ${list}`,
			fix: `crossfade install --cli ${cli.id}`,
		});
	}
	for (const [fingerprint, { token, tokenFrom = "" }] of seen) {
		const where = placeOfSetting(resolved, tokenFrom);
		const fix = `crossfade install --cli ${cli.id} with the new token; it applies ${cli.applies}`;
		if (token === "old")
			found.push({ severity: "warning", what: `it uses the old token, fp=${fingerprint}`, where, fix });
		if (token === undefined && known.length > 0) {
			const names = known.map(({ name }) => name).join(" and ");
			found.push({ severity: "warning", what: `its token, fp=${fingerprint}, is none of ${names}`, where, fix });
		}
	}
	return found;
}

function daemons({ cli, sight, resolved, signals }: DiagnosedCli): DoctorFinding[] {
	const pointers = signals.flatMap(({ tokenFrom = "", urlFrom = "" }) => [tokenFrom, urlFrom]);
	const changes = pointers.flatMap((pointer) => resolved.settings.get(pointer)?.layer.changedAt ?? []);
	const changedAt = Math.max(0, ...changes);
	// An age is told in whole seconds, rounded down: the process may be a second older.
	const stale = sight.daemons.filter(({ startedAt }) => startedAt - 1000 < changedAt);
	if (!cli.daemon) return [];
	const { restart } = cli.daemon;
	const own = sight.daemons.flatMap(({ pid, variables }): DoctorFinding[] => {
		if (variables.length === 0) return [];
		const names = variables.map((name) => shownName(name)).join(", ");
		const what = `a background process (${pid}) has other values than this environment for ${names}, so what it sends is not checked`;
		return [{ severity: "warning", what, fix: restart }];
	});
	if (stale.length === 0) return own;
	const pids = stale.map(({ pid }) => pid).join(", ");
	const what = `a background process (${pids}) started before its settings changed, and still uses the old ones`;
	return [...own, { severity: "warning", what, fix: restart }];
}

function proxy({ cli, layering, signals, environment }: DiagnosedCli): DoctorFinding[] {
	const name = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"].find((each) => environment[each]);
	const hosts = signals.flatMap(({ off, url }) =>
		off === undefined && url && URL.canParse(url) ? [new URL(url).hostname] : [],
	);
	if (layering.usesProxy || name === undefined || !hosts.some((host) => !isLoopback(host))) return [];
	const what = `${name} is set, but ${cli.title} does not send telemetry through a proxy`;
	return [
		{
			severity: "warning",
			what,
			where: "environment",
			fix: "allow direct access to the endpoint, or send to a collector that can be reached directly",
		},
	];
}
