import type { Problem } from "../base/errors.ts";
import { couldBeToken, shown } from "../base/mask.ts";

/** Whether http to another machine is allowed, allowed with `--allow-plaintext`, or never. */
export type Plaintext = "allowed" | "by flag" | "never";

/**
 * Problems with a base URL for OTLP/HTTP: it needs a scheme and a host, and must contain no credential and nothing that a
 * collector adds itself.
 */
export function endpointProblems(text: string, flag: string, plaintext: Plaintext): Problem[] {
	const expected = "a base URL such as https://otlp.example.com";
	const problem = (what: string, got: string | undefined, fix: string): Problem => ({
		what,
		expected,
		got,
		where: { file: flag },
		fix,
	});
	if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
		return [problem("the endpoint has no scheme", shown(text), `add https:// before the host`)];
	}
	const url = URL.canParse(text) ? new URL(text) : undefined;
	if (!url || !/^https?:$/.test(url.protocol) || url.hostname === "") {
		return [problem("the endpoint is not an http or https URL", shown(text), "check the spelling of host and port")];
	}
	if (!isHost(url.hostname)) {
		return [problem("no host can have this name", shown(url.hostname), "check the spelling of the host")];
	}
	const [user, written] = writtenAuthority(text);
	if (written !== url.hostname && !url.hostname.startsWith("[")) {
		const fix = `write ${shown(url.hostname)}, if that is what you mean`;
		return [problem("programs would read the host in different ways", shown(written), fix)];
	}
	const problems: Problem[] = [];
	if (user !== undefined) {
		const fix = "remove it: the token comes from the token file, never from a URL";
		problems.push(problem("the endpoint contains a user name or password", "user information before @", fix));
	}
	if (/[\s\\]/.test(text)) {
		const fix = "write it without blanks and backslashes";
		problems.push(problem("the endpoint contains a character that programs read in different ways", shown(text), fix));
	}
	// An empty one, too: what is added to the endpoint would be part of it.
	if (/[?#]/.test(text)) {
		const fix = "remove everything from ? or # on";
		problems.push(problem("the endpoint contains a query or fragment", "text after a ? or #", fix));
	}
	if (url.pathname.split("/").some(couldBeToken)) {
		const fix = "remove it: a token in a URL ends up in logs and metric labels; it comes from the token file";
		problems.push(problem("the endpoint's path seems to contain a token", "a long random path segment", fix));
	}
	if (/\/v1\/(logs|metrics|traces)\/?$/.test(url.pathname)) {
		const fix = "remove the end: the exporter adds /v1/logs, /v1/metrics and /v1/traces itself";
		problems.push(problem("the endpoint is for a single signal", url.pathname, fix));
	}
	if (url.protocol === "http:" && !isLoopback(url.hostname) && plaintext !== "allowed") {
		const fix = plaintext === "never" ? "use https" : "use https, or add --allow-plaintext on a network you trust";
		problems.push(problem("the token would cross the network in clear text", "http to another machine", fix));
	}
	return problems;
}

/** The base URL without a trailing slash. */
export function normalEndpoint(text: string): string {
	return text.replace(/\/+$/, "");
}

/**
 * A name of labels as in DNS (with the underscores of container networks), or an address: the URL standard lets more through, such as a
 * name that begins with a dash, which a program may take for an option. https://www.rfc-editor.org/rfc/rfc1123#section-2.1
 */
function isHost(hostname: string): boolean {
	if (/^\[[0-9a-f:.]+\]$/.test(hostname)) return true;
	const labels = hostname.replace(/\.$/, "").split(".");
	return hostname.length <= 254 && labels.every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label));
}

/**
 * What is written before an @, and as the host. The URL standard mends some hosts, and so connects elsewhere than it says.
 * https://url.spec.whatwg.org/#host-parsing
 */
function writtenAuthority(text: string): [user: string | undefined, host: string] {
	const [, authority = ""] = /^[^:]+:\/\/([^/?#]*)/.exec(text) ?? [];
	const at = authority.lastIndexOf("@");
	const host = authority.slice(at + 1).replace(/:\d{1,5}$/, "");
	return [at < 0 ? undefined : authority.slice(0, at), host.toLowerCase()];
}

/** An address that stands for this machine when one connects to it, or a name for it. */
export function isThisMachine(hostname: string): boolean {
	const name = hostname.replace(/\.$/, "");
	return isLoopback(name) || name === "0.0.0.0" || name === "[::]" || name.endsWith(".localhost");
}

export function isLoopback(hostname: string): boolean {
	return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}
