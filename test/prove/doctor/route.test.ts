import { describe, expect, test } from "vitest";
import { openRoute } from "../../../src/prove/doctor/route.ts";

const P = "http://user:pass@proxy.example:3128";
const over = (environment: Record<string, string>, url = "https://in.example.test/v1/logs") =>
	openRoute(url, environment);

describe("whether a CLI and a probe take the same way through proxies", () => {
	test.each<[what: string, environment: Record<string, string>, url?: string]>([
		["no proxy", { NO_PROXY: ".example.test" }],
		["no proxy but empty ones", { HTTPS_PROXY: "", https_proxy: "", NO_PROXY: "10.0.0.0/8" }],
		["one for the scheme", { HTTPS_PROXY: P }],
		["the same in both cases", { HTTPS_PROXY: P, https_proxy: P }],
		["and one for the other scheme", { HTTPS_PROXY: P, HTTP_PROXY: "http://other" }],
		[
			"exceptions for other places",
			{ HTTPS_PROXY: P, NO_PROXY: "localhost, other.test,10.0.0.0/8,::1,169.254.169.254" },
		],
		["the host as an exception", { ALL_PROXY: P, NO_PROXY: "a.test, in.example.test" }],
		["everything as an exception", { HTTPS_PROXY: P, no_proxy: "*" }],
		["http", { http_proxy: P }, "http://in.example.test:4318/v1/logs"],
		["an address in no list", { HTTPS_PROXY: P, NO_PROXY: "10.0.0.1" }, "https://10.0.0.2/"],
		["loopback as an exception", { HTTP_PROXY: P, NO_PROXY: "localhost,127.0.0.1,::1" }, "http://[::1]:4318/"],
	])("it is the same with %s", (_, environment, url) => {
		expect(over(environment, url)).toBeUndefined();
	});

	test.each<[name: string, environment: Record<string, string>, url?: string]>([
		["HTTP_PROXY", { HTTP_PROXY: P }],
		["https_proxy", { https_proxy: P }, "http://in.example.test/"],
		["ALL_PROXY", { ALL_PROXY: P }],
		["https_proxy", { HTTPS_PROXY: P, https_proxy: "http://other" }],
		["HTTPS_PROXY", { HTTPS_PROXY: "proxy.example:3128" }],
		["HTTPS_PROXY", { HTTPS_PROXY: "socks5://proxy.example" }],
		["no_proxy", { HTTPS_PROXY: P, NO_PROXY: "a.test", no_proxy: "in.example.test" }],
		...[
			"example.test",
			".example.test",
			"*.example.test",
			"in.example.test:443",
			"IN.example.test",
			"a.test in.example.test",
		].map((list): [string, Record<string, string>] => ["NO_PROXY", { HTTPS_PROXY: P, NO_PROXY: list }]),
		["NO_PROXY", { HTTPS_PROXY: P, NO_PROXY: "a.test,*" }],
		["NO_PROXY", { HTTPS_PROXY: P, NO_PROXY: "10.0.0.0/8" }, "https://10.1.2.3/"],
		["NO_PROXY", { HTTPS_PROXY: P, NO_PROXY: "[2001:db8::1]" }, "https://[2001:db8::1]/"],
		["HTTP_PROXY", { HTTP_PROXY: P }, "http://127.0.0.1:4318/"],
	])("it may not be by %s of %j", (name, environment, url) => {
		expect(over(environment, url)).toBe(name);
	});
});
