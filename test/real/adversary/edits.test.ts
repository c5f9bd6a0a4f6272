import { appendFileSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { crossfadeProcess, scratch } from "../../harness/cli.ts";
import { howMany } from "../../harness/matrix.ts";

/** Three of 60 were lost once. */
const EDITS = howMany(12, 300);

const config = `receivers: { otlp: { protocols: { grpc: } } }
exporters: { debug: }
service:
  pipelines:
    logs: { receivers: [otlp], exporters: [debug] }
`;

/** As a shell's >> does it, and as an editor does. */
const editors: readonly ((path: string, line: string) => void)[] = [
	(path, line) => appendFileSync(path, line),
	(path, line) => {
		writeFileSync(`${path}~`, readFileSync(path, "utf8") + line);
		renameSync(`${path}~`, path);
	},
];

test(`a config that somebody else edits at ${EDITS} moments of a run keeps the edit, and has no backup where it was not changed`, {
	timeout: 30 * 60_000,
}, async () => {
	const codes: (number | null)[] = [];
	let took = 1_000;
	for (let index = 0; index < EDITS; index++) {
		const folder = scratch({ "config.yaml": config });
		const path = join(folder, "config.yaml");
		const line = `# edit ${index}\n`;
		const begun = performance.now();
		const after = (took * (index + 0.5)) / EDITS;
		const timer = new Promise<void>((done) =>
			setTimeout(() => {
				editors[index % editors.length]?.(path, line);
				done();
			}, after),
		);
		const { code } = await crossfadeProcess(["collector", "-d", "contrib", "--into", path, "--write"]);
		// Moments are chosen within the time that the last run took.
		took = performance.now() - begun;
		await timer;
		const names = readdirSync(folder);
		expect({ after, code, text: readFileSync(path, "utf8") }).toEqual({
			after,
			code,
			text: expect.stringContaining(line),
		});
		expect(names.filter((name) => name.includes("backup"))).toHaveLength(code === 0 ? 1 : 0);
		expect(names.filter((name) => name.startsWith("."))).toEqual([]);
		codes.push(code);
	}
	expect(codes.filter((code) => code === 0).length).toBeGreaterThan(0);
});
