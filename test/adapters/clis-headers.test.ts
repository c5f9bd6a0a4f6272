import { describe, expect, test } from "vitest";
import { type Layers, outcome } from "../harness/layers.ts";

/** `signal sent protocol URL [headers]` of every signal. */
const emitted = (id: string, release: string, layers: Layers) =>
	outcome(id, release, layers).emissions.map(({ signal, sent, protocol, url, headers }) =>
		[signal, sent, protocol, url, ...headers.map(({ name, value }) => `${name}: ${value}`)].join(" | "),
	);
const logsOf = (...args: Parameters<typeof emitted>) => emitted(...args).filter((line) => line.startsWith("logs "));

describe("Claude Code: headers, protocol and URL as the real 2.1.330 sends them", () => {
	const claude = (more: Readonly<Record<string, unknown>>) => ({
		user: {
			env: {
				CLAUDE_CODE_ENABLE_TELEMETRY: "1",
				OTEL_LOGS_EXPORTER: "otlp",
				OTEL_METRICS_EXPORTER: "otlp",
				OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
				OTEL_EXPORTER_OTLP_ENDPOINT: "https://u",
				...more,
			},
		},
	});
	const headers = (list: string, more: Readonly<Record<string, unknown>> = {}) =>
		claude({ OTEL_EXPORTER_OTLP_HEADERS: list, ...more });
	const at = "logs | yes | http/protobuf | https://u/v1/logs";

	test.each<[what: string, layers: Layers, expected: string]>([
		["a bare token stays bare", headers("Authorization=T"), `${at} | Authorization: T`],
		[
			"of two the last, in the place of the first",
			headers("Authorization=A,X=1,authorization=B"),
			`${at} | authorization: B | X: 1`,
		],
		["percent escapes stay", headers("Authorization=Bearer%20T"), `${at} | Authorization: Bearer%20T`],
		["the decoded name is sent as well", headers("X%2DA=1"), `${at} | X-A: 1 | X%2DA: 1`],
		["an empty value is sent, after the others", headers("X-B=,X-C=1"), `${at} | X-C: 1 | X-B: `],
		["a pair without a sign or a name is left out", headers("none,=v,X=1"), `${at} | X: 1`],
		[
			"the signal's header wins only with another case",
			headers("Authorization=G,X=1", { OTEL_EXPORTER_OTLP_LOGS_HEADERS: "authorization=L,X=2" }),
			`${at} | authorization: L | X: 1`,
		],
		["alone, it is decoded", headers("", { OTEL_EXPORTER_OTLP_LOGS_HEADERS: "X=a%2Fb" }), `${at} | X: a/b`],
		["a name that cannot be sent stops all", headers("X A=1"), "logs | no | http/protobuf | https://u/v1/logs"],
		["blanks for a name stop all", headers("X=1, =v"), "logs | no | http/protobuf | https://u/v1/logs"],
		[
			"blanks for a name in the signal's are left out",
			headers("X=1", { OTEL_EXPORTER_OTLP_LOGS_HEADERS: "A=b, =v" }),
			`${at} | X: 1 | A: b`,
		],
		["a line break stops all", headers("X=a\nb"), "logs | no | http/protobuf | https://u/v1/logs"],
		["a header of the connection is unknown", headers("Host=x"), "logs | unknown | http/protobuf | https://u/v1/logs"],
		[
			"a protocol with blanks",
			claude({ OTEL_EXPORTER_OTLP_PROTOCOL: " http/json " }),
			"logs | yes | http/json | https://u/v1/logs",
		],
		["a protocol that is none", claude({ OTEL_EXPORTER_OTLP_PROTOCOL: "http" }), "logs | no |  | https://u/v1/logs"],
		[
			"of another signal, too",
			claude({ OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: "GRPC" }),
			"logs | no | http/protobuf | https://u/v1/logs",
		],
		["gRPC is unknown", claude({ OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }), "logs | unknown | grpc | https://u/v1/logs"],
		["no protocol", claude({ OTEL_EXPORTER_OTLP_PROTOCOL: undefined }), at],
		[
			"less time to send when it ends than it has by itself",
			claude({ CLAUDE_CODE_OTEL_SHUTDOWN_TIMEOUT_MS: "1" }),
			"logs | unknown | http/protobuf | https://u/v1/logs",
		],
		["more of it", claude({ CLAUDE_CODE_OTEL_SHUTDOWN_TIMEOUT_MS: "60000" }), at],
		[
			"a form of a number that may be read as less",
			claude({ CLAUDE_CODE_OTEL_SHUTDOWN_TIMEOUT_MS: "5e3" }),
			"logs | unknown | http/protobuf | https://u/v1/logs",
		],
		[
			"an exporter that does not exist stops all",
			claude({ OTEL_METRICS_EXPORTER: "banana" }),
			"logs | no | http/protobuf | https://u/v1/logs",
		],
		[
			"no scheme",
			claude({ OTEL_EXPORTER_OTLP_ENDPOINT: "127.0.0.1:9" }),
			"logs | yes | http/protobuf | http://localhost:4318/v1/logs",
		],
		[
			"blanks",
			claude({ OTEL_EXPORTER_OTLP_ENDPOINT: " https://u " }),
			"logs | yes | http/protobuf | http://localhost:4318/v1/logs",
		],
		[
			"a query swallows the path",
			claude({ OTEL_EXPORTER_OTLP_ENDPOINT: "https://u/b?x=1" }),
			"logs | yes | http/protobuf | https://u/b",
		],
		[
			"user and password are not sent",
			claude({ OTEL_EXPORTER_OTLP_ENDPOINT: "https://a:b@u/c//" }),
			"logs | yes | http/protobuf | https://u/c//v1/logs",
		],
		[
			"the signal's URL as it is, without its query",
			claude({ OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: " https://l/x?y " }),
			"logs | yes | http/protobuf | https://l/x",
		],
		["one that is no URL is left out", claude({ OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "1.2.3.4/x" }), at],
	])("%s", (_what, layers, expected) => {
		expect(logsOf("claude-code", "2.1.330", layers)).toEqual([expected]);
	});

	test.each(["X=1, =v", "X=1,Y=100%zz"])("in 2.1.81 headers of one signal such as %j stop all", (list) => {
		const layers = headers("X=1", { OTEL_EXPORTER_OTLP_LOGS_HEADERS: list });
		expect(logsOf("claude-code", "2.1.81", layers)).toEqual([expect.stringMatching(/^logs \| (no|unknown) /)]);
	});

	test("without a protocol 2.1.81 sends nothing, and of releases between it is not known", () => {
		const layers = claude({ OTEL_EXPORTER_OTLP_PROTOCOL: undefined });
		expect(logsOf("claude-code", "2.1.81", layers)).toEqual(["logs | no |  | https://u/v1/logs"]);
		expect(logsOf("claude-code", "2.1.200", layers)).toEqual(["logs | unknown |  | https://u/v1/logs"]);
	});

	test("a managed endpoint leaves the headers of the user, a managed header takes their endpoints away", () => {
		const { user } = headers("Authorization=T");
		const endpoint = { env: { OTEL_EXPORTER_OTLP_ENDPOINT: "https://m" } };
		expect(logsOf("claude-code", "2.1.330", { user, managed: endpoint })).toEqual([
			"logs | yes | http/protobuf | https://m/v1/logs | Authorization: T",
		]);
		const header = { env: { OTEL_EXPORTER_OTLP_HEADERS: "Authorization=M" } };
		expect(logsOf("claude-code", "2.1.330", { user, managed: header })).toEqual([
			"logs | yes | http/protobuf |  | Authorization: M",
		]);
	});
});

