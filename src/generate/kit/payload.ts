import type { Data, Embed, Payload } from "../../adapters/vehicles/kit.ts";
import { ownEntry } from "../../base/lookup.ts";
import { xml } from "../../base/quote.ts";
import { entryLines, type YamlValue } from "../render/yaml.ts";

/** A payload as text. `scripts` are the texts it can embed, by path. */
export function renderPayload({ path, format, data }: Payload, scripts: Readonly<Record<string, string>>): string {
	const whole = filled(data, (embed) => {
		const text = ownEntry(scripts, embed.embed);
		if (text === undefined) throw new TypeError(`${path} embeds ${embed.embed}, which is not there`);
		return embed.as === "base64" ? Buffer.from(text, "utf8").toString("base64") : text;
	});
	return writers[format](whole);
}

/** The scripts that a payload embeds. */
export function embeds(data: Data): Embed[] {
	if (isEmbed(data)) return [data];
	return typeof data === "object" ? Object.values(data).flatMap(embeds) : [];
}

type Plain = string | number | boolean | readonly Plain[] | { readonly [key: string]: Plain };

function filled(data: Data, text: (embed: Embed) => string): Plain {
	if (isEmbed(data)) return text(data);
	if (isList(data)) return data.map((item) => filled(item, text));
	if (typeof data !== "object") return data;
	return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, filled(value, text)]));
}

function isEmbed(data: Data): data is Embed {
	return typeof data === "object" && "embed" in data;
}

function isList<T>(data: unknown): data is readonly T[] {
	return Array.isArray(data);
}

const writers: Readonly<Record<Payload["format"], (data: Plain) => string>> = {
	json: (data) => `${JSON.stringify(data, undefined, 2)}\n`,
	// A top-level list is rendered as the value of an entry; that entry's line and indentation are then removed.
	yaml: (data) => {
		const lines = isList(data)
			? entryLines("list", data as YamlValue)
					.slice(1)
					.map((line) => line.slice(2))
			: Object.entries(data).flatMap(([key, value]) => entryLines(key, value as YamlValue));
		return `${lines.join("\n")}\n`;
	},
	xml: (data) => `${XML_HEAD}${elements(data, "").join("\n")}\n`,
	plist: (data) => `${XML_HEAD}${PLIST_HEAD}<plist version="1.0">\n${plist(data, "").join("\n")}\n</plist>\n`,
};

const XML_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n';
const PLIST_HEAD =
	'<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n';

/** A map as elements; a list repeats the element. */
function elements(data: Plain, margin: string): string[] {
	return Object.entries(data).flatMap(([name, value]: [string, Plain]) =>
		(isList<Plain>(value) ? value : [value]).flatMap((item) => {
			if (typeof item !== "object") return [`${margin}<${name}>${xml(String(item))}</${name}>`];
			return [`${margin}<${name}>`, ...elements(item, `${margin}  `), `${margin}</${name}>`];
		}),
	);
}

function plist(data: Plain, margin: string): string[] {
	if (typeof data === "string") return [`${margin}<string>${xml(data)}</string>`];
	if (typeof data === "number") return [`${margin}<integer>${data}</integer>`];
	if (typeof data === "boolean") return [`${margin}<${data}/>`];
	const inner = `${margin}  `;
	if (isList<Plain>(data)) {
		return [`${margin}<array>`, ...data.flatMap((item) => plist(item, inner)), `${margin}</array>`];
	}
	const entries = Object.entries(data).flatMap(([key, value]) => [
		`${inner}<key>${xml(key)}</key>`,
		...plist(value, inner),
	]);
	return [`${margin}<dict>`, ...entries, `${margin}</dict>`];
}
