import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
	closeSync,
	cpSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	openSync,
	readdirSync,
	readFileSync,
	realpathSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import type { RunOutcome } from "./cli.ts";
import { nodeWindows, pwshWine, wine } from "./parts.ts";
import { waitFor } from "./wait.ts";

const PROGRAM = "/usr/lib/wine/wine64";
const SERVER = "/usr/lib/wine/wineserver64";
const dist = new URL("../../dist", import.meta.url).pathname;

export interface WineOptions {
	/** The working folder, as this system names it. */
	readonly cwd: string;
	readonly stdin?: string;
	readonly env?: Readonly<Record<string, string>>;
}

/** The Windows build of Node under Wine, with a registry, users and a drive C: of its own, and `crossfade` on it. It is not Windows. */
export interface Wine {
	/** Drive C:, as this system names it. */
	readonly drive: string;
	/** A new folder on drive C:, as this system names it. */
	folder(name: string, files?: Readonly<Record<string, string>>): string;
	/** Puts the PowerShell of the tests where Windows has its own, in the place of the one of Wine that does nothing. */
	putPowerShell(): void;
	/** Runs the built command line to its end. */
	crossfade(args: readonly string[], options: WineOptions): Promise<RunOutcome>;
	/** Starts a command that runs until the test ends; `find` waits for a pattern in standard error. */
	start(args: readonly string[], options: WineOptions): { find(pattern: RegExp): Promise<string> };
	/** Starts a script with Node that runs until the test ends. */
	startScript(text: string, options: WineOptions): void;
	/** Ends all that runs in it, and removes it. */
	close(): void;
}

/**
 * A prefix of Wine that shares nothing with others but the programs of Windows, which nobody writes, with its drive C:. To start one from
 * nothing takes several seconds.
 */
export function winePrefix(): { readonly prefix: string; readonly drive: string } {
	const prefix = mkdtempSync(join(tmpdir(), "crossfade-wine-"));
	const drive = join(prefix, "drive_c");
	const made = join(wine.path, "prefix");
	for (const name of readdirSync(made).filter((each) => /\.reg$|^\.update-timestamp$/.test(each)))
		cpSync(join(made, name), join(prefix, name));
	mkdirSync(join(prefix, "dosdevices"));
	symlinkSync("../drive_c", join(prefix, "dosdevices/c:"));
	symlinkSync("/", join(prefix, "dosdevices/z:"));
	for (const user of readdirSync(join(made, "drive_c/users")))
		for (const folder of ["Temp", "AppData/Local", "AppData/Roaming"])
			mkdirSync(join(drive, "users", user, folder), { recursive: true });
	mkdirSync(join(drive, "ProgramData"));
	symlinkSync(join(made, "drive_c/windows"), join(drive, "windows"));
	const programs = join(made, "drive_c/Program Files");
	mkdirSync(join(drive, "Program Files"));
	for (const name of readdirSync(programs)) symlinkSync(join(programs, name), join(drive, "Program Files", name));
	return { prefix, drive };
}

/** Ends all that runs in a prefix, and removes it. */
export function closePrefix(prefix: string): void {
	const env = { PATH: process.env["PATH"], WINEPREFIX: prefix, WINEDEBUG: "-all" };
	for (const flag of ["-k", "-w"]) spawnSync(SERVER, [flag], { env, stdio: "ignore" });
	rmSync(prefix, { recursive: true, force: true, maxRetries: 10 });
}

/** `crossfade` on a Windows of its own. */
export function openWine(): Wine {
	const { prefix, drive } = winePrefix();
	symlinkSync(dist, join(drive, "crossfade"));
	// Kept running, so that not every command waits for a start of the whole.
	const own = { PATH: process.env["PATH"], USER: process.env["USER"], WINEPREFIX: prefix, WINEDEBUG: "-all" };
	execFileSync(SERVER, ["-p"], { env: own, stdio: "ignore" });

	const outputs = join(prefix, "outputs");
	mkdirSync(outputs);
	let runs = 0;
	// To files: Wine's own services, which the first program starts, would keep a pipe open when it has ended.
	const launch = (args: readonly string[], { cwd, env = {}, stdin }: WineOptions) => {
		runs++;
		const places = ["out", "err"].map((name) => join(outputs, `${runs}.${name}`));
		const [out = 0, err = 0] = places.map((path) => openSync(path, "w"));
		const stdio = ["pipe" as const, out, err];
		const child = spawn(PROGRAM, [nodeWindows.path, ...args], { cwd, env: { ...own, ...env }, stdio });
		for (const fd of [out, err]) closeSync(fd);
		child.stdin?.on("error", () => undefined);
		child.stdin?.end(stdin ?? "");
		const ended = new Promise<number | null>((done, fail) => child.once("exit", done).once("error", fail));
		const outcome = () => {
			const [stdout = "", stderr = ""] = places.map((path) => readFileSync(path, "utf8"));
			return { stdout, stderr };
		};
		return { child, outcome, ended };
	};
	const run = async (args: readonly string[], options: WineOptions) => {
		const { outcome, ended } = launch(args, options);
		const code = await ended;
		return { code, ...outcome() };
	};
	const begin = (args: readonly string[], options: WineOptions) => {
		const { child, outcome, ended } = launch(args, options);
		let isOver = false;
		const end = ended.then(() => {
			isOver = true;
		});
		onTestFinished(async () => {
			child.kill("SIGKILL");
			await end;
		});
		return {
			find: (pattern: RegExp) =>
				waitFor(`${pattern}`, () => {
					const over = isOver;
					const { stdout, stderr } = outcome();
					const match = pattern.exec(stderr);
					if (match) return match[1] ?? match[0];
					if (over) throw new Error(`it ended before it said ${pattern}: ${stdout}${stderr}`);
					return undefined;
				}),
		};
	};
	const CLI = "C:\\crossfade\\cli.cjs";
	return {
		drive,
		folder(name, files = {}) {
			const folder = join(drive, name);
			mkdirSync(folder, { recursive: true });
			for (const [path, content] of Object.entries(files)) {
				mkdirSync(dirname(join(folder, path)), { recursive: true });
				writeFileSync(join(folder, path), content);
			}
			return folder;
		},
		putPowerShell() {
			const place = join(drive, "windows");
			const from = realpathSync(place);
			const linked = (below: string, but: string) => {
				mkdirSync(join(place, below), { recursive: true });
				for (const name of readdirSync(join(from, below)).filter((each) => each.toLowerCase() !== but))
					symlinkSync(join(from, below, name), join(place, below, name));
			};
			rmSync(place);
			linked("", "system32");
			linked("system32", "windowspowershell");
			const at = join(place, "system32/WindowsPowerShell/v1.0");
			mkdirSync(at, { recursive: true });
			const unpacked = dirname(realpathSync(pwshWine.path));
			const folder = readdirSync(unpacked).find((name) => existsSync(join(unpacked, name, "pwsh.exe")));
			if (folder === undefined) throw new Error(`no pwsh.exe below ${unpacked}`);
			for (const name of readdirSync(join(unpacked, folder))) symlinkSync(join(unpacked, folder, name), join(at, name));
			symlinkSync(join(unpacked, folder, "pwsh.exe"), join(at, "powershell.exe"));
		},
		crossfade: (args, options) => run([CLI, ...args], options),
		start: (args, options) => begin([CLI, ...args], options),
		startScript: (text, options) => void begin(["-e", text], options),
		close: () => closePrefix(prefix),
	};
}
