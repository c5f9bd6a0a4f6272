import type { Choices } from "./random.ts";

/** What a generator can name: two places that take telemetry, and tokens of which each says where it was set. */
export interface Materials {
	readonly choose: Choices;
	/** `127.0.0.1:PORT` of one of two recorders. */
	host(): string;
	/** A new word for each call. */
	token(): string;
}

/** Settings in all layers: files by `~/…` or `/etc/…`, and the variables of the shell. */
export interface GeneratedSettings {
	readonly files: Readonly<Record<string, string>>;
	readonly env: Readonly<Record<string, string>>;
}

/** Makes settings at random: what people write, and what they should not. */
export type Generator = (materials: Materials) => GeneratedSettings;

/** A list as OTEL_EXPORTER_OTLP_HEADERS has it. */
export function headerList({ choose, token }: Materials): string {
	const names = ["Authorization", "authorization", "AUTHORIZATION"] as const;
	const authorization = () => {
		const form = choose.mostly(0.6, "Bearer @", "@", "Token @", "Bearer%20@", "Basic @", "Bearer  @", " Bearer @ ");
		return `${choose.mostly(0.7, ...names)}=${form.replace("@", token())}`;
	};
	const other = () => {
		const name = choose.pick(["X-A", "x-a", "X-B", "X-Scope-OrgID", " X-C ", "X%2DA", "X_D"]);
		return `${name}=${choose.mostly(0.5, "1", "a b", "a%2Fb", "a=b==", "a;b", '"q"', "", "100%zz", "é", "a:b", ...ODD_VALUES)}`;
	};
	const pairs = [
		...(choose.maybe(0.85) ? [authorization()] : []),
		...(choose.maybe(0.2) ? [authorization()] : []),
		...(choose.maybe(0.4) ? [other()] : []),
		...(choose.maybe(0.3) ? [other()] : []),
		...(choose.maybe(0.06)
			? [choose.pick(["novalue", "=v", "", "X A=1", "Authorization: Bearer colon", "X-N=a\nb"])]
			: []),
	];
	return pairs.join(choose.mostly(0.8, ",", " , "));
}

/** Of other writing systems, and longer than what some servers take. */
export const ODD_VALUES = [
	"日本",
	"\u{1f600}",
	"%F0%9F%98%80",
	"e\u0301",
	"x".repeat(300),
	"y".repeat(9_000),
	"z".repeat(40_000),
] as const;

/** Milliseconds of an exporter, and what people write for them. */
export const timeout = ({ choose }: Materials) => choose.pick(["1", "20", "1.5", "0", "-1", "abc", "", "30000"]);

/**
 * Now and then a variable that moves the folder of a CLI, and its files there: absolute, below the working folder, with a tilde, empty, missing,
 * or something that is no folder. `folder` is where it is usually.
 */
export function moved(
	materials: Materials,
	settings: GeneratedSettings,
	at: { variable: string; folder: string },
): GeneratedSettings {
	const { choose } = materials;
	if (!choose.maybe(0.12)) return settings;
	const [value, place] = choose.pick([
		["{home}/alt", "~/alt"],
		["{home}/a b/", "~/a b"],
		["alt", "~/project/alt"],
		["./alt/", "~/project/alt"],
		["~/alt", "~/alt"],
		["~/alt", "~/project/~/alt"],
		["", "~/project"],
		["", undefined],
		["{home}/gone", undefined],
		["gone", undefined],
		["{home}/alt", "a file"],
	] as const);
	const files: Record<string, string> = {};
	for (const [path, content] of Object.entries(settings.files)) {
		const isOfFolder = path.startsWith(`${at.folder}/`) && !path.startsWith("~/project/");
		const isMoved = place !== undefined && place !== "a file" && isOfFolder && choose.maybe(0.8);
		files[isMoved ? place + path.slice(at.folder.length) : path] = content;
		// In both places, with another token in one.
		if (isMoved && choose.maybe(0.3)) files[path] = content.replaceAll("token-", "usual-");
	}
	if (place === "a file") files["~/alt"] = "no folder\n";
	return { files, env: { ...settings.env, [at.variable]: value } };
}

/** A base URL, or what somebody takes for one. */
export function baseUrl({ choose, host }: Materials): string {
	const at = host();
	const path = choose.mostly(0.5, "", "/", "/in", "/in/", "/a%20b", "/in//", "/v1/logs");
	return choose.mostly(
		0.85,
		`http://${at}${path}`,
		`${at}${path}`,
		` http://${at}${path} `,
		`http://${at}${path}?x=1`,
		`http://${at}${path}#f`,
		`http://u:p@${at}${path}`,
		`HTTP://${at}${path}`,
		"",
	);
}
