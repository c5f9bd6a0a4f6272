import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import type { TestContext } from "vitest";

const cache =
	process.env["CROSSFADE_PARTS_DIR"] ??
	join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "otel-crossfade");

/** With this set a missing part fails its tests instead of skipping them. */
const required = process.env["CROSSFADE_PARTS"] === "required";

/** A real program that tests run against, or the reason why it is not here. */
export interface Part {
	readonly name: string;
	/** Where it is; throws when it is not here. */
	readonly path: string;
	/** Skips the running test, visibly, when the part is not here; fails it where parts are required. */
	need(context: TestContext): void;
}

/** A part that is found by asking this machine. */
export function part(name: string, find: () => string | undefined): Part {
	const found = find();
	const reason = `${name} is not on this machine`;
	return {
		name,
		get path() {
			if (found === undefined) throw new Error(reason);
			return found;
		},
		need(context) {
			if (found !== undefined) return;
			if (required) throw new Error(`${reason}, and CROSSFADE_PARTS=required`);
			context.skip(reason);
		},
	};
}

const inCache = (path: string) => () => {
	const full = join(cache, path);
	return existsSync(full) ? realpathSync(full) : undefined;
};

/** The collector built from test/parts/otelcol. */
export const otelcol = part("the real otelcol", inCache("otelcol"));
/** The parser and the formatter of Grafana Alloy, as `alloy fmt` uses them. */
export const alloyfmt = part("the real alloy fmt", inCache("alloyfmt"));
/** A folder with published modules full of collector configs. */
export const corpus = part("the corpus of published configs", () =>
	inCache("corpus")() ? join(cache, "corpus") : undefined,
);
/** OpenTelemetry's own load generator. */
export const telemetrygen = part("telemetrygen", inCache("telemetrygen"));

/** Node of another major version. */
export function nodeOf(major: number): Part {
	return part(`Node ${major}`, inCache(`node-${major}/bin/node`));
}

/** A package of test/parts/clis: Claude Code, Codex or Gemini CLI of one release, e.g. `codex-0.169.0`. */
export function cliPackage(name: string): Part {
	return part(`the real ${name}`, inCache(`clis/${name}`));
}

/** A program on PATH. */
export function program(name: string): Part {
	return part(name, () => {
		const folders = (process.env["PATH"] ?? "").split(delimiter);
		return folders.map((folder) => join(folder, name)).find(isExecutable);
	});
}

/** A Docker engine that answers and has an image of ours. */
export function dockerImage(image: string): Part {
	return part(`a Docker engine with the image ${image}`, () => {
		try {
			execFileSync("docker", ["image", "inspect", image], { stdio: "ignore", timeout: 60_000 });
			return image;
		} catch {
			return undefined;
		}
	});
}

function isExecutable(path: string): boolean {
	try {
		accessSync(path, constants.X_OK);
		return true;
	} catch {
		return false;
	}
}
