/**
 * A program that puts the token where it belongs: `ssh host sudo sh rotate-torii.sh --from -`, `gcloud secrets versions add NAME
 * --data-file=-`, `az`, `op`, `doppler`, a script of one's own. It gets the token on standard input, followed by a line break, and in no
 * argument or variable. Exit code 0 means written; after any other the token may or may not be there. A second program can print the
 * fingerprint of what is there: then a token that nobody expects is not overwritten, and a lost answer is found out.
 *
 * Sources: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_08_02 (exit codes),
 * https://cloud.google.com/sdk/gcloud/reference/secrets/versions/add.
 */
import { durationMs } from "../../../base/duration.ts";
import { shownName } from "../../../base/mask.ts";
import { sh } from "../../../base/quote.ts";
import { said } from "../secrets.ts";
import {
	type Store,
	type StoreCheck,
	type StoreHolds,
	type StoreKind,
	type StoreReach,
	type StoreRun,
	type StoreSettings,
	type StoreWrite,
	type StoreWritten,
	settingOf,
} from "../store.ts";

export const store: StoreKind = {
	id: "command",
	title: "command",
	order: 30,
	settings: [
		{
			name: "write",
			form: "words",
			required: true,
			description:
				"The program with its arguments that stores the token it reads from standard input, and exits 0 then.",
		},
		{
			name: "read",
			form: "words",
			description:
				"A program that prints the fingerprint (12 hex digits) of the token in use, or nothing where there is none, and exits 0.",
		},
		{
			name: "check",
			form: "words",
			description: "A program that exits 0 if a write would work now. It must change nothing.",
		},
		{ name: "timeout", form: "duration", standard: "1m", description: "How long each of them may take." },
	],
	proof: "none",
	readsBack: false,
	conflict: (settings) => {
		const empty = ["write", "read", "check"].find((name) => settings[name]?.length === 0);
		return empty === undefined ? undefined : `${empty} names no program`;
	},
	place: (settings) =>
		`command ${wordsOf(settings, "write")
			.map(sh)
			.map((word) => shownName(word))
			.join(" ")}`,
	open: command,
	sources: [
		"https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_08_02",
		"https://cloud.google.com/sdk/gcloud/reference/secrets/versions/add",
	],
};

function wordsOf(settings: StoreSettings, name: string): readonly string[] {
	const value = settings[name];
	return typeof value === "string" ? [value] : (value ?? []);
}

const FINGERPRINT = /^[0-9a-f]{12}$/;
const BY_HAND = "run it by hand with a token that is not in use, and read what it prints";

function command(settings: StoreSettings, reach: StoreReach): Store {
	const timeoutMs = durationMs(settingOf(settings, "timeout")) ?? 60_000;
	const run = (name: string, options: { readonly input?: StoreWrite["value"]["token"] } = {}) => {
		const [program = "", ...args] = wordsOf(settings, name);
		return reach.run(program, args, { ...options, timeoutMs });
	};
	const has = (name: string) => wordsOf(settings, name).length > 0;

	/** The fingerprint of what is there, "nothing", or why nobody knows. */
	const look = async (): Promise<{ readonly holds: string } | { readonly why: string }> => {
		const done = await run("read");
		if (done.code !== 0) return { why: `the read command ${ended(done)}` };
		const text = done.stdout.trim();
		if (text !== "" && !FINGERPRINT.test(text))
			return { why: `the read command printed ${text.length} characters that are no fingerprint of 12 hex digits` };
		return { holds: text === "" ? "nothing" : text };
	};

	return {
		async read(): Promise<StoreHolds> {
			if (!has("read")) return { is: "hidden" };
			const found = await look();
			if ("why" in found) return { is: "unreachable", why: found.why, nextStep: BY_HAND };
			return { is: "hidden", fingerprint: found.holds };
		},
		async check(): Promise<StoreCheck> {
			const found = has("read") ? await look() : undefined;
			if (found && "why" in found) return { can: "no", how: found.why, nextStep: BY_HAND };
			const done = has("check") ? await run("check") : undefined;
			if (done && done.code !== 0)
				return { can: "no", how: `the check command ${ended(done)}`, nextStep: "do what it asks for, and check again" };
			if (done) return { can: "permitted", how: "the check command exited with 0" };
			const how = found ? "the read command works; the write command was not run" : "the write command was not run";
			return { can: "unknown", how, nextStep: "add a check command, or try it with a token that is not in use" };
		},
		async promote(write: StoreWrite): Promise<StoreWritten> {
			const { token, publicId } = write.value;
			if (publicId !== undefined)
				return {
					did: "refused",
					why: "the provider gives a pair, and a command gets the token alone",
					nextStep: "keep the pair in a store with two fields",
				};
			if (has("read")) {
				const found = await look();
				if ("why" in found) return { did: "refused", why: found.why, nextStep: BY_HAND };
				if (found.holds === token.fingerprint) return { did: "already" };
				if (found.holds !== write.expected) return { did: "conflict", holds: found.holds };
			}
			const done = await run("write", { input: token });
			if (done.code === 0) return { did: "written" };
			const why = `the write command ${ended(done)}`;
			return done.started === false
				? { did: "refused", why, nextStep: "install it, or name its full path" }
				: { did: "ambiguous", why };
		},
	};
}

/** How a program ended, with the first line of what it said. */
function ended({ code, started, stderr }: StoreRun): string {
	const how =
		code === undefined ? (started === false ? "could not be started" : "did not end by itself") : `exited with ${code}`;
	const line = said(stderr);
	return line === "" ? how : `${how}: ${line}`;
}
