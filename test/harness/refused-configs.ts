import { judgedTelemetry } from "./refused-telemetry.ts";
import { judgedTransport } from "./refused-transport.ts";
import { judgedValues } from "./refused-values.ts";
import { judgedYaml } from "./refused-yaml.ts";

/** A config that the real collector refuses, or not, and what T1 says about it. */
export interface JudgedConfig {
	readonly name: string;
	readonly text: string;
	/** Rules of the errors. */
	readonly errors: readonly string[];
	/** What `validate` does not see: it fails at start, or is a mistake that only costs data. */
	readonly passes?: true;
}

const http = "{protocols: {http: }}";
const whole = (parts: {
	readonly receivers?: string;
	readonly exporters?: string;
	readonly more?: string;
	readonly service?: string;
	readonly pipelines?: string;
}) => `receivers: ${parts.receivers ?? `{otlp: ${http}}`}
exporters: ${parts.exporters ?? "{debug: }"}
${parts.more ?? ""}
service:
  ${parts.service ?? "telemetry: "}
  pipelines: ${parts.pipelines ?? "{logs: {receivers: [otlp], exporters: [debug]}}"}
`;
const to = (exporter: string, more = "") =>
	whole({
		exporters: `{${exporter}}`,
		more,
		pipelines: `{logs: {receivers: [otlp], exporters: [${exporter.split(":", 1)[0]}]}}`,
	});

