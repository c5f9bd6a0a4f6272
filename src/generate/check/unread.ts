import { isMap, isScalar, isSeq, type Node, type YAMLSeq } from "yaml";
import { shown } from "../../base/mask.ts";
import { unpacked } from "../splice/locate.ts";
import { keyOf } from "../splice/yaml-document.ts";
import { type KeyPath, nodeBelow, type PlacedMap, textAt } from "./mounts.ts";
import type { ConfigFinding } from "./rules.ts";

/** Keys under which whole configs stand. */
const CONFIG_KEY = /\.(ya?ml|alloy|river|json)$|^(config|relay|collector)/i;
/** A section of a config on a line of its own. */
const SECTION = /^\s*(receivers|processors|exporters|extensions|connectors|service):\s*$/;

/** Configs that this file has, or names, in a form that is not read: with one that is read beside them, the answer would be about that one alone. */
export function unreadFindings(maps: readonly PlacedMap[]): ConfigFinding[] {
	return maps.flatMap(({ map, path }) => [
		...encrypted(map),
		...packed(map),
		...compressed(map, path),
		...fromElsewhere(map),
		...joined(map),
		...inParts(map),
	]);
}

function finding(node: Node | null | undefined, what: string, fix: string): ConfigFinding {
	return { rule: "not-read", at: node?.range?.[0] ?? 0, severity: "error", what: `${what} was not checked`, fix };
}

/** https://getsops.io/docs/ */
function encrypted(map: Node): ConfigFinding[] {
	return entries(map).flatMap(({ key, value }) =>
		CONFIG_KEY.test(key) && isScalar(value) && /^ENC\[/.test(String(value.value))
			? [
					finding(
						value,
						`${shown(key)} is encrypted: what is in it`,
						"Decrypt it, and pipe it to crossfade check -d … -",
					),
				]
			: [],
	);
}

/** A file that cloud-init unpacks, or fetches. https://cloudinit.readthedocs.io/en/latest/reference/modules.html#write-files */
function packed(map: Node): ConfigFinding[] {
	const path = textAt(map, "path");
	if (path === undefined || !CONFIG_KEY.test(path)) return [];
	const [content, source] = [nodeBelow(map, "content"), nodeBelow(map, "source", "uri")];
	const isPacked = /^(gz|b64|base64)/i.test(textAt(map, "encoding") ?? "") || content?.tag?.endsWith("binary");
	if (content && isPacked && !unpacked(content))
		return [finding(content, `${shown(path)} is encoded: what is in it`, "Decode it, and check that file, too.")];
	return source
		? [finding(source, `${shown(path)} is fetched from elsewhere: what is in it`, "Check that file, too.")]
		: [];
}

/** The first bytes of gzip, in base64. https://www.rfc-editor.org/rfc/rfc1952#section-2.3 */
const GZIP = /^H4sI/;

/** Values of a Secret or ConfigMap that something unpacks before a collector reads them. */
function compressed(map: Node, path: KeyPath): ConfigFinding[] {
	if (path.at(-1) !== "data" && path.at(-1) !== "binaryData") return [];
	return entries(map).flatMap(({ key, value }) =>
		isScalar(value) && GZIP.test(String(value.value).trim())
			? [finding(value, `${shown(key)} is compressed: what is in it`, "Unpack it, and check that file, too.")]
			: [],
	);
}

/** A variable whose value, by its name, may be a config, and that comes from a store or an object. */
function fromElsewhere(map: Node): ConfigFinding[] {
	const name = textAt(map, "name");
	const source = nodeBelow(map, "valueFrom");
	if (name === undefined || !source || !/(^|_)CONFIG(_CONTENT|_YAML|_FILE)?$/.test(name)) return [];
	const what = `the variable ${shown(name)} comes from elsewhere: the config that may be in it`;
	return [{ ...finding(source, what, "Check that config, too."), severity: "note" }];
}

/** A config that is put together from a list of its lines, as by CloudFormation's Join. */
function joined(map: Node): ConfigFinding[] {
	return entries(map).flatMap(({ value }) =>
		lists(value).flatMap((list) => {
			const lines = list.items.filter((item) => isScalar(item) && SECTION.test(String(item.value)));
			return lines.length > 1
				? [finding(list, "a config is put together from a list of lines: it", "Check the text that comes out of it.")]
				: [];
		}),
	);
}

/** Variables of a role or a class, each with a section of a config: `otel_collector_receivers`, `otelcol::receivers`. */
const PART = /^(.*(?:_|::))(receivers|processors|exporters|connectors|extensions|service|pipelines)$/;
const PART_FIX = "Check the config that is made of them, on a host that has it.";

/** A config whose sections are variables of their own, as in roles of Ansible and Hiera. */
function inParts(map: Node): ConfigFinding[] {
	const parts = entries(map).flatMap(({ key, value }) => {
		const [, prefix, section = ""] = PART.exec(key) ?? [];
		return prefix !== undefined && isMap(value) ? [{ prefix, section, key, value }] : [];
	});
	const of = parts.find(({ section }) => section === "exporters")?.prefix;
	const same = parts.filter(({ prefix }) => prefix === of);
	const [first] = same;
	if (!first || same.length < 2) return [];
	const what = `the sections of a config are variables (${same.map(({ key }) => shown(key)).join(", ")}): what is made of them`;
	return [finding(first.value, what, PART_FIX)];
}

function entries(map: Node): { key: string; value: Node | null }[] {
	return isMap(map) ? map.items.map((pair) => ({ key: keyOf(pair) ?? "", value: pair.value as Node | null })) : [];
}

/** A list, and those in it. */
function lists(node: unknown): YAMLSeq[] {
	return isSeq(node) ? [node, ...node.items.flatMap(lists)] : [];
}