describe("Codex: headers, protocol and URL as the real 0.169.0 sends them", () => {
	const codex = (headers: Readonly<Record<string, unknown>>, more: Readonly<Record<string, unknown>> = {}) => ({
		user: {
			otel: { exporter: { "otlp-http": { endpoint: "https://u/v1/logs", protocol: "binary", headers, ...more } } },
		},
	});
	const shell = (list: string) => ({ environment: { env: { OTEL_EXPORTER_OTLP_HEADERS: list } } });
	const at = "logs | yes | http/protobuf | https://u/v1/logs";

	test.each<[what: string, layers: Layers, expected: string]>([
		["names in lower case, values decoded", codex({ AUTHORIZATION: "Bearer%20T" }), `${at} | authorization: Bearer T`],
		["a malformed escape stays", codex({ X: "100%zz" }), `${at} | x: 100%zz`],
		["a value with a line break is left out", codex({ Authorization: "a\nb", X: "1" }), `${at} | x: 1`],
		["a name that cannot be sent is left out", codex({ "X A": "1", X: "1" }), `${at} | x: 1`],
		[
			"one name with two cases is unknown",
			codex({ Authorization: "A", authorization: "B" }),
			"logs | unknown | http/protobuf | https://u/v1/logs",
		],
		[
			"which the shell settles",
			{ ...codex({ Authorization: "A", authorization: "B" }), ...shell("Authorization=Bearer%20S") },
			`${at} | authorization: Bearer S`,
		],
		[
			"an empty one of the shell is none",
			{ ...codex({ Authorization: "A" }), ...shell("Authorization=") },
			`${at} | authorization: A`,
		],
		["json", codex({}, { protocol: "json" }), "logs | yes | http/json | https://u/v1/logs"],
		["a URL as it is", codex({}, { endpoint: "https://u?x=1#f" }), "logs | yes | http/protobuf | https://u/?x=1"],
		[
			"user and password become a header",
			codex({}, { endpoint: "https://a:b@u/x" }),
			"logs | yes | http/protobuf | https://u/x | authorization: Basic YTpi",
		],
		["no scheme stops all", codex({}, { endpoint: "u/x" }), "logs | no | http/protobuf | u/x"],
		[
			"a protocol that does not exist keeps it from starting",
			codex({}, { protocol: "http/protobuf" }),
			"logs | no | http/protobuf | https://u/v1/logs",
		],
		[
			"a number for a header, too",
			codex({ Authorization: 7 }),
			"logs | no | http/protobuf | https://u/v1/logs | authorization: 7",
		],
	])("%s", (_what, layers, expected) => {
		expect(logsOf("codex", "0.169.0", layers)).toEqual([expected]);
	});
});

