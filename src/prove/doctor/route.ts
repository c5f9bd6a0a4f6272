import { ownEntry } from "../../base/lookup.ts";
import type { Environment } from "./paths.ts";

/**
 * The variable by which a CLI and this probe may take different ways to a URL: one through a proxy and the other not, or through another one.
 * Undefined if all readers of such variables agree. The URL must be valid.
 *
 * Seen of real CLIs: one uses HTTP_PROXY for https and HTTPS_PROXY for http, another ALL_PROXY; a domain in NO_PROXY takes its hosts out for one,
 * and not for another; of two spellings with different values one takes the lower case. This probe follows `proxyFromEnvironment`.
 */
export function openRoute(text: string, environment: Environment): string | undefined {
	const url = new URL(text);
	const host = url.hostname.replace(/^\[|\]$/g, "");
	const set = (name: string) => [name, name.toLowerCase()].filter((each) => ownEntry(environment, each));
	const proxies = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"].flatMap(set);
	if (proxies.length === 0) return undefined;
	const exceptions = set("NO_PROXY");
	const [list = "", ...others] = new Set(exceptions.map((name) => ownEntry(environment, name) ?? ""));
	if (others.length > 0) return exceptions.at(-1);
	const words = list.split(",").map((word) => word.trim());
	if (list.trim() === "*" || words.includes(host)) return undefined;
	if (words.some((word) => isAbout(word, host))) return exceptions[0];
	const own = set(url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY");
	// This probe goes to loopback without one.
	if (own.length === 0 || host === "localhost" || host === "::1" || host.startsWith("127.")) return proxies[0];
	const [value = "", ...more] = new Set(own.map((name) => ownEntry(environment, name) ?? ""));
	return more.length > 0 || !/^https?:\/\//i.test(value) ? own.at(-1) : undefined;
}

/** Whether any reader may take a word of NO_PROXY for a host: a domain, with or without its dot or star, a port, a network, several in one. */
function isAbout(text: string, host: string): boolean {
	return text
		.toLowerCase()
		.split(/[\s;|]+/)
		.some((word) => {
			if (word === "") return false;
			// A network holds addresses alone.
			if (word.includes("/")) return /^[\d.]+$|:/.test(host);
			const name = (/:.*:/.test(word) ? word : word.replace(/:\d+$/, "")).replace(/^[*.]+|[[\]]/g, "");
			return host.endsWith(name) || name.includes("*");
		});
}
