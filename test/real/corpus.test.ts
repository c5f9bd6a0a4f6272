import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { loadDistribution } from "../../src/adapters/collectors/registry.ts";
import { CrossfadeError } from "../../src/base/errors.ts";
import { offlineFindings } from "../../src/generate/check/check.ts";
import { spliceAlloy } from "../../src/generate/splice/alloy.ts";
import { parseAlloy } from "../../src/generate/splice/alloy-syntax.ts";
import { decodeText } from "../../src/generate/splice/encoding.ts";
import { spliceOtelcol } from "../../src/generate/splice/otelcol.ts";
import type { OtelcolRequest } from "../../src/generate/splice/request.ts";
import { wanted } from "../generate/splice/request.ts";
import { canary } from "../harness/canary.ts";
import { scratch } from "../harness/cli.ts";
import { corpus, needs, otelcol } from "../harness/parts.ts";

/** Every file of the corpus with one of some endings, once by content. */
function corpusFiles(...endings: readonly string[]): { path: string; bytes: Buffer }[] {
	const seen = new Set<string>();
	return readdirSync(corpus.path).flatMap((module) => {
		const root = realpathSync(join(corpus.path, module));
		const names = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) =>
			endings.some((ending) => name.endsWith(ending)),
		);
		return names.sort().flatMap((name) => {
			const bytes = readFileSync(join(root, name));
			const key = bytes.toString("latin1");
			if (seen.has(key)) return [];
			seen.add(key);
			return [{ path: `${module}/${name}`, bytes }];
		});
	});
}

interface Tally {
	files: number;
	spliced: number;
	refused: Record<string, number>;
	wrong: string[];
}

/** Splices, repeats and removes; any difference but ours is wrong, any error but a refusal too. */
function tally(
	files: readonly { path: string; bytes: Buffer }[],
	splice: (text: string, path: string, remove: boolean) => string,
): Tally {
	const result: Tally = { files: files.length, spliced: 0, refused: {}, wrong: [] };
	for (const { path, bytes } of files) {
		try {
			const { text, encode } = decodeText(bytes, path);
			const once = splice(text, path, false);
			const twice = splice(once, path, false);
			const back = splice(once, path, true);
			if (once === text) result.wrong.push(`${path}: nothing was added`);
			else if (twice !== once) result.wrong.push(`${path}: a second run changed it`);
			else if (!Buffer.from(encode(back)).equals(bytes))
				result.wrong.push(`${path}: removing did not give the original back`);
			else result.spliced++;
		} catch (error) {
			if (!(error instanceof CrossfadeError) || error.exit !== "refused") result.wrong.push(`${path}: ${error}`);
			else {
				const reason =
					error.problems[0]?.what.replace(/the pipeline \S+|[\w/-]+\.[\w.-]+ is|pipelines of \w+/g, "…") ?? "?";
				result.refused[reason] = (result.refused[reason] ?? 0) + 1;
			}
		}
	}
	return result;
}

function report(name: string, { files, spliced, refused, wrong }: Tally): void {
	const count = Object.values(refused).reduce((sum, each) => sum + each, 0);
	const lines = Object.entries(refused).sort(([, a], [, b]) => b - a);
	process.stdout.write(`${name}: ${files} files, ${spliced} spliced, ${count} refused, ${wrong.length} wrong\n`);
	for (const [reason, times] of lines) process.stdout.write(`  refused ${times} times: ${reason}\n`);
}

/** Whether a YAML file is a whole collector config, by its shape. */
function isConfig(bytes: Buffer): boolean {
	const text = bytes.toString("utf8");
	return /^\s*service\s*:/m.test(text) && /pipelines\s*:/.test(text) && bytes.length < 1_000_000;
}

test(
	"published collector configs: no foreign byte changes, twice is once, removing gives the original back",
	needs(corpus),
	() => {
		const files = corpusFiles(".yaml", ".yml").filter(({ bytes }) => isConfig(bytes));
		const request: OtelcolRequest = { ...wanted, signals: ["logs", "metrics", "traces"] };
		const result = tally(files, (text, path, remove) => spliceOtelcol(text, path, { ...request, remove }).text);
		report("otelcol corpus", result);
		expect(result.wrong).toEqual([]);
		expect(result.files).toBeGreaterThan(400);
		expect(result.spliced).toBeGreaterThan(300);
	},
);

test("published collector configs read the same afterwards, but for what is ours", needs(corpus), () => {
	const request: OtelcolRequest = { ...wanted, signals: ["logs", "metrics", "traces"] };
	let compared = 0;
	for (const { path, bytes } of corpusFiles(".yaml", ".yml").filter(({ bytes: each }) => isConfig(each))) {
		const text = bytes.toString("utf8");
		let after: string;
		try {
			after = spliceOtelcol(text, path, request).text;
		} catch {
			continue;
		}
		const plain = (source: string) =>
			parseAllDocuments(source, { logLevel: "silent" }).map((document) =>
				withoutOurs(document.toJS({ maxAliasCount: -1 })),
			);
		expect(plain(after), path).toEqual(plain(text));
		compared++;
	}
	expect(compared).toBeGreaterThan(300);
});

