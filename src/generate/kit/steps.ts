import pageTemplate from "../../../templates/md/page.md.hbs";
import template from "../../../templates/md/steps.md.hbs";
import type { GuideStep, KitFacts, Page } from "../../adapters/vehicles/kit.ts";
import { version } from "../../base/version.ts";
import { type MdmSpec, sendsTokenInUrl } from "../../spec/mdm.ts";
import type { Artefact } from "../render/artefact.ts";
import { renderTemplate } from "../render/template.ts";

/** STEPS.md: how an admin new to the product uploads, tests, reads, rotates and removes the folder's contents. */
export function renderSteps(spec: MdmSpec, facts: KitFacts, files: readonly Artefact[]): string {
	const { vehicle, provider } = spec;
	const guide = vehicle.kit.guide(facts);
	const windows = vehicle.language === "ps1";
	const text = renderTemplate(template, {
		vehicle: vehicle.title,
		provider: provider.title,
		version,
		clis: spec.clis.map(({ title }) => title).join(", "),
		endpoint: spec.endpoint,
		systems: spec.os.map((os) => systemTitles[os]).join(", "),
		compact: spec.compact,
		scope: spec.compact ? compactWords : windows ? windowsScopeWords[spec.scope] : scopeWords[spec.scope],
		windows,
		mode: modeWords[spec.mode],
		files: files.map(({ path, purpose }) => ({ path, purpose })),
		before: guide.before,
		install: numbered(guide.install, 1),
		test: numbered(guide.test, 1),
		report: numbered(guide.report, 1),
		codes: changedCodes(spec),
		worst: hours(guide.worstHours),
		overlap: provider.overlap,
		rotation: provider.rotation,
		rotate: numbered(guide.rotate, 2),
		delay: guide.delay.map(([what, time]) => ({ what, time })),
		uninstall: numbered(guide.uninstall, 1),
		exposure: guide.exposure.map(([place, who]) => ({ place, who })),
		inUrl: spec.clis
			.filter(sendsTokenInUrl)
			.map(({ title }) => title)
			.join(", "),
		system: spec.scope === "system",
		tools: spec.clis.map(({ title, applies, sends, traps }) => ({
			title,
			applies,
			sends,
			notes: traps.map((trap) => `${title}: ${trap}`),
		})),
		traps: guide.traps,
		unverified: guide.unverified,
	});
	return tidy(text);
}

/** A page for one of the products that share a vehicle. */
export function renderPage(page: Page): string {
	return tidy(renderTemplate(pageTemplate, { title: page.title, steps: numbered(page.steps, 1), notes: page.notes }));
}

const systemTitles = { macos: "macOS", linux: "Linux", windows: "Windows" } as const;

const scopeWords = {
	system:
		"one per machine that users cannot override, if the CLI's release supports it; otherwise one in each home, which only its owner can read from then on (mode 0600)",
	user: "one in each home, which only its owner can read from then on (mode 0600), because it holds the token; the uninstall gives the mode back",
} as const;

const windowsScopeWords = {
	system:
		"one per machine that users cannot override, if the CLI's release supports it; otherwise one in each home, which keeps its access list (not audit entries of its own)",
	user: "one in each home, which keeps its access list (not audit entries of its own); one that other accounts can read is refused, because it would hold the token",
} as const;

const compactWords =
	"one for the machine, written as a whole, which no user can override (compact). An existing file that these scripts did not write, or that was changed since, is refused and stays unchanged; a release that ignores the machine's file is reported as old. The ok of the install script is about this file alone. The report script also looks at other files of the CLIs, without parsing them: where one names a telemetry setting, the CLI is refused, whatever the setting says";

const modeWords = {
	param: "passed when it runs (param)",
	embedded: "written into a copy of it that you do not share (embedded)",
} as const;

function numbered(steps: readonly GuideStep[], first: number) {
	return steps.map(({ text, fields = [], commands = [] }, index) => ({
		number: first + index,
		text,
		fields: fields.map(([name, value]) => ({ name, value })),
		commands,
	}));
}

function hours(count: number): string {
	if (count < 1) return `${count * 60} minutes`;
	return count === 1 ? "1 hour" : `${count} hours`;
}

function changedCodes({ vehicle }: MdmSpec): string[] {
	const report = Object.entries(vehicle.codes.report ?? {});
	if (report.length === 0) return [];
	const results = [...new Set(report.map(([, theirs]) => theirs))];
	const words = results.map((result) => {
		const codes = report.filter(([, theirs]) => theirs === result).map(([ours]) => ours);
		return `${result} instead of ${codes.join(", ")}`;
	});
	const [first = "", ...rest] = words;
	return [
		`For ${vehicle.title} the report also exits ${[first, ...rest].join(", and ")}; its line says what is wrong.`,
	];
}

function tidy(text: string): string {
	return `${text.replace(/\n{3,}/g, "\n\n").trimEnd()}\n`;
}
