import type { Cli } from "../../adapters/clis/cli.ts";
import { credentialOf, type Emission } from "../../adapters/clis/emission.ts";
import type { CliLayering, ProgramFiles } from "../../adapters/clis/layering.ts";
import { couldBeToken, looksRandom, shown, shownName } from "../../base/mask.ts";
import { isInRange } from "../../base/versions.ts";
import type { KnownToken } from "../../spec/attribution.ts";
import { fingerprint } from "../../token/fingerprint.ts";
import { Secret } from "../../token/secret.ts";
import { tokenProblems } from "../../token/shape.ts";
import type { Diagnosis, SignalState } from "./diagnosis.ts";
import { findingsOf, settingName } from "./findings.ts";
import type { CliSight } from "./gather.ts";
import { isTable } from "./parse.ts";
import { type LayerSight, type ResolvedLayers, resolve } from "./resolve.ts";

/** The doctor's other inputs. */
export interface Consultation {
	readonly known: readonly KnownToken[];
	/** Hosts, with their port, that the tokens are meant for; undefined if nobody said. */
	readonly hosts?: readonly string[] | undefined;
	readonly environment: Readonly<Record<string, string | undefined>>;
	/** Reads a file's text; undefined if it cannot be read. */
	readonly readText: (path: string) => string | undefined;
	/** Whether other accounts than its owner can read a file; undefined if that cannot be seen. */
	readonly isOpen: (path: string) => boolean | undefined;
}

/** What is not looked at there. */
const NOT_ON_WINDOWS: readonly string[] = [
	"variables that another console was given, or that a profile takes from a file of its own",
	"commands that cmd.exe runs when it starts (AutoRun)",
	"background processes",
	"CLIs in WSL",
];

/** Diagnoses one CLI. */
export function diagnose(cli: Cli, layering: CliLayering, seen: CliSight, by: Consultation): Diagnosis {
	const layers = seen.layers.map((layer) => asReadBy(layer, seen.release));
	const sight = { ...seen, layers: layers.map((layer) => withVariablesOf(by.environment, layer, layering, seen)) };
	const first = resolve(layering, sight.layers, sight.release);
	const pointer = first.emissions.find(({ program }) => program !== undefined)?.program;
	const ours = pointer === undefined ? undefined : layering.programFiles?.(first.settings.get(pointer)?.value ?? "");
	const programProblem = ours && problemOf(cli, ours, by.readText);
	const token = ours && programProblem === undefined ? firstLine(by.readText(ours.token)) : undefined;
	const resolved = withCertificates(
		token === undefined ? first : resolve(layering, sight.layers, sight.release, token),
		layering,
		by.readText,
	);
	const signals = resolved.emissions.map((emission) => signalState(emission, by.known));
	const findings = findingsOf({
		cli,
		layering,
		sight,
		resolved,
		signals,
		known: by.known,
		hosts: by.hosts,
		environment: by.environment,
		isOpen: by.isOpen,
		programProblem,
		printed:
			token === undefined || !ours || pointer === undefined
				? undefined
				: { by: pointer, path: ours.token, isOpen: by.isOpen(ours.token) },
	});
	const { id, title, applies } = cli;
	const unseen = [
		...layering.unseen,
		...(sight.isWindows ? NOT_ON_WINDOWS : []),
		...(sight.owner === undefined
			? []
			: [`the variables of the account of this home (uid ${sight.owner}): these are root's`]),
	];
	return { id, title, applies, sight, resolved, signals, findings, unseen };
}

/** Why our program does not print the header that we wrote it for. */
function problemOf(cli: Cli, { program, token }: ProgramFiles, readText: Consultation["readText"]): string | undefined {
	const text = readText(program);
	if (text === undefined) return "the program that prints the header is missing or cannot be read, so nothing is sent";
	if (text !== cli.header?.program) return "the program that prints the header is not the one that crossfade installs";
	return firstLine(readText(token))
		? undefined
		: "the token file of the header's program is missing, empty or cannot be read, so nothing is sent";
}

function firstLine(text: string | undefined): string | undefined {
	return text?.split(/\r?\n/, 1)[0];
}

