import { shown, shownFile } from "../../base/mask.ts";
import type { DiagnosedCli, DoctorFinding, SignalState } from "./diagnosis.ts";
import { type LayerSight, settingsIn } from "./resolve.ts";

/**
 * Tokens that go to a host they are not meant for: another one than those given, or than the one that the token's own file names. Where
 * neither is known, a token and an endpoint from two places are a warning: nobody has said that they belong together.
 */
export function misdirections(of: DiagnosedCli): DoctorFinding[] {
	const found = of.signals.flatMap((state) => {
		const host = hostOf(state.url);
		const isSent = state.sent !== "no" && state.tokenBy !== undefined && (state.secret || state.tokenBy === "program");
		return isSent && host !== undefined ? (misdirection(of, state, host) ?? []) : [];
	});
	const first = new Map<string, DoctorFinding>();
	for (const each of found) if (!first.has(each.what)) first.set(each.what, each);
	return [...first.values()];
}

function misdirection(of: DiagnosedCli, state: SignalState, host: string): DoctorFinding | undefined {
	const { cli, resolved, hosts, layering } = of;
	const { signal, tokenFrom = "", urlFrom = "", token } = state;
	const [by, to] = [tokenFrom, urlFrom].map((pointer) => resolved.settings.get(pointer)?.layer);
	const whose = token === undefined ? "the token" : `the ${shown(token)} token`;
	const where = to && placeOf(to);
	if (hosts && !hosts.includes(host)) {
		const what = `${whose} is sent with ${signal} to ${shown(host)}, and is meant for ${hosts.map((each) => shown(each)).join(", ")}`;
		const fix = `crossfade install --cli ${cli.id}; if the token is meant for that host, add --endpoint with its URL`;
		return { severity: "error", what, where, fix };
	}
	if (hosts || !by || !to || by === to || by.path === to.path) return undefined;
	const meant = settingsIn(by, layering.variables)
		.filter(([pointer]) => layering.endpoints.test(pointer))
		.flatMap(([, value]) => hostOf(value) ?? []);
	const fix = `remove the endpoint from the ${to.place.title}, or set endpoint and token in the same file`;
	if (meant.includes(host)) return undefined;
	const what = `${whose} of the ${by.place.title} is sent with ${signal} to ${shown(host)}, which the ${to.place.title} sets`;
	return { severity: meant.length > 0 ? "error" : "warning", what, where, fix };
}

export function hostOf(url: string | undefined): string | undefined {
	return url !== undefined && URL.canParse(url) ? new URL(url).host : undefined;
}

function placeOf({ place, path }: LayerSight): string {
	return path === undefined ? place.title : shownFile(path);
}
