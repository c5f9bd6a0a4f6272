import { expect, test } from "vitest";
import { parseDocument, type YAMLMap } from "yaml";
import { ownPage } from "../../../src/generate/splice/own-page.ts";

const pageOf = (metrics: string) => {
	const document = parseDocument(`service: {telemetry: {metrics: ${metrics}}}`);
	return ownPage(document.contents as YAMLMap, document);
};
const reader = (prometheus: string) => `{readers: [{pull: {exporter: {prometheus: ${prometheus}}}}]}`;

test.each([
	["{}", undefined],
	["{level: detailed}", undefined],
	["", undefined],
	["{address: '0.0.0.0:8899'}", "http://127.0.0.1:8899/metrics"],
	["{address: ':8899'}", "http://127.0.0.1:8899/metrics"],
	["{address: '[::1]:8899'}", "http://127.0.0.1:8899/metrics"],
	[reader("{host: 10.1.2.3, port: 9}"), "http://10.1.2.3:9/metrics"],
	[reader("{host: 'fd00::1', port: 9}"), "http://[fd00::1]:9/metrics"],
	[reader("{port: 9}"), "http://127.0.0.1:9/metrics"],
	[
		reader("{host: otel-collector-2.monitoring.svc.cluster.local, port: 9}"),
		"http://otel-collector-2.monitoring.svc.cluster.local:9/metrics",
	],
])("metrics: %s are served where the checks read them", (metrics, url) => {
	expect(pageOf(metrics)).toEqual(url === undefined ? undefined : { url, obstacle: undefined });
});

test.each([
	["{level: none}", "level: none"],
	["{readers: []}", "none of its readers"],
	["{readers: [{periodic: {exporter: {otlp: {}}}}]}", "none of its readers"],
	["{address: '${env:HOST}:8888'}", "not a plain value"],
	["{address: '${env:ADDRESS}'}", "not a plain value"],
	[reader("{host: localhost, port: '${env:PORT}'}"), "not a plain value"],
	[reader("{host: 'x$(id)', port: 9}"), "not a plain value"],
	["{address: 'a;id:8888'}", "not a plain value"],
	["{address: 'x:99999'}", "not a plain value"],
	["{address: '7Hq2Zp9Lx4Vb8Kd3Wm6Tn1Rc5Yf0Js:8888'}", "not a plain value"],
	[reader("{host: 5d3f9a7c-0b1e-4c2d-8f6a-1e2b3c4d5e6f, port: 9}"), "not a plain value"],
])("metrics: %s are not, and it is said why", (metrics, obstacle) => {
	expect(pageOf(metrics)).toEqual({ url: undefined, obstacle: expect.stringContaining(obstacle) });
});