/** What a release makes of a file: older ones read files that break a rule, and of some what is in them is not known. */
function asReadBy(layer: LayerSight, release: CliSight["release"]): LayerSight {
	const rule = layer.place.mustBeSafe;
	const odd = layer.odd?.filter(({ range }) => !release || isInRange(release, range)) ?? [];
	const breaking = odd.find(({ isBroken }) => isBroken);
	if (breaking !== undefined) return { ...layer, state: "broken", why: breaking.why };
	const doubt = odd[0]?.why;
	if (doubt !== undefined && layer.doubt === undefined) return { ...layer, doubt };
	if (layer.state !== "unsafe" || !release || rule === undefined || isInRange(release, rule)) return layer;
	return { ...layer, state: "read", why: undefined };
}

/** A file's content with every text as the CLI uses it. */
function withVariablesOf(
	environment: Consultation["environment"],
	layer: LayerSight,
	{ expanded }: CliLayering,
	{ release, isWindows }: CliSight,
): LayerSight {
	const { place, document } = layer;
	if (!expanded || place.format !== "jsonc" || document === undefined) return layer;
	const own = isWindows
		? Object.fromEntries(Object.entries(environment).map(([name, value]) => [name.toUpperCase(), value]))
		: environment;
	const isRelease = (range: string) => release === undefined || isInRange(release, range);
	const walk = (value: unknown): unknown => {
		if (typeof value === "string") return expanded(value, own, isRelease);
		if (Array.isArray(value)) return value.map(walk);
		return isTable(value) ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, walk(inner)])) : value;
	};
	return { ...layer, document: walk(document) as LayerSight["document"] };
}

/** Nothing is called sent where a file of certificates that it goes by holds none. */
function withCertificates(
	resolved: ResolvedLayers,
	layering: CliLayering,
	readText: Consultation["readText"],
): ResolvedLayers {
	const pointer = [...resolved.settings].find(
		([each, { value }]) => layering.certificates?.test(each) && !CERTIFICATE.test(readText(value) ?? ""),
	)?.[0];
	if (pointer === undefined) return resolved;
	const why = `${settingName(pointer)} names a file in which no certificate was found`;
	const emissions = resolved.emissions.map((each) =>
		each.sent === "yes" ? { ...each, sent: "unknown" as const, why } : each,
	);
	return { ...resolved, emissions };
}

const CERTIFICATE = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----\s+[A-Za-z0-9+/]{40,}/;

/** Turns the token into a secret: anything else is dropped, and its text goes no further. */
function signalState(emission: Emission, known: readonly KnownToken[]): SignalState {
	const { signal, sent, why, url, urlFrom, protocol, headers, flaws = [] } = emission;
	const isKnown = (word: string) => known.some((each) => each.fingerprint === fingerprint(word));
	const credential = credentialOf(
		emission,
		(word) => isKnown(word) || couldBeToken(word) || (word.length >= 20 && looksRandom(word)),
	);
	const token = credential?.token;
	const secret = token !== undefined && tokenProblems(token, "").length === 0 ? Secret.of(token) : undefined;
	return {
		signal,
		sent,
		off: sent === "no" ? why : undefined,
		doubt: sent === "unknown" ? why : undefined,
		flaws,
		url: url === undefined ? undefined : withoutToken(url, secret),
		urlFrom,
		protocol,
		headers: headers.map(({ name }) => shownName(name)),
		secret,
		token: known.find((each) => each.fingerprint === secret?.fingerprint)?.name,
		...(credential && { tokenFrom: credential.from, tokenBy: credential.by, scheme: credential.scheme }),
	};
}

/** A URL safe to show: without user, password and anything that could be a token. */
function withoutToken(url: string, secret: Secret | undefined): string {
	if (!URL.canParse(url)) return shown(url);
	const { protocol, host, pathname, search } = new URL(url);
	const forms = secret ? [secret.reveal(), encodeURIComponent(secret.reveal())] : [];
	const words = `${pathname}${search}`.split(/([/?&=])/).map((word) => {
		if (forms.includes(word)) return "TOKEN";
		return couldBeToken(word) ? `[${word.length} characters]` : word;
	});
	return shown(`${protocol}//${host}${words.join("")}`, 200);
}
