import { describe, expect, test } from "vitest";
import { checkText } from "../../../src/api/collector.ts";
import { CrossfadeError } from "../../../src/base/errors.ts";
import { spliceAlloy } from "../../../src/generate/splice/alloy.ts";
import { refusalText, splice, wanted } from "../splice/request.ts";

const TORII = "https://ai-events.toriihq.com";

/** A config whose two exporters send to these addresses, as their extra settings say. */
function config(one: string, two: string, [first, second]: readonly [string, string], extensions: string): string {
	const names = [...extensions.matchAll(/^ {2}(\S+):/gm)].map(([, id]) => id).join(", ");
	return `receivers: {otlp: {protocols: {http: }}}\nextensions:\n${extensions}exporters:\n  otlp_http/a: {endpoint: "${one}", ${first}}\n  otlp_http/b: {endpoint: "${two}", ${second}}\nservice:\n  extensions: [${names}]\n  pipelines: {logs: {receivers: [otlp], exporters: [otlp_http/a, otlp_http/b]}}\n`;
}

const auth = (id: string) => `auth: {authenticator: ${id}}`;
const both = (id: string) => [auth(id), auth(id)] as const;
const bearer = "  bearertokenauth/x: {filename: /etc/t}\n";
const [ONE, TWO] = ["https://otlp.one.example", "https://otlp.two.example"];

const found = async (text: string, file = "c.yaml") =>
	(await checkText(text, { distribution: file.endsWith(".alloy") ? "alloy" : "contrib", file }))
		.filter(({ rule }) => rule === "token-to-others")
		.map(({ severity, what }) => `${severity}: ${what}`);

const says = (severity: string, there: string, here: string, used: string) =>
	`${severity}: one token is sent by ${there} and by ${here}: both use ${used}`;
const warns = (used: string) =>
	says("warning", "otlp_http/b to otlp.two.example", "otlp_http/a to otlp.one.example", used);

describe("one token for hosts of different owners", () => {
	test.each<[name: string, text: string, said: string[]]>([
		["bearertokenauth", config(ONE, TWO, both("bearertokenauth/x"), bearer), [warns("the file /etc/t")]],
		[
			"two authenticators that read one file",
			config(
				ONE,
				TWO,
				[auth("bearertokenauth/x"), auth("bearertokenauth/y")],
				`${bearer}${bearer.replace("/x", "/y")}`,
			),
			[warns("the file /etc/t")],
		],
		[
			"basicauth",
			config(ONE, TWO, both("basicauth/c"), "  basicauth/c: {client_auth: {username: a, password_file: /etc/p}}\n"),
			[warns("basicauth/c")],
		],
		[
			"oauth2client",
			config(
				ONE,
				TWO,
				both("oauth2client"),
				"  oauth2client: {client_id: a, client_secret_file: /s, token_url: https://t.example}\n",
			),
			[warns("oauth2client")],
		],
		[
			"headers_setter with the client's token",
			config(
				ONE,
				TWO,
				both("headers_setter"),
				"  headers_setter: {headers: [{key: Authorization, from_context: authorization}]}\n",
			),
			[warns("headers_setter")],
		],
		[
			"a variable in the headers of both",
			config(ONE, TWO, ['headers: {x-api-key: "${env:KEY}"}', 'headers: {Authorization: "Bearer ${env:KEY}"}'], bearer),
			[warns("${env:KEY}")],
		],
		[
			"one of them is a provider's: an error, for the other",
			config(ONE, TORII, both("bearertokenauth/x"), bearer),
			[says("error", "otlp_http/a to otlp.one.example", "otlp_http/b to ai-events.toriihq.com", "the file /etc/t")],
		],
		[
			"a name of a provider, and another host",
			config(ONE, "http://gw:4318", both("bearertokenauth/torii"), bearer.replace("/x", "/torii")),
			["note: otlp_http/a sends to otlp.one.example, which is not Torii: bearertokenauth/torii is named for its token"],
		],
		[
			"hosts of one owner",
			config("https://eu.one.example", "https://us.one.example:443/x", both("bearertokenauth/x"), bearer),
			[],
		],
		[
			"a gateway in the own network",
			config(TORII, "http://otel-gateway.mon.svc:4318", both("bearertokenauth/x"), bearer),
			[],
		],
		["a loopback address", config(TORII, "http://127.0.0.1:4318", both("bearertokenauth/x"), bearer), []],
		["an address that is elsewhere", config(TORII, "${env:ENDPOINT}", both("bearertokenauth/x"), bearer), []],
		[
			"headers_setter with a tenant's name alone",
			config(
				ONE,
				TWO,
				both("headers_setter"),
				"  headers_setter: {headers: [{key: X-Scope-OrgID, from_context: tenant}]}\n",
			),
			[],
		],
		[
			"a file for each",
			config(
				ONE,
				TWO,
				[auth("bearertokenauth/x"), auth("bearertokenauth/y")],
				`${bearer}  bearertokenauth/y: {filename: /etc/u}\n`,
			),
			[],
		],
	])("%s", async (_name, text, said) => {
		expect(await found(text)).toEqual(said);
	});

	const exporter = (label: string, to: string, by: string) =>
		`otelcol.exporter.otlphttp "${label}" {\n\tclient {\n\t\tendpoint = "${to}"\n\t\tauth = otelcol.auth.bearer.${by}.handler\n\t}\n}\n`;
	const handler = (label: string) => `otelcol.auth.bearer "${label}" {\n\ttoken = local.file.t.content\n}\n`;
	const alloy = `local.file "t" {\n\tfilename = "/etc/t"\n\tis_secret = true\n\tpoll_frequency = "1s"\n}\n${handler("x")}`;

	test("Alloy: one handler, or one file behind two", async () => {
		const said = [
			says(
				"error",
				"otelcol.exporter.otlphttp.b to otlp.two.example",
				"otelcol.exporter.otlphttp.a to ai-events.toriihq.com",
				"local.file.t",
			),
		];
		expect(await found(`${alloy}${exporter("a", TORII, "x")}${exporter("b", TWO, "x")}`, "c.alloy")).toEqual(said);
		expect(
			await found(`${alloy}${handler("y")}${exporter("a", TORII, "x")}${exporter("b", TWO, "y")}`, "c.alloy"),
		).toEqual(said);
		expect(await found(`${alloy}${exporter("a", TORII, "x")}`, "c.alloy")).toEqual([]);
	});
});

