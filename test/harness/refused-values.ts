import type { JudgedConfig } from "./refused-configs.ts";

type Whole = (parts: { receivers?: string; exporters?: string; more?: string; pipelines?: string }) => string;

/** Configs whose values are of the right types: `whole` puts a config together, `to` one with an exporter. */
export const judgedValues = (whole: Whole, to: (exporter: string) => string): readonly JudgedConfig[] => [
	...(
		[
			["${OTLP:-http://127.0.0.1:9}", true],
			["${OTLP_URL:-http://127.0.0.1:9}", true],
			["${OTLP:=http://127.0.0.1:9}", true],
			["http://${HOST:?unset}:9", true],
			["${env:OTLP:-http://127.0.0.1:9}", false],
			["${env:OTLP:-${env:OTHER:-http://127.0.0.1:9}}", false],
			["http://127.0.0.1:9/$${OTLP:-a}", false],
		] as const
	).map(
		([endpoint, isRefused]): JudgedConfig => ({
			name: `a variable with a default: ${endpoint}`,
			text: to(`otlp_http: {endpoint: '${endpoint}'}`),
			errors: isRefused ? ["refused-value"] : [],
			...(!isRefused && { passes: true }),
		}),
	),
	...(
		[
			["processors", "tail_sampling", "{policies: [{name: a, type: always_sample}]}", "traces"],
			["processors", "probabilistic_sampler", "{sampling_percentage: 15}", "logs traces"],
			["processors", "interval", "{}", "metrics"],
			["processors", "deltatocumulative", "{}", "metrics"],
			["processors", "cumulativetodelta", "{}", "metrics"],
			["exporters", "prometheus", "{endpoint: '127.0.0.1:9'}", "metrics"],
			["exporters", "prometheus_remote_write", "{endpoint: 'http://127.0.0.1:9'}", "metrics"],
		] as const
	).flatMap(([section, type, settings, takes]) =>
		["logs", "metrics", "traces"].map((signal): JudgedConfig => {
			const isTaken = takes.split(" ").includes(signal);
			const isExporter = section === "exporters";
			const pipeline = `receivers: [otlp], ${isExporter ? "" : `processors: [${type}], `}exporters: [${isExporter ? type : "debug"}]`;
			return {
				name: `${type} in a pipeline of ${signal}`,
				text: whole({
					...(isExporter ? { exporters: `{${type}: ${settings}}` } : { more: `processors: {${type}: ${settings}}` }),
					pipelines: `{${signal}: {${pipeline}}}`,
				}),
				errors: isTaken ? [] : ["unsupported-signal"],
				...(isTaken && { passes: true }),
			};
		}),
	),
	...(
		[
			["a level of the debug exporter that is none", "verbosity: verbose", "wrong-type"],
			["no level", "verbosity: none", "wrong-type"],
			["a level that is true", "verbosity: true", "wrong-type"],
			["a level as a text with a number", "verbosity: '1'", "wrong-type"],
			["a level in capitals", "verbosity: DETAILED", undefined],
			["a level as a number", "verbosity: 2", undefined],
			["a number without a level", "verbosity: 3", "refused-value"],
			["a level by a variable", "verbosity: '${env:LEVEL:-detailed}'", undefined],
			["the setting of the logging exporter", "loglevel: debug", "unknown-field"],
			["an output of the logger that has none", "output_paths: [stdout]", "refused-value"],
			["no output", "use_internal_logger: false, output_paths: []", "refused-value"],
			["an output, in one text", "use_internal_logger: false, output_paths: stderr", undefined],
			["a queue of the debug exporter for nothing", "sending_queue: {queue_size: 0}", "refused-value"],
			["retries, which it has not", "retry_on_failure: {enabled: true}", "unknown-field"],
		] as const
	).map(
		([name, settings, rule]): JudgedConfig => ({
			name,
			text: whole({ exporters: `{debug: {${settings}}}` }),
			errors: rule === undefined ? [] : [rule],
			...(rule === undefined && { passes: true }),
		}),
	),
	{
		name: "retries that end before the longest wait, which is a default",
		text: to("otlp_http: {endpoint: 'http://127.0.0.1:9', retry_on_failure: {max_elapsed_time: 20s}}"),
		errors: ["refused-value"],
	},
	{
		name: "retries that end before the first wait",
		text: to("otlp_http: {endpoint: 'http://127.0.0.1:9', retry_on_failure: {max_elapsed_time: 4s, max_interval: 1s}}"),
		errors: ["refused-value"],
	},
	{
		name: "retries that end when the longest wait does",
		text: to(
			"otlp_http: {endpoint: 'http://127.0.0.1:9', retry_on_failure: {max_elapsed_time: 20s, max_interval: 20s}}",
		),
		errors: [],
		passes: true,
	},
	{
		name: "retries that never end",
		text: to(
			"otlp_http: {endpoint: 'http://127.0.0.1:9', retry_on_failure: {max_elapsed_time: 0s}, sending_queue: {queue_size: 1000}}",
		),
		errors: [],
		passes: true,
	},
	{
		name: "retries that are off, whatever their times",
		text: to("otlp_http: {endpoint: 'http://127.0.0.1:9', retry_on_failure: {enabled: false, max_elapsed_time: 1s}}"),
		errors: [],
		passes: true,
	},
	{
		name: "a factor above one",
		text: to("otlp_http: {endpoint: 'http://127.0.0.1:9', retry_on_failure: {randomization_factor: 2}}"),
		errors: ["refused-value"],
	},
	{
		name: "a negative multiplier",
		text: to("otlp_http: {endpoint: 'http://127.0.0.1:9', retry_on_failure: {multiplier: -1}}"),
		errors: ["refused-value"],
	},
	{
		name: "a queue for nothing",
		text: to("otlp_http: {endpoint: 'http://127.0.0.1:9', sending_queue: {queue_size: 0}}"),
		errors: ["refused-value"],
	},
	{
		name: "a queue without consumers",
		text: to("otlp_http: {endpoint: 'http://127.0.0.1:9', sending_queue: {num_consumers: 0}}"),
		errors: ["refused-value"],
	},
	{
		name: "a queue that is smaller than its batch",
		text: to(
			"otlp_http: {endpoint: 'http://127.0.0.1:9', sending_queue: {queue_size: 10, sizer: items, batch: {min_size: 8000}}}",
		),
		errors: ["refused-value"],
	},
	{
		name: "a queue of bytes that is smaller than its batch",
		text: to(
			"otlp_http: {endpoint: 'http://127.0.0.1:9', sending_queue: {queue_size: 10, sizer: bytes, batch: {flush_timeout: 1s}}}",
		),
		errors: ["refused-value"],
	},
	{
		name: "a queue of requests, which a batch of items is no part of",
		text: to(
			"otlp_http: {endpoint: 'http://127.0.0.1:9', sending_queue: {queue_size: 10, batch: {sizer: items, min_size: 1000}}}",
		),
		errors: [],
		passes: true,
	},
	{
		name: "a queue with an empty batch",
		text: to("otlp_http: {endpoint: 'http://127.0.0.1:9', sending_queue: {queue_size: 10, sizer: bytes, batch: }}"),
		errors: [],
		passes: true,
	},
	{
		name: "batches that are larger than the largest",
		text: to("otlp_http: {endpoint: 'http://127.0.0.1:9', sending_queue: {batch: {max_size: 5}}}"),
		errors: ["refused-value"],
	},
	{
		name: "batches that are off",
		text: to(
			"otlp_http: {endpoint: 'http://127.0.0.1:9', sending_queue: {batch: {enabled: false, max_size: 5, min_size: 10}}}",
		),
		errors: [],
		passes: true,
	},
	{
		name: "batches that are never sent",
		text: to("otlp_http: {endpoint: 'http://127.0.0.1:9', sending_queue: {batch: {flush_timeout: 0s}}}"),
		errors: ["refused-value"],
	},
	{
		name: "a duration in days",
		text: to("otlp_http: {endpoint: 'http://127.0.0.1:9', timeout: 1d}"),
		errors: ["wrong-type"],
	},
	{
		name: "a duration without a unit, in quotes",
		text: to("otlp_http: {endpoint: 'http://127.0.0.1:9', timeout: '5'}"),
		errors: ["wrong-type"],
	},
	{
		name: "a duration with a blank",
		text: to("otlp_http: {endpoint: 'http://127.0.0.1:9', timeout: 5 s}"),
		errors: ["wrong-type"],
	},
	{
		name: "a duration that begins with a point",
		text: to("otlp_http: {endpoint: 'http://127.0.0.1:9', timeout: .5s}"),
		errors: [],
		passes: true,
	},
	{
		name: "a duration that is a number",
		text: to("otlp_http: {endpoint: 'http://127.0.0.1:9', timeout: 5}"),
		errors: [],
		passes: true,
	},
	{
		name: "a memory limiter whose spike is all of it",
		text: whole({
			more: "processors: {memory_limiter: {check_interval: 1s, limit_mib: 100, spike_limit_mib: 100}}",
			pipelines: "{logs: {receivers: [otlp], processors: [memory_limiter], exporters: [debug]}}",
		}),
		errors: ["refused-value"],
	},
	{
		name: "a memory limiter of more than all",
		text: whole({
			more: "processors: {memory_limiter: {check_interval: 1s, limit_percentage: 110}}",
			pipelines: "{logs: {receivers: [otlp], processors: [memory_limiter], exporters: [debug]}}",
		}),
		errors: ["refused-value"],
	},
	{
		name: "a memory limiter whose spike is its percentage",
		text: whole({
			more: "processors: {memory_limiter: {check_interval: 1s, limit_percentage: 50, spike_limit_percentage: 50}}",
			pipelines: "{logs: {receivers: [otlp], processors: [memory_limiter], exporters: [debug]}}",
		}),
		errors: ["refused-value"],
	},
	{
		name: "a memory limiter that never looks",
		text: whole({
			more: "processors: {memory_limiter: {check_interval: 0s, limit_mib: 100}}",
			pipelines: "{logs: {receivers: [otlp], processors: [memory_limiter], exporters: [debug]}}",
		}),
		errors: ["refused-value"],
	},
	{
		name: "a batch with a maximum below its default",
		text: whole({
			more: "processors: {batch: {send_batch_max_size: 8191}}",
			pipelines: "{logs: {receivers: [otlp], processors: [batch], exporters: [debug]}}",
		}),
		errors: ["refused-value"],
	},
	{
		name: "a batch with a maximum of its default",
		text: whole({
			more: "processors: {batch: {send_batch_max_size: 8192}}",
			pipelines: "{logs: {receivers: [otlp], processors: [batch], exporters: [debug]}}",
		}),
		errors: [],
		passes: true,
	},
	{
		name: "a batch with a negative timeout",
		text: whole({
			more: "processors: {batch: {timeout: -1s}}",
			pipelines: "{logs: {receivers: [otlp], processors: [batch], exporters: [debug]}}",
		}),
		errors: ["refused-value"],
	},
	{
		name: "a processor twice in a pipeline",
		text: whole({
			more: "processors: {batch: }",
			pipelines: "{logs: {receivers: [otlp], processors: [batch, batch], exporters: [debug]}}",
		}),
		errors: ["refused-value"],
	},
	{
		name: "ids with blanks around their parts",
		text: whole({ exporters: "{'debug / a': }", pipelines: "{logs: {receivers: [' otlp'], exporters: ['debug/a']}}" }),
		errors: [],
		passes: true,
	},
	{
		name: "yes in a file that says it is YAML 1.1",
		text: `%YAML 1.1\n---\n${to("otlp_http: {endpoint: 'http://127.0.0.1:9', sending_queue: {enabled: yes}}")}`,
		errors: ["wrong-type"],
	},
	{ name: "an address that is none", text: to("otlp_http: {endpoint: '127.0.0.1:9'}"), errors: ["no-scheme"] },
	{
		name: "an address without http://, which the collector takes and never reaches",
		text: to("otlp_http: {endpoint: 'otlp.example.com:4318'}"),
		errors: ["no-scheme"],
		passes: true,
	},
	{
		name: "an address in capitals",
		text: to("otlp_http: {endpoint: 'HTTPS://otlp.example.com'}"),
		errors: [],
		passes: true,
	},
	{
		name: "a gRPC address without a port",
		text: to("otlp_grpc: {endpoint: gateway.example.com}"),
		errors: ["refused-value"],
	},
	{
		name: "a gRPC address with a scheme and no port",
		text: to("otlp_grpc: {endpoint: 'https://gateway.example.com'}"),
		errors: ["refused-value"],
	},
	{
		name: "a gRPC target of a resolver without a port",
		text: to("otlp_grpc: {endpoint: 'dns://10.0.0.1/gateway'}"),
		errors: ["refused-value"],
	},
	{
		name: "a gRPC address with a word for a port",
		text: to("otlp_grpc: {endpoint: 'gateway:otlp'}"),
		errors: ["refused-value"],
	},
	{ name: "gRPC to a socket", text: to("otlp_grpc: {endpoint: 'unix:///run/otel.sock'}"), errors: [], passes: true },
	{
		name: "a gRPC target of a resolver",
		text: to("otlp_grpc: {endpoint: 'dns:///gateway:4317'}"),
		errors: [],
		passes: true,
	},
	{ name: "a gRPC address of IPv6", text: to("otlp_grpc: {endpoint: '[::1]:4317'}"), errors: [], passes: true },
	{
		name: "a TLS version that is none",
		text: to("otlp_http: {endpoint: 'https://a:1', tls: {max_version: '1.9'}}"),
		errors: ["refused-value"],
	},
	{
		name: "TLS versions the wrong way round",
		text: to("otlp_grpc: {endpoint: 'a:1', tls: {min_version: '1.3', max_version: '1.2'}}"),
		errors: ["refused-value"],
	},
	{
		name: "an empty TLS version",
		text: to("otlp_grpc: {endpoint: 'a:1', tls: {min_version: ''}}"),
		errors: [],
		passes: true,
	},
	{
		name: "a TLS version",
		text: to("otlp_grpc: {endpoint: 'a:1', tls: {min_version: '1.2', max_version: '1.3'}}"),
		errors: [],
		passes: true,
	},
	{
		name: "a receiver with a TLS version that is none",
		text: whole({ receivers: "{otlp: {protocols: {grpc: {tls: {min_version: '2', cert_file: a, key_file: b}}}}}" }),
		errors: ["refused-value"],
	},
];