describe("Gemini CLI: headers, protocol and URL as the real 0.61.0 sends them", () => {
	const gemini = (more: Readonly<Record<string, unknown>>, env: Readonly<Record<string, string>> = {}) => ({
		user: { telemetry: { enabled: true, otlpEndpoint: "https://u/t", otlpProtocol: "http", ...more } },
		environment: { env },
	});
	const at = "logs | yes | http/json | https://u/t/v1/logs";

	test.each<[what: string, layers: Layers, expected: string]>([
		[
			"headers of variables, decoded and cut",
			gemini({}, { OTEL_EXPORTER_OTLP_HEADERS: "X-A=a%2Fb;p=1,X-C=" }),
			`${at} | X-A: a/b`,
		],
		["a malformed escape is left out", gemini({}, { OTEL_EXPORTER_OTLP_HEADERS: "X-A=100%zz" }), at],
		[
			"without a protocol it is gRPC",
			gemini({ otlpProtocol: undefined }),
			"logs | unknown | grpc | https://u/t/v1/logs",
		],
		[
			"with another it does not start",
			gemini({ otlpProtocol: "http/protobuf" }),
			"logs | no | grpc | https://u/t/v1/logs",
		],
		["OTEL_SDK_DISABLED", gemini({}, { OTEL_SDK_DISABLED: "true" }), "logs | no |  | https://u/t/v1/logs"],
		["a fragment is not sent", gemini({ otlpEndpoint: "https://u/t#f" }), at],
		["one slash at its end is taken off", gemini({ otlpEndpoint: "https://u/t/" }), at],
		[
			"of two the other stays",
			gemini({ otlpEndpoint: "https://u/t//" }),
			"logs | yes | http/json | https://u/t//v1/logs",
		],
		[
			"a variable that says no leaves the file's switch and endpoint",
			gemini({}, { GEMINI_TELEMETRY_ENABLED: "false", OTEL_EXPORTER_OTLP_ENDPOINT: "https://e" }),
			at,
		],
		[
			"an empty one, and the outfile of a variable does not count either",
			gemini({}, { GEMINI_TELEMETRY_ENABLED: "", GEMINI_TELEMETRY_OUTFILE: "/tmp/x" }),
			at,
		],
		[
			"the headers of variables count all the same",
			gemini({}, { GEMINI_TELEMETRY_ENABLED: "no", OTEL_EXPORTER_OTLP_HEADERS: "X-A=1" }),
			`${at} | X-A: 1`,
		],
		["blanks and quotes are taken off", gemini({ otlpEndpoint: ' "https://u/t" ' }), at],
		[
			"a query is kept",
			gemini({ otlpEndpoint: "https://u/t/?k=v" }),
			"logs | yes | http/json | https://u/t/v1/logs?k=v",
		],
	])("%s", (_what, layers, expected) => {
		expect(logsOf("gemini", "0.61.0", layers)).toEqual([expected]);
	});

	test.each<[what: string, layers: Layers, expected: string]>([
		[
			"the file's protocol, whatever the variable says",
			gemini({ otlpProtocol: "grpc" }, { GEMINI_TELEMETRY_OTLP_PROTOCOL: "http" }),
			"logs | unknown | grpc | https://u/t",
		],
		[
			"a URL as it is requested",
			gemini({ otlpEndpoint: "HTTPS://u/${A}" }),
			"logs | yes | http/json | https://u/$%7BA%7D",
		],
		[
			"variables, where no file has switched it on",
			gemini({ enabled: false }, { GEMINI_TELEMETRY_ENABLED: "1", OTEL_EXPORTER_OTLP_ENDPOINT: "https://e/x" }),
			"logs | yes | http/json | https://e/x",
		],
	])("0.33.2: %s", (_what, layers, expected) => {
		expect(logsOf("gemini", "0.33.2", layers)).toEqual([expected]);
	});

	test("0.33.2 posts to the URL without its query", () => {
		expect(logsOf("gemini", "0.33.2", gemini({ otlpEndpoint: "https://u/in?x=1" }))).toEqual([
			"logs | yes | http/json | https://u/in",
		]);
	});
});