describe("--into gives our token to nobody else", () => {
	const plain = (more: string, users: string) =>
		`receivers: {otlp: {protocols: {http: }}}\nextensions:\n${more}exporters:\n  otlp_http/b: {endpoint: "${TWO}", ${users}}\nservice:\n  extensions: []\n  pipelines: {logs: {receivers: [otlp], exporters: [otlp_http/b]}}\n`;
	const ours = "  bearertokenauth/torii: {filename: /etc/mine}\n";
	const request = { ...wanted, signals: ["logs"] };

	test.each([
		["an exporter that uses an authenticator of our name", plain(ours, auth("bearertokenauth/torii")), "otlp_http/b"],
		[
			"an authenticator that uses it",
			plain(`${ours}  headers_setter: {additional_auth: bearertokenauth/torii, headers: []}\n`, auth("headers_setter")),
			"headers_setter",
		],
		[
			"a receiver that asks for its token",
			plain(ours, "timeout: 1s").replace("http: }", "http: {auth: {authenticator: bearertokenauth/torii}}}"),
			"otlp",
		],
	])("%s: refused, also with --force", (_name, text, id) => {
		expect(refusalText(text, { ...request, force: true })).toContain(
			`${id} also uses bearertokenauth/torii: it would send or expect the token of otlp_http/torii`,
		);
	});

	test("an authenticator of another name is left alone, and not used", () => {
		const text = plain(bearer, auth("bearertokenauth/x"));
		const result = splice(text, request);
		expect(result).toContain("authenticator: bearertokenauth/torii");
		expect(result).toContain(auth("bearertokenauth/x"));
	});

	test("Alloy: an exporter of somebody else with our handler is refused", () => {
		const text = `otelcol.receiver.otlp "in" {\n\thttp { }\n\toutput {\n\t\tlogs = [otelcol.exporter.otlphttp.b.input]\n\t}\n}\notelcol.auth.bearer "torii" {\n\ttoken = "x"\n}\notelcol.exporter.otlphttp "b" {\n\tclient {\n\t\tendpoint = "${TWO}"\n\t\tauth = otelcol.auth.bearer.torii.handler\n\t}\n}\n`;
		const blocks = { 'otelcol.auth.bearer "torii"': 'otelcol.auth.bearer "torii" {\n\ttoken = "y"\n}' };
		const into = () =>
			spliceAlloy(text, "x.alloy", {
				name: "torii",
				label: "torii",
				input: "a.input",
				signals: ["logs"],
				remove: false,
				force: true,
				blocks,
			});
		expect(into).toThrow(CrossfadeError);
		expect(into).toThrow("otelcol.exporter.otlphttp.b also uses the token of torii");
	});
});
