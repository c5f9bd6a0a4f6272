import { BlockList, isIP } from "node:net";
import { ownEntry } from "../../base/lookup.ts";

/** A forward proxy. */
export interface ForwardProxy {
	readonly url: URL;
	/** Safe to show: host and port, never credentials. */
	readonly name: string;
	/** The Proxy-Authorization value. */
	readonly headers: Readonly<Record<string, string>>;
}

/**
 * The proxy for a URL as collectors and CLIs find it: `HTTPS_PROXY` or `HTTP_PROXY` by the URL's scheme, in either case, unless `NO_PROXY`
 * covers the host. Loopback is never proxied. Throws a `TypeError` on an invalid value.
 * https://pkg.go.dev/golang.org/x/net/http/httpproxy
 */
export function proxyFromEnvironment(url: URL, environment: Readonly<NodeJS.ProcessEnv>): ForwardProxy | undefined {
	const host = url.hostname.replace(/^\[|\]$/g, "").toLowerCase();
	if (isLoopback(host)) return undefined;
	const value = either(environment, url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY");
	if (value === "") return undefined;
	const port = url.port || (url.protocol === "https:" ? "443" : "80");
	const exceptions = either(environment, "NO_PROXY")
		.split(/[\s,]+/)
		.filter((word) => word !== "");
	return exceptions.some((exception) => covers(exception.toLowerCase(), host, port)) ? undefined : parseProxy(value);
}

/** A proxy from its URL; the default scheme is http. Throws a `TypeError` on an invalid URL. */
export function parseProxy(value: string): ForwardProxy {
	const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
	const url = URL.canParse(text) ? new URL(text) : undefined;
	if (!url || !/^https?:$/.test(url.protocol) || url.hostname === "") {
		throw new TypeError("the proxy is not an http or https URL");
	}
	const port = url.port || (url.protocol === "https:" ? "443" : "80");
	const login = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
	const headers = login === ":" ? {} : { "proxy-authorization": `Basic ${Buffer.from(login).toString("base64")}` };
	return { url, name: `${url.hostname}:${port}`, headers };
}

function either(environment: Readonly<NodeJS.ProcessEnv>, name: string): string {
	return ownEntry(environment, name) || ownEntry(environment, name.toLowerCase()) || "";
}

function isLoopback(host: string): boolean {
	return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Whether one word of NO_PROXY covers a host: `*`, an address, a network, a domain with its subdomains; each may name a port. */
function covers(exception: string, host: string, port: string): boolean {
	if (exception === "*") return true;
	const [address = "", bits] = exception.split("/");
	if (bits !== undefined) return isInNetwork(host, address, Number(bits));
	const [, name = "", wanted] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(isIP(exception) ? `[${exception}]` : exception) ?? [];
	if (wanted !== undefined && wanted !== port) return false;
	const domain = name.replace(/^\*/, "");
	return host === domain || host.endsWith(domain.startsWith(".") ? domain : `.${domain}`);
}

function isInNetwork(host: string, address: string, bits: number): boolean {
	const family = isIP(host);
	if (family === 0 || isIP(address) !== family) return false;
	const limit = family === 4 ? 32 : 128;
	if (!Number.isInteger(bits) || bits < 0 || bits > limit) return false;
	const list = new BlockList();
	list.addSubnet(address, bits, family === 4 ? "ipv4" : "ipv6");
	return list.check(host, family === 4 ? "ipv4" : "ipv6");
}
