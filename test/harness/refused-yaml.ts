import type { JudgedConfig } from "./refused-configs.ts";

/** A config with these lines among the settings of its exporter. */
const withSettings = (...lines: readonly string[]) => `receivers:
  otlp:
    protocols:
      http:
exporters:
  otlp_http:
    endpoint: "http://127.0.0.1:9"
${lines.map((line) => `    ${line}\n`).join("")}service:
  pipelines:
    logs: {receivers: [otlp], exporters: [otlp_http]}
`;
const refused = (name: string, ...lines: readonly string[]): JudgedConfig => ({
	name,
	text: withSettings(...lines),
	errors: ["syntax"],
});
const taken = (name: string, ...lines: readonly string[]): JudgedConfig => ({
	name,
	text: withSettings(...lines),
	errors: [],
	passes: true,
});

/** What a parser of YAML 1.2 reads, and that of collectors refuses or reads as something else; beside each kind what both read. */
export const judgedYaml: readonly JudgedConfig[] = [
	refused("an alias without an anchor", "headers: *nobody"),
	refused("an alias before its anchor", "headers: *later", "sending_queue: &later {enabled: true}"),
	refused("an alias inside the value of its anchor", "headers: &own {a: *own}"),
	refused("an anchor with a dot in its name", "headers: &a.b {c: d}"),
	taken("an anchor and its alias", "sending_queue: &on {enabled: true}", "retry_on_failure: *on"),
	refused("a URL with a query without quotes in a map in braces", "headers: {a: https://x.example.com/?b=c}"),
	refused("a variable without quotes in a list in brackets", "headers: [${env:A}]"),
	refused("a key with a question mark in a map in braces", "headers: {a?: b}"),
	taken("the same URL in quotes, and in a block", 'headers: {a: "https://x.example.com/?b=c"}', "timeout: 5s # ?"),
	refused("a list after a colon without a space in a map in braces", "headers: {a:[b]}"),
	refused("a colon at the end of a map in braces", "retry_on_failure: {enabled:}"),
	refused("a colon before a comma", "retry_on_failure: {enabled:, max_elapsed_time: 0s}"),
	refused("a colon without a key", "headers:", "  : a"),
	refused("a map as a key", "headers: {{a: b}: c}"),
	refused("one key with and without quotes", 'headers: {a: b, "a": c}'),
	refused("<< of a text", "<<: text"),
	refused("<< of a list with a text in it", "<<: [{timeout: 5s}, text]"),
	taken(
		"<< of a map and of a list of maps",
		"sending_queue: {<<: {enabled: true}}",
		"retry_on_failure: {<<: [{enabled: true}]}",
	),
	refused("a tab after a dash", "headers:", "  -\ta: b"),
	refused("an escape that YAML 1.1 does not have", 'headers: {a: "https:\\/\\/x"}'),
	taken("the escapes that it has", 'headers: {a: "b\\tc\\"\\x41\\u00e9"}'),
	refused("a control character in a comment", "# \u0007"),
	refused("a carriage return alone, after which a comment goes on as a key", "# a\rcompression: zip"),
	refused("a tag of another type", "headers: {a: !!int b}"),
	taken("a tag of the type", "headers: {a: !!str 12}", "retry_on_failure: {enabled: !!bool true}"),
];
