import fc from "fast-check";

/** How a generated config is written: every choice a person makes without thinking. */
interface Style {
	readonly step: 2 | 3 | 4;
	readonly eol: "\n" | "\r\n";
	readonly finalBreak: boolean;
	readonly documentStart: boolean;
	readonly order: "usual" | "service first" | "exporters last";
}

const style: fc.Arbitrary<Style> = fc.record({
	step: fc.constantFrom(2, 3, 4),
	eol: fc.constantFrom("\n", "\r\n"),
	finalBreak: fc.boolean(),
	documentStart: fc.boolean(),
	order: fc.constantFrom("usual", "service first", "exporters last"),
});

/** What stands behind a value or on a line of its own without changing anything. */
const noise = fc.constantFrom("", "", "", " # a comment", "  ", "\t# tab: {[", " #");
const gap = fc.constantFrom([], [], [], [""], ["# between"], ["", "    # odd indentation", ""]);

const words = ["debug", "nop", "otlp/up", "kafka", "file/1", "prometheus"];
const scalars = fc
	.constantFrom(
		"basic",
		"1",
		"true",
		"~",
		"''",
		'"a: b # c"',
		"'it''s'",
		"https://x.example:4318/a?b=c",
		"${env:HOME}",
		"30s",
		"*.log",
		'"{{ x }}"',
		"größe 😀",
	)
	.filter((text) => !text.startsWith("*"));

/** The lines of a component's settings, at column 0. */
const settings: fc.Arbitrary<readonly string[]> = fc.oneof(
	fc.constant([]),
	fc.tuple(scalars, noise).map(([value, tail]) => [`key: ${value}${tail}`]),
	fc
		.tuple(scalars, scalars, noise, gap)
		.map(([a, b, tail, between]) => [`first: ${a}`, ...between, "nested:", `  deep: ${b}${tail}`]),
	fc.constantFrom(
		["text: |", "  one", "", "  two"],
		["text: |+", "  kept", "", ""],
		["text: >-", "  folded", "  lines"],
		["text: |2", "    indented"],
	),
	fc.constantFrom(
		["list:", "- a", "- b: 1", "  c: 2"],
		["list: [a, {b: c}, 'd']"],
		["list:", "  -   wide"],
		["map: {a: {b: [1, 2]}}"],
	),
	fc.constantFrom(['long: "over', '  two lines"'], ["plain: over", "  two lines"], ["? odd", ": value"]),
);

interface Component {
	readonly id: string;
	readonly body: readonly string[];
	readonly tail: string;
	readonly gap: readonly string[];
}

const component = (id: string): fc.Arbitrary<Component> =>
	fc.record({ id: fc.constant(id), body: settings, tail: noise, gap });

const components = (ids: readonly string[]): fc.Arbitrary<Component[]> =>
	fc.subarray([...ids], { minLength: 1 }).chain((chosen) => fc.tuple(...chosen.map(component)));

type ListStyle = "flow" | "flow over lines" | "block" | "block at key" | "quoted";
const listStyle = fc.constantFrom<ListStyle>("flow", "flow over lines", "block", "block at key", "quoted");

const pipeline = fc.record({ exporters: fc.subarray(words, { minLength: 1 }), style: listStyle, tail: noise });

const arbitrary = fc.record({
	style,
	exporters: components(words),
	extensions: fc.option(
		fc.record({
			entries: fc.option(components(["health_check", "zpages", "pprof"])),
			listed: fc.option(listStyle),
			tail: noise,
		}),
	),
	pipelines: fc.dictionary(fc.constantFrom("logs", "metrics", "traces", "logs/second"), pipeline, { minKeys: 1 }),
	telemetry: fc.option(settings),
});

/** The text of a random, valid collector config in a random style, with at least one pipeline of logs or metrics. */
export const generatedConfig: fc.Arbitrary<string> = arbitrary
	.filter(({ pipelines }) => "logs" in pipelines || "metrics" in pipelines)
	.map((config) => {
		const { step, eol, finalBreak, documentStart, order } = config.style;
		const inset = (lines: readonly string[], by: number = step) =>
			lines.map((line) => (line === "" ? "" : `${" ".repeat(by)}${line}`));
		const section = (parts: readonly Component[]) =>
			parts.flatMap(({ id, body, tail, gap: between }) => [
				...inset([`${id}:${tail}`]),
				...inset(body, 2 * step),
				...between,
			]);
		const list = (key: string, items: readonly string[], how: ListStyle, tail: string): string[] => {
			if (how === "flow") return [`${key}: [${items.join(", ")}]${tail}`];
			if (how === "quoted") return [`${key}: ["${items.join('", "')}"]${tail}`];
			if (how === "flow over lines") return [`${key}: [`, ...items.map((item) => `    ${item},`), `  ]${tail}`];
			return [
				`${key}:${tail}`,
				...inset(
					items.map((item) => `- ${item}`),
					how === "block" ? step : 0,
				),
			];
		};
		const { extensions } = config;
		const receivers = ["receivers:", ...inset(["otlp:", ...inset(["protocols:", ...inset(["grpc:"])])])];
		const exporters = ["exporters:", ...section(config.exporters)];
		const extensionSection = extensions ? [`extensions:${extensions.tail}`, ...section(extensions.entries ?? [])] : [];
		const ids = extensions?.entries?.map(({ id }) => id) ?? [];
		const service = [
			"service:",
			...inset([
				...(extensions?.listed && ids.length > 0 ? list("extensions", ids, extensions.listed, extensions.tail) : []),
				"pipelines:",
				...inset(
					Object.entries(config.pipelines).flatMap(([id, { exporters: names, style: how, tail }]) => [
						`${id}:`,
						...inset(["receivers: [otlp]", ...list("exporters", names, how, tail)]),
					]),
				),
				...(config.telemetry ? ["telemetry:", ...inset(config.telemetry)] : []),
			]),
		];
		const sections = {
			usual: [receivers, exporters, extensionSection, service],
			"service first": [service, extensionSection, receivers, exporters],
			"exporters last": [receivers, extensionSection, service, exporters],
		}[order];
		const lines = [...(documentStart ? ["---"] : []), ...sections.flat()];
		return lines.join(eol) + (finalBreak ? eol : "");
	});