/** Data without entries and list items of ours, and without what is empty then. */
function withoutOurs(value: unknown): unknown {
	if (Array.isArray(value)) {
		const rest = value.filter((item) => !isOurs(item)).map(withoutOurs);
		return rest.length === 0 ? undefined : rest;
	}
	// A config that is embedded as a block of text.
	if (typeof value === "string" && value.includes("pipelines:\n")) return withoutOurs(parse(value));
	if (typeof value !== "object" || value === null) return value ?? undefined;
	const entries = Object.entries(value).filter(([key]) => !isOurs(key));
	const rest = entries.map(([key, item]) => [key, withoutOurs(item)] as const).filter(([, item]) => item !== undefined);
	return rest.length === 0 ? undefined : Object.fromEntries(rest);
}

/** `health_check` is what the Helm chart lists by default; a list of our own has to repeat it. */
function isOurs(id: unknown): boolean {
	return id === "otlp_http/torii" || id === "bearertokenauth/torii" || id === "health_check";
}

test("what the real otelcol validates before, it validates afterwards", needs(corpus, otelcol), () => {
	const folder = scratch({ token: canary().token });
	const path = join(folder, "config.yaml");
	const validates = (bytes: Uint8Array) => {
		writeFileSync(path, bytes);
		return spawnSync(otelcol.path, ["validate", `--config=${path}`], { stdio: "ignore", cwd: folder }).status === 0;
	};
	const request: OtelcolRequest = { ...wanted, signals: ["logs", "metrics", "traces"] };
	let valid = 0;
	const broken: string[] = [];
	for (const { path: name, bytes } of corpusFiles(".yaml", ".yml").filter(({ bytes: each }) => isConfig(each))) {
		if (!validates(bytes)) continue;
		try {
			const { text, encode } = decodeText(bytes, name);
			const after = encode(spliceOtelcol(text, name, request).text);
			valid++;
			if (!validates(after)) broken.push(name);
		} catch (error) {
			if (!(error instanceof CrossfadeError)) throw error;
		}
	}
	process.stdout.write(
		`otelcol corpus: ${valid} configs valid for the test build before the splice, ${broken.length} not any more after it\n`,
	);
	expect(broken).toEqual([]);
	expect(valid).toBeGreaterThan(20);
});

test("published Alloy configs: the same", needs(corpus), () => {
	const files = corpusFiles(".alloy", ".river");
	const request = {
		name: "torii",
		label: "torii",
		input: "otelcol.exporter.otlphttp.torii.input",
		signals: ["logs", "metrics", "traces"],
		force: false,
		blocks: {
			'otelcol.exporter.otlphttp "torii"':
				'otelcol.exporter.otlphttp "torii" {\n\tclient {\n\t\tendpoint = "https://x"\n\t}\n}',
		},
	};
	const result = tally(files, (text, path, remove) => spliceAlloy(text, path, { ...request, remove }).text);
	report("Alloy corpus", result);
	expect(result.wrong).toEqual([]);
	expect(result.files).toBeGreaterThan(200);
	const unread = Object.entries(result.refused).filter(([reason]) => reason.includes("invalid Alloy"));
	process.stdout.write(`  not readable: ${JSON.stringify(unread)}\n`);
	expect(result.spliced).toBeGreaterThan(20);
});

test("check reads every published config without falling over", needs(corpus), async () => {
	const contrib = await loadDistribution("contrib");
	const alloy = await loadDistribution("alloy");
	if (!contrib || !alloy) throw new Error("distributions");
	let checked = 0;
	for (const { path, bytes } of corpusFiles(".yaml", ".yml", ".alloy", ".river").filter(
		({ bytes: each }) => each.length < 1_000_000,
	)) {
		const text = bytes.toString("utf8");
		const isAlloy = /\.(alloy|river)$/.test(path);
		const target = isAlloy
			? { distribution: alloy, own: [1, 18, 1] as const }
			: { distribution: contrib, own: [0, 159, 0] as const };
		for (const { line, column, what } of offlineFindings(text, path, target)) {
			expect(line, `${path}: ${what}`).toBeGreaterThan(0);
			expect(column).toBeGreaterThan(0);
		}
		checked++;
	}
	process.stdout.write(`check over the corpus: ${checked} files\n`);
	expect(checked).toBeGreaterThan(1_000);
});

test("the reader of Alloy's syntax takes what is published", needs(corpus), () => {
	const files = corpusFiles(".alloy", ".river");
	const failed = files.filter(({ path, bytes }) => {
		try {
			parseAlloy(bytes.toString("utf8"), path);
			return false;
		} catch {
			return true;
		}
	});
	process.stdout.write(
		`Alloy syntax: ${files.length} files, not read: ${failed.map(({ path }) => path).join(", ") || "none"}\n`,
	);
	expect(failed.length).toBeLessThan(files.length / 20);
});
