import { type Document, type Node, type Pair, visit } from "yaml";
import type { Distribution } from "../../adapters/collectors/distribution.ts";
import { keyOf } from "../splice/yaml-document.ts";
import type { ConfigFinding } from "./rules.ts";

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