describe("Qwen Code: headers and URL as the real 0.24.4 sends them", () => {
	const qwen = (more: Readonly<Record<string, unknown>>, env: Readonly<Record<string, string>> = {}) => ({
		user: { telemetry: { enabled: true, otlpEndpoint: "https://u/t", otlpProtocol: "http", ...more } },
		environment: { env },
	});
	const at = "logs | yes | http/json | https://u/t/v1/logs";
	const none = "logs | no | http/json | ";

	test.each<[what: string, layers: Layers, expected: string]>([
		["headers of variables", qwen({}, { OTEL_EXPORTER_OTLP_HEADERS: "X-A=a%2Fb;p=1,X-C=" }), `${at} | X-A: a/b`],
		["OTEL_SDK_DISABLED", qwen({}, { OTEL_SDK_DISABLED: " TRUE " }), "logs | no |  | https://u/t/v1/logs"],
		["a scheme in capitals", qwen({ otlpEndpoint: "HTTPS://u/t" }), at],
		["a fragment is not sent", qwen({ otlpEndpoint: "https://u/t#f" }), at],
		["a quote at either end is taken off", qwen({ otlpEndpoint: '"https://u/t"' }), at],
		["the signal's path is not added twice", qwen({ otlpEndpoint: "https://u/t/v1/logs" }), at],
		["a path of its own is requested as it is", qwen({ otlpLogsEndpoint: "https://u" }), at.replace("/t/v1/logs", "/")],
		["no scheme", qwen({ otlpEndpoint: "127.0.0.1:4318" }), none],
		["a host that is taken for a scheme", qwen({ otlpEndpoint: "localhost:4318" }), none],
		["a signal's own that is none, beside a good one for all", qwen({ otlpLogsEndpoint: "nonsense" }), none],
	])("%s", (_what, layers, expected) => {
		expect(logsOf("qwen-code", "0.24.4", layers)).toEqual([expected]);
	});
});
