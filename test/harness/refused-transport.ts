import type { JudgedConfig } from "./refused-configs.ts";

type Whole = (parts: { receivers?: string; exporters?: string; more?: string; pipelines?: string }) => string;

const ENDPOINT = "endpoint: 'http://127.0.0.1:9'";
const BOTH = "{cert_file: a, key_file: b}";

function row(name: string, text: string, rule: string | undefined): JudgedConfig {
	return { name, text, errors: rule === undefined ? [] : [rule], ...(rule === undefined && { passes: true as const }) };
}

/** Configs about how data is sent: headers, certificates, levels of compression, what is replaced, and where connectors send to. */
export const judgedTransport = (whole: Whole, to: (exporter: string) => string): readonly JudgedConfig[] => [
	...(
		[
			["{a: 3}", "wrong-type"],
			["{a: true}", "wrong-type"],
			["{a: 1.5}", "wrong-type"],
			["{a: [b]}", "wrong-type"],
			["{a: {b: c}}", "wrong-type"],
			["{a: }", undefined],
			["{3: a}", undefined],
			["{a: '3'}", undefined],
			["[{name: a, value: 3}]", "wrong-type"],
			["[{name: a, value: b}]", undefined],
		] as const
	).map(([headers, rule]) => row(`headers ${headers}`, to(`otlp_http: {${ENDPOINT}, headers: ${headers}}`), rule)),
	...(
		[
			["{cert_file: a}", "refused-value"],
			["{key_file: a}", "refused-value"],
			["{cert_file: '${env:K}'}", undefined],
			["{insecure: true, cert_file: a}", "refused-value"],
			["{ca_file: a, ca_pem: b}", "refused-value"],
			["{cert_file: a, cert_pem: b, key_file: c}", "refused-value"],
			["{ca_file: '', ca_pem: '${env:CA}'}", undefined],
		] as const
	).map(([tls, rule]) => row(`a client with tls ${tls}`, to(`otlp_http: {${ENDPOINT}, tls: ${tls}}`), rule)),
	...(
		[
			["{}", "refused-value"],
			["{client_ca_file: a}", "refused-value"],
			["{cert_file: a}", "refused-value"],
			["", undefined],
		] as const
	).map(([tls, rule]) =>
		row(`a receiver with tls ${tls}`, whole({ receivers: `{otlp: {protocols: {grpc: {tls: ${tls}}}}}` }), rule),
	),
	row("an exporter with a certificate and its key", to(`otlp_grpc: {endpoint: 'a:1', tls: ${BOTH}}`), undefined),
	...(
		[
			["gzip", 9, undefined],
			["gzip", 10, "refused-value"],
			["zlib", -3, "refused-value"],
			["zstd", 22, undefined],
			["snappy", 1, "refused-value"],
		] as const
	).map(([kind, level, rule]) =>
		row(
			`${kind} of level ${level}`,
			to(`otlp_http: {${ENDPOINT}, compression: ${kind}, compression_params: {level: ${level}}}`),
			rule,
		),
	),
	...(
		[
			["${1}", "refused-value"],
			["${}", "refused-value"],
			["${a.b}", "refused-value"],
			["${env:A B}", "refused-value"],
			["a$${1}", undefined],
			["$1:$2", undefined],
			["${yaml:3}s", undefined],
			["${env:A:-x y}", undefined],
		] as const
	).map(([text, rule]) => row(`the text ${text}`, to(`otlp_http: {${ENDPOINT}, headers: {X-A: 'x${text}'}}`), rule)),
	row(
		"what looks like a variable in a key",
		to(`otlp_http: {${ENDPOINT}, headers: {'\${A:-b}': c, '\${1}': d}}`),
		undefined,
	),
	row(
		"a header that batch keeps twice",
		whole({
			more: "processors: {batch: {metadata_keys: [a, A]}}",
			pipelines: "{logs: {receivers: [otlp], processors: [batch], exporters: [debug]}}",
		}),
		"refused-value",
	),
	...(
		[
			["{table: [{condition: 'true', pipelines: [logs/a]}]}", undefined],
			["{table: [{condition: 'true', pipelines: [logs/z]}]}", "missing-reference"],
			["{table: [{condition: 'true', pipelines: [logs/b]}]}", "missing-reference"],
			["{default_pipelines: [logs/z], table: [{condition: 'true', pipelines: [logs/a]}]}", "missing-reference"],
		] as const
	).map(([settings, rule]) =>
		row(
			`routing with ${settings}`,
			whole({
				more: `connectors: {routing: ${settings}}`,
				pipelines:
					"{logs: {receivers: [otlp], exporters: [routing]}, logs/a: {receivers: [routing], exporters: [debug]}, logs/b: {receivers: [otlp], exporters: [debug]}}",
			}),
			rule,
		),
	),
];
