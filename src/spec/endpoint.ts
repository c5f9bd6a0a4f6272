import type { Problem } from "../base/errors.ts";
import { couldBeToken, shown } from "../base/mask.ts";

/** Whether http to another machine is fine, a mistake that `--allow-plaintext` lets pass, or a mistake. */
export type Plaintext = "allowed" | "by flag" | "never";

/**
 * What is wrong with a base URL for OTLP/HTTP: it needs a scheme and a host, and nothing that could carry a credential or that a
 * collector would add itself.
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
		return [problem("the endpoint has no scheme", shown(text), `write https:// in front of the host`)];
	}
	const url = URL.canParse(text) ? new URL(text) : undefined;
	if (!url || !/^https?:$/.test(url.protocol) || url.hostname === "") {
		return [problem("the endpoint is not an http or https URL", shown(text), "check the spelling of host and port")];
	}
	const problems: Problem[] = [];
	if (url.username !== "" || url.password !== "") {
		const fix = "take it out: the token comes from the token file, never from a URL";
		problems.push(problem("the endpoint holds a user name or password", "user information before an @", fix));
	}
	if (url.search !== "" || url.hash !== "") {
		const fix = "take everything from the ? or # on out of it";
		problems.push(problem("the endpoint holds a query or fragment", "text after a ? or #", fix));
	}
	if (url.pathname.split("/").some(couldBeToken)) {
		const fix = "take it out: a token in a URL ends up in logs and in metric labels; it comes from the token file";
		problems.push(problem("the endpoint's path looks as if it held a token", "a long random path segment", fix));
	}
	if (/\/v1\/(logs|metrics|traces)\/?$/.test(url.pathname)) {
		const fix = "leave the end away: the exporter adds /v1/logs, /v1/metrics and /v1/traces itself";
		problems.push(problem("the endpoint is that of one signal", url.pathname, fix));
	}
	if (url.protocol === "http:" && !isLoopback(url.hostname) && plaintext !== "allowed") {
		const fix =
			plaintext === "never" ? "use https" : "use https, or add --allow-plaintext if the network in between is yours";
		problems.push(problem("the token would cross the network in clear text", "http to another machine", fix));
	}
	return problems;
}

/** The base URL as we write it: no trailing slash. */
export function normalEndpoint(text: string): string {
	return text.replace(/\/+$/, "");
}

export function isLoopback(hostname: string): boolean {
	return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}
