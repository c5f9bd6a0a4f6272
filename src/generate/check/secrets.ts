import { isMap, isScalar, type Node } from "yaml";
import { shown } from "../../base/mask.ts";
import { keyOf } from "../splice/yaml-document.ts";
import { nodeBelow, type PlacedMap, textAt } from "./mounts.ts";
import type { ConfigFinding } from "./rules.ts";
import { goDurationMs } from "./values.ts";

/** Names of Secrets, of keys in them and of credentials that hold a token. Certificates end with a line break and may. */
export const TOKEN_NAME = /token|bearer|api[-_]?key|cred|password|secret|ingest/i;
const CERTIFICATE = /\.(crt|cer|pem|key|jks|p12)$|^ca\b/i;

/** Findings about Secrets in manifests, and what makes them; no value of theirs is ever shown. `files` are the token files of the configs beside them. */
export function secretFindings(maps: readonly PlacedMap[], files: readonly string[]): ConfigFinding[] {
	const keys = files.map((file) => file.split("/").at(-1) ?? "");
	const isToken = (name: string, key: string) =>
		keys.includes(key) || ((TOKEN_NAME.test(key) || TOKEN_NAME.test(name)) && !CERTIFICATE.test(key));
	const isMounted = (name: string) =>
		maps.some(
			({ map: each, path }) =>
				textAt(each, "secret", "secretName") === name ||
				(path.at(-2) === "sources" && textAt(each, "secret", "name") === name),
		);
	return maps.flatMap(({ map }): ConfigFinding[] => {
		if (textAt(map, "kind") === "ExternalSecret") return externalSecret(map, isMounted);
		if (textAt(map, "kind") !== "Secret") return [];
		const name = textAt(map, "metadata", "name") ?? "";
		const values = ["data", "stringData"].flatMap((section) => {
			const entries = nodeBelow(map, section);
			return isMap(entries) ? entries.items.map((pair) => ({ section, pair, key: keyOf(pair) ?? "" })) : [];
		});
		const tokens = values.filter(({ key }) => isToken(name, key));
		const isUsed = isMounted(name);
		const immutable = nodeBelow(map, "immutable");
		const found: ConfigFinding[] = [];
		if (textAt(map, "immutable") === "true" && (isUsed || tokens.length > 0)) {
			const at = immutable?.range?.[0] ?? 0;
			found.push({ rule: "immutable-secret", at, what: `the Secret ${shown(name)} is immutable` });
		}
		for (const { section, pair, key } of tokens) {
			if (!endsLine(section, pair.value as Node | null)) continue;
			const at = (pair.key as Node).range?.[0] ?? 0;
			found.push({
				rule: "secret-newline",
				at,
				what: `${shown(key)} of the Secret ${shown(name)} ends with a line break`,
			});
		}
		return found;
	});
}

/** The name of the Secret that an ExternalSecret makes. */
export function secretMadeBy(map: Node): string {
	return textAt(map, "spec", "target", "name") ?? textAt(map, "metadata", "name") ?? "";
}

/** A Secret that a controller makes of what a store has, and when it does so again. https://external-secrets.io/latest/api/externalsecret/ */
function externalSecret(map: Node, isMounted: (name: string) => boolean): ConfigFinding[] {
	const name = secretMadeBy(map);
	if (!isMounted(name) && !TOKEN_NAME.test(name)) return [];
	const at = (...keys: string[]) => nodeBelow(map, "spec", ...keys)?.range?.[0] ?? map.range?.[0] ?? 0;
	const found: ConfigFinding[] = [];
	if (textAt(map, "spec", "target", "immutable") === "true") {
		const what = `the Secret ${shown(name)} is made immutable`;
		found.push({ rule: "immutable-secret", at: at("target", "immutable"), what });
	}
	const policy = textAt(map, "spec", "refreshPolicy") ?? "Periodic";
	const interval = textAt(map, "spec", "refreshInterval");
	const isNever = policy !== "Periodic" || goDurationMs(interval ?? "") === 0;
	if (isNever) {
		const key = policy === "Periodic" ? "refreshInterval" : "refreshPolicy";
		const what = `the Secret ${shown(name)} is not fetched again by itself (${key}: ${shown(policy === "Periodic" ? (interval ?? "") : policy)})`;
		const fix = "Use refreshPolicy: Periodic with a refreshInterval shorter than the time in which both tokens live.";
		found.push({ rule: "written-once", at: at(key), what, fix });
	}
	return found;
}

function endsLine(section: string, node: Node | null): boolean {
	if (!isScalar(node) || typeof node.value !== "string") return false;
	const value = section === "data" ? Buffer.from(node.value, "base64").toString("latin1") : node.value;
	return /[\r\n]$/.test(value);
}
