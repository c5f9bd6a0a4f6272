import { basename, dirname } from "node:path";
import { CrossfadeError, type ExitName } from "../base/errors.ts";
import { ownEntry } from "../base/lookup.ts";
import type { Effects } from "../effects/effects.ts";
import { outcomeOf } from "../prove/overlap/outcome.ts";
import type { OverlapView } from "../prove/overlap/view.ts";
import { observe } from "../prove/watch/observe.ts";
import { readFlags } from "../spec/flags.ts";
import type { Command, Invocation } from "./command.ts";
import { fleetOptions, loadFleet } from "./fleet-options.ts";
import { followRotation, rotationOption, withOperation } from "./rotation-option.ts";

type Renderer = (view: OverlapView, options: { readonly color: boolean; readonly explain: boolean }) => string;

/** Renders each format; loads what it needs. */
const formats: Readonly<Record<string, () => Promise<Renderer>>> = {
	text: async () => {
		const { reportText } = await import("../prove/report/overlap-text.ts");
		return (view, options) => `${reportText(view, { ...options, senders: Number.POSITIVE_INFINITY }).join("\n")}\n`;
	},
	json: async () => (await import("../prove/report/overlap-data.ts")).reportJson,
	csv: async () => (await import("../prove/report/overlap-data.ts")).reportCsv,
	html: async () => {
		const [{ reportDocument }, { pageData }] = [
			await import("../prove/web/document.ts"),
			await import("../prove/web/state.ts"),
		];
		return (view) => reportDocument(pageData(view));
	},
	junit: async () => (await import("../prove/report/overlap-data.ts")).reportJunit,
};

export const reportCommand: Command = {
	name: "report",
	description: `Reports an overlap: which token is accepted where, who sends with which, who was not seen, and whether the old
token can be retired. The same as crossfade watch, once, for people and programs.`,
	options: [
		...fleetOptions,
		rotationOption,
		{
			flags: "--format <name>",
			description: "default: by the extension of --out, otherwise text",
			choices: Object.keys(formats),
		},
		{ flags: "-o, --out <file>", description: "write it to a file", files: true },
		{ flags: "--force", description: "overwrite an existing file" },
		{ flags: "--explain", description: "in text: show all evidence for the answer" },
		{ flags: "--json", description: "same as --format json" },
		{ flags: "--require-migrated", description: "exit 5 or 9 unless the old token can be retired" },
	],
	examples: [
		["crossfade report", "as text"],
		["crossfade report --rotation prod", "with the tokens of a rotation of crossfade rotate, and how it stands"],
		["crossfade report --explain", "with the evidence for each point, and what to do for open ones"],
		[
			"crossfade report --inventory export.csv --token old=fp:0123456789ab --token new=fp:ba9876543210",
			"only from an MDM's export",
		],
		["crossfade report --out overlap.html", "an HTML page in one file"],
		["crossfade report --format junit --require-migrated > overlap.xml", "a gate in a pipeline"],
	],
	run,
};

const ENDINGS: Readonly<Record<string, string>> = { html: "html", json: "json", csv: "csv", xml: "junit" };

async function run(fx: Effects, { options }: Invocation): Promise<ExitName> {
	const reader = readFlags(options);
	const out = reader.text("out");
	const byEnding = ownEntry(ENDINGS, /\.([a-z]+)$/.exec(out ?? "")?.[1] ?? "");
	const wanted = reader.text("format") ?? (reader.isSet("json") ? "json" : (byEnding ?? "text"));
	const format = reader.choice(wanted, Object.keys(formats), "--format", "format");
	const load = ownEntry(formats, format ?? "");
	if (!load) throw new CrossfadeError("usage", reader.problems);
	const follower = await followRotation(fx, options, ["token"]);
	const fleet = await loadFleet(fx, options);
	const followed = await follower?.look(fleet);
	const observer = await observe(fx, followed?.fleet ?? fleet);
	const view = withOperation(await observer.look(), followed);
	await observer.close();
	const color = out === undefined && fx.terminal.color;
	const content = (await load())(view, { color, explain: reader.isSet("explain") });
	if (out === undefined || out === "-") fx.terminal.print(content);
	else {
		const force = options["force"] === true;
		const [path = out] = await fx.files.writeAll(dirname(out), [{ path: basename(out), content }], { force });
		fx.terminal.print(`${path}\n`);
	}
	return outcomeOf(view, { requireMigrated: reader.isSet("requireMigrated") });
}
