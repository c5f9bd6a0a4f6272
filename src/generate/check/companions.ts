import { type Document, isMap, isScalar, isSeq, type Node, type Pair, visit } from "yaml";
import type { Distribution } from "../../adapters/collectors/distribution.ts";
import { shown } from "../../base/mask.ts";
import { keyOf } from "../splice/yaml-document.ts";
import type { ConfigFinding } from "./rules.ts";

/** Paths that look like token files. */
const TOKEN_PATH = /token|secret|api[-_]?key|credential|\/etc\/crossfade\//i;

/** Mounts in Kubernetes manifests, Helm values and compose files that never deliver a rotated token. */
export function mountFindings(documents: readonly Document[]): ConfigFinding[] {
	return documents.flatMap((document) => walk(document.contents as Node | null));
}

/** Whether there are mounts at all, in a manifest, in values or in a compose file. */
export function hasMounts(documents: readonly Document[]): boolean {
	let found = false;
	for (const document of documents) {
		visit(document, {
			Pair(_key, pair) {
				if (!/^(volumeMounts|extraVolumeMounts|volumes)$/.test(keyOf(pair as Pair<Node, Node | null>) ?? ""))
					return undefined;
				found = true;
				return visit.BREAK;
			},
		});
	}
	return found;
}

function walk(node: Node | null | undefined, key = ""): ConfigFinding[] {
	if (isSeq(node)) {
		return (node.items as Node[]).flatMap((item) => [
			...(key === "volumes" ? composeMount(item) : []),
			...walk(item, key),
		]);
	}
	if (!isMap(node)) return [];
	const found: ConfigFinding[] = [];
	const subPath = textOf(node, "subPath") ?? textOf(node, "subPathExpr");
	const mountPath = textOf(node, "mountPath");
	if (
		subPath !== undefined &&
		mountPath !== undefined &&
		TOKEN_PATH.test(`${subPath} ${mountPath} ${textOf(node, "name")}`)
	) {
		found.push({ rule: "subpath", at: startOf(node), what: `${shown(mountPath)} is mounted with subPath` });
	}
	return [...found, ...node.items.flatMap((pair) => walk(pair.value as Node | null, keyOf(pair) ?? ""))];
}

/** A compose volume, short (`./token:/etc/token:ro`) or long (`type: bind`), that mounts one file. */
function composeMount(item: Node): ConfigFinding[] {
	const target = isScalar(item)
		? String(item.value)
				.split(":")
				.find((part, index) => index > 0 && part.startsWith("/"))
		: textOf(item, "target");
	const isBind = isScalar(item) || textOf(item, "type") === "bind";
	if (
		!isBind ||
		target === undefined ||
		!TOKEN_PATH.test(target) ||
		!/\/[^/]*(\.[a-z]+|token|secret|key)$/i.test(target)
	)
		return [];
	return [{ rule: "file-mount", at: item.range?.[0] ?? 0, what: `${shown(target)} is mounted as a single file` }];
}

function textOf(node: Node, key: string): string | undefined {
	if (!isMap(node)) return undefined;
	const value = node.items.find((pair) => keyOf(pair) === key)?.value;
	return isScalar(value) ? String(value.value) : undefined;
}

function startOf(node: Node | Pair): number {
	return "range" in node ? (node.range?.[0] ?? 0) : 0;
}

/** Lines of unit files and scripts that signal a collector. */
export function signalFindings(text: string, { dialect, stopsOnHangup, title }: Distribution): ConfigFinding[] {
	const found: ConfigFinding[] = [];
	let validated = false;
	let offset = 0;
	for (const line of text.split("\n")) {
		const at = offset + (line.length - line.trimStart().length);
		offset += line.length + 1;
		if (/^\s*(#|;)/.test(line)) continue;
		if (/\bvalidate\b/.test(line)) validated = true;
		const signals =
			/\bkill\b.*(-HUP|-1\b|-s\s+(SIG)?HUP|--signal[= ](SIG)?HUP)|\bpkill\b.*-HUP|\bdocker\b.*\bkill\b.*HUP/.test(line);
		if (signals && stopsOnHangup) found.push({ rule: "sighup-stops", at, what: `this line sends SIGHUP to ${title}` });
		else if (signals && dialect === "otelcol" && !validated) {
			found.push({
				rule: "reload-unvalidated",
				at,
				what: "this line reloads a config without validating it first",
			});
		}
	}
	return found;
}
