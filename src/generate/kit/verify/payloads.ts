import { parseAllDocuments } from "yaml";
import type { Data, Embed, Payload } from "../../../adapters/vehicles/kit.ts";
import { ownEntry } from "../../../base/lookup.ts";
import type { MdmSpec } from "../../../spec/mdm.ts";
import { factsOf, type RenderedKit } from "../kit.ts";
import type { FoundFile, Wrong } from "./finding.ts";
import { xmlProblem } from "./xml.ts";

/** Parses every payload and compares what it embeds with the file next to it; a payload with the token, with the file that has the token. */
export function payloadProblems(
	spec: MdmSpec,
	kit: RenderedKit,
	files: ReadonlyMap<string, FoundFile>,
	about: (file: string) => Wrong,
): void {
	const check = (payload: Payload, path: string, script: (embed: string) => string) => {
		const text = files.get(path)?.text;
		if (text === undefined) return;
		const problem = parseProblem(payload.format, text);
		if (problem) about(path)("payload", `not valid ${payload.format}: ${problem}`, "generate the folder again");
		for (const what of problem ? [] : embeddedProblems(payload, text, (embed) => files.get(script(embed))?.text)) {
			about(path)("payload", what, "generate the folder again: both files must come from one run");
		}
	};
	const secretOf = (path: string) => kit.filled.find(({ copyOf }) => copyOf === path)?.path;
	for (const payload of spec.vehicle.kit.payloads(factsOf(spec))) {
		check(payload, payload.path, (embed) => embed);
		check(payload, secretOf(payload.path) ?? "", (embed) => secretOf(embed) ?? embed);
	}
}

/** Why a text is not valid in a format, or undefined. Never quotes the text. */
function parseProblem(format: Payload["format"], text: string): string | undefined {
	if (format === "xml" || format === "plist") return xmlProblem(text);
	if (format === "yaml") return parseAllDocuments(text).flatMap(({ errors }) => errors.map(({ code }) => code))[0];
	try {
		JSON.parse(text);
		return undefined;
	} catch {
		return "it cannot be parsed";
	}
}

/** Where a JSON payload differs from the script next to it. */
function embeddedProblems({ data }: Payload, text: string, script: (path: string) => string | undefined): string[] {
	return places(data).flatMap(({ at, embed, as }) => {
		const expected = script(embed);
		const value = at.reduce<unknown>(
			(inner, key) => ownEntry(inner as Record<string, unknown> | undefined, key),
			JSON.parse(text),
		);
		const is = typeof value === "string" && as === "base64" ? Buffer.from(value, "base64").toString("utf8") : value;
		if (expected === undefined || is === expected) return [];
		return [`its value at ${at.join(".")} differs from ${embed}`];
	});
}

function places(data: Data, at: readonly string[] = []): ({ readonly at: readonly string[] } & Embed)[] {
	if (typeof data !== "object") return [];
	if ("embed" in data) return [{ at, ...(data as Embed) }];
	return Object.entries(data).flatMap(([key, value]) => places(value as Data, [...at, key]));
}
