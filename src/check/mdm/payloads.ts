import { parseAllDocuments } from "yaml";
import type { Data, Embed, Payload } from "../../adapters/vehicles/kit.ts";
import { xmlProblem } from "./xml.ts";

/** What keeps a text from being of a format, or undefined. Never quotes the text. */
export function parseProblem(format: Payload["format"], text: string): string | undefined {
	if (format === "xml" || format === "plist") return xmlProblem(text);
	if (format === "yaml") return parseAllDocuments(text).flatMap(({ errors }) => errors.map(({ code }) => code))[0];
	try {
		JSON.parse(text);
		return undefined;
	} catch {
		return "it cannot be parsed";
	}
}

/** Where a JSON payload holds something else than the script beside it. */
export function embeddedProblems(
	{ data }: Payload,
	text: string,
	script: (path: string) => string | undefined,
): string[] {
	return places(data).flatMap(({ at, embed, as }) => {
		const expected = script(embed);
		const value = at.reduce<unknown>(
			(inner, key) => (inner as Record<string, unknown> | undefined)?.[key],
			JSON.parse(text),
		);
		const is = typeof value === "string" && as === "base64" ? Buffer.from(value, "base64").toString("utf8") : value;
		if (expected === undefined || is === expected) return [];
		return [`what it holds at ${at.join(".")} is not the ${embed} beside it`];
	});
}

function places(data: Data, at: readonly string[] = []): ({ readonly at: readonly string[] } & Embed)[] {
	if (typeof data !== "object") return [];
	if ("embed" in data) return [{ at, ...(data as Embed) }];
	return Object.entries(data).flatMap(([key, value]) => places(value as Data, [...at, key]));
}