/** Small configs of the kinds that strangers try: null in every place, words where lists belong, YAML's other booleans, ids, connectors. */
export const judged: readonly JudgedConfig[] = [
	{ name: "a config with nothing wrong in it", text: whole({}), errors: [], passes: true },
	{ name: "a directive of another YAML", text: `%YAML 1.2\n---\n${whole({})}`, errors: ["syntax"] },
	{ name: "the directive of its own", text: `%YAML 1.1\n---\n${whole({})}`, errors: [], passes: true },
	...["\u0085", "\u2028", "\u2029"].map((end) => ({
		name: `a comment that ${JSON.stringify(end)} ends for collectors`,
		text: `# a${end}b\n${whole({})}`,
		errors: ["syntax"] as const,
	})),
	{
		name: "the same in quotes, where it is a line break",
		text: to('otlp_http: {endpoint: "http://127.0.0.1:9", headers: {a: "b\u2028c"}}'),
		errors: [],
		passes: true,
	},
	{
		name: "a variable in braces without quotes, which is one mistake",
		text: to("otlp_http: {endpoint: 'http://127.0.0.1:9', headers: {Authorization: Bearer ${env:TOKEN}}}"),
		errors: ["syntax"],
	},
	{
		name: "two lines with something behind a closing quote, which are two",
		text: whole({ more: 'processors: "a" b', service: 'extensions: "c" d' }),
		errors: ["syntax", "syntax"],
	},
	{ name: "exporters that are named twice", text: to("debug: , debug/b: "), errors: [], passes: true },
	{ name: "a receiver without a protocol", text: whole({ receivers: "{otlp: }" }), errors: ["missing-setting"] },
	{
		name: "protocols without one",
		text: whole({ receivers: "{otlp: {protocols: }}" }),
		errors: ["missing-setting"],
	},
	{ name: "an exporter without a place to send to", text: to("otlp_http: "), errors: ["missing-setting"] },
	{ name: "an empty endpoint", text: to("otlp_grpc: {endpoint: ''}"), errors: ["missing-setting"] },
	{
		name: "an endpoint for the one signal",
		text: to("otlp_http: {logs_endpoint: 'http://127.0.0.1:9/v1/logs'}"),
		errors: [],
		passes: true,
	},
	{
		name: "an authenticator without a token",
		text: whole({ more: "extensions: {bearertokenauth: {}}", service: "extensions: [bearertokenauth]" }),
		errors: ["missing-setting"],
	},
	{
		name: "a memory limiter without limits",
		text: whole({
			more: "processors: {memory_limiter: }",
			pipelines: "{logs: {receivers: [otlp], processors: [memory_limiter], exporters: [debug]}}",
		}),
		errors: ["missing-setting", "missing-setting"],
	},
	{
		name: "null in a list of exporters",
		text: whole({ pipelines: "{logs: {receivers: [otlp], exporters: [debug, null]}}" }),
		errors: ["wrong-type"],
	},
	{
		name: "null in the list of extensions",
		text: whole({ more: "extensions: {health_check: }", service: "extensions: [health_check, null]" }),
		errors: ["wrong-type"],
	},
	{
		name: "a pipeline that is null",
		text: whole({ pipelines: "{logs: {receivers: [otlp], exporters: [debug]}, metrics: }" }),
		errors: ["empty-pipeline", "empty-pipeline"],
	},
	...judgedValues(whole, to),
	...judgedYaml,
	...judgedTransport(whole, to),
	...judgedTelemetry(whole),
	{ name: "null everywhere", text: "receivers:\nexporters:\nservice:\n", errors: ["no-pipelines"] },
	{
		name: "a word in the place of a list",
		text: whole({ pipelines: "{logs: {receivers: otlp, exporters: [debug]}}" }),
		errors: ["wrong-type"],
	},
	{
		name: "a map in the place of a list",
		text: whole({ pipelines: "{logs: {receivers: [otlp], exporters: {debug: }}}" }),
		errors: ["wrong-type"],
	},
	{
		name: "a list in the place of a section",
		text: whole({ receivers: "[otlp]" }),
		errors: ["missing-reference", "wrong-type"],
	},
	{
		name: "yes in the place of true",
		text: whole({ receivers: "{otlp: {protocols: {http: {include_metadata: yes}}}}" }),
		errors: ["wrong-type"],
	},
	{
		name: "a boolean in quotes",
		text: to("otlp_http: {endpoint: 'http://127.0.0.1:9', sending_queue: {enabled: 'false'}}"),
		errors: ["wrong-type"],
	},
	{
		name: "True, which is one",
		text: whole({ receivers: "{otlp: {protocols: {http: {include_metadata: True}}}}" }),
		errors: [],
		passes: true,
	},
	...[
		["a number for a TLS version", "tls: {min_version: 1.2}", ["wrong-type"]],
		["the same in quotes", 'tls: {min_version: "1.2"}', []],
		["a boolean for a compression", "compression: true", ["wrong-type"]],
		["a number for a file", "tls: {ca_file: 7}", ["wrong-type"]],
		["an older number for a file", "tls: {ca_file: 1_000}", ["wrong-type"]],
		["a number for a storage", "sending_queue: {storage: 1}", ["wrong-type"]],
		["a word that is a boolean in other YAML, for a text", "proxy_url: yes", []],
	].map(([name, setting, errors]) => ({
		name: String(name),
		text: to(`otlp_http: {endpoint: 'http://127.0.0.1:9', ${setting}}`),
		errors: errors as readonly string[],
		...(errors?.length === 0 && { passes: true as const }),
	})),
	{
		name: "a token of digits without quotes",
		text: whole({
			more: "extensions: {bearertokenauth: {token: 12345678}}",
			service: "extensions: [bearertokenauth]",
		}),
		errors: ["wrong-type"],
	},
	{
		name: "a number in quotes",
		text: to("otlp_http: {endpoint: 'http://127.0.0.1:9', sending_queue: {num_consumers: '3'}}"),
		errors: ["wrong-type"],
	},
	{
		name: "a number as YAML 1.1 writes it",
		text: to("otlp_http: {endpoint: 'http://127.0.0.1:9', sending_queue: {queue_size: 1_000}}"),
		errors: [],
		passes: true,
	},
	{ name: "a name with blanks around it", text: to("debug/ a : "), errors: [], passes: true },
	{
		name: "a word that is none of the setting's",
		text: to("otlp_http: {endpoint: 'http://127.0.0.1:9', compression: gzipp}"),
		errors: ["wrong-type"],
	},
	{
		name: "headers as a list of names and values",
		text: to("otlp_http: {endpoint: 'http://127.0.0.1:9', headers: [{name: X-A, value: b}]}"),
		errors: [],
		passes: true,
	},
	{ name: "a setting that service does not have", text: whole({ service: "pipeline: {}" }), errors: ["unknown-field"] },
	{
		name: "a name that is empty",
		text: whole({ receivers: `{otlp: ${http}, otlp/: ${http}}` }),
		errors: ["invalid-id"],
	},
	{
		name: "a name with a blank",
		text: to("debug/a b: "),
		errors: ["invalid-id"],
	},
	{
		name: "a pipeline whose name is empty",
		text: whole({ pipelines: "{logs/: {receivers: [otlp], exporters: [debug]}}" }),
		errors: ["invalid-id"],
	},
	{
		name: "connectors in a circle",
		text: whole({
			more: "connectors: {forward: , forward/b: }",
			pipelines:
				"{logs: {receivers: [otlp, forward/b], exporters: [forward, debug]}, logs/b: {receivers: [forward], exporters: [forward/b]}}",
		}),
		errors: ["connector-cycle"],
	},
	{
		name: "a connector between signals that it does not join",
		text: whole({
			more: "connectors: {count: }",
			pipelines: "{logs: {receivers: [otlp], exporters: [count]}, traces: {receivers: [count], exporters: [debug]}}",
		}),
		errors: ["one-sided-connector"],
	},
	{
		name: "a connector from one signal to another",
		text: whole({
			more: "connectors: {count: }",
			pipelines: "{logs: {receivers: [otlp], exporters: [count]}, metrics: {receivers: [count], exporters: [debug]}}",
		}),
		errors: [],
		passes: true,
	},
	{
		name: "an authenticator of a receiver that nobody defines",
		text: whole({ receivers: "{otlp: {protocols: {http: {auth: {authenticator: bearertokenauth}}}}}" }),
		errors: ["missing-reference"],
		passes: true,
	},
	{
		name: "merge keys: what they bring is there",
		text: whole({
			exporters:
				"{otlp_http: &a {endpoint: 'http://127.0.0.1:9'}, otlp_http/b: {<<: *a, timeout: 1s}, otlp_http/c: *a}",
			pipelines: "{logs: {receivers: [otlp], exporters: [otlp_http, otlp_http/b, otlp_http/c]}}",
		}),
		errors: [],
		passes: true,
	},
	{
		name: "merge keys: a mistake that they bring",
		text: whole({
			exporters: "{otlp_http: {endpoint: 'http://127.0.0.1:9', <<: [{sending_queue: {num_consumers: '3'}}]}}",
			pipelines: "{logs: {receivers: [otlp], exporters: [otlp_http]}}",
		}),
		errors: ["wrong-type"],
	},
	{
		name: "a queue that is switched off through a merge key",
		text: whole({
			exporters: "{otlp_http: {endpoint: 'http://127.0.0.1:9', <<: {sending_queue: {enabled: false}}}}",
			pipelines: "{logs: {receivers: [otlp], exporters: [otlp_http]}}",
		}),
		errors: ["queue-off"],
		passes: true,
	},
	{ name: "a config behind another", text: `${whole({})}---\n${whole({})}`, errors: ["second-document"], passes: true },
	{ name: "a config behind an empty document", text: `--- ~\n---\n${whole({})}`, errors: ["second-document"] },
];
