import { execFileSync, spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileIdentity } from "../../src/effects/files/copies.ts";

const cache =
	process.env["CROSSFADE_PARTS_DIR"] ??
	join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "otel-crossfade");

/** With this set a file fails that needs a part which scripts/provision.sh could have got. */
const required = process.env["CROSSFADE_PARTS"] === "required";

/** A real program, or a fact of this machine, that tests need. */
export interface Part {
	readonly name: string;
	/** Why it is not here; undefined when it is. */
	readonly missing: Missing | undefined;
	/** Where it is; throws when it is not here. */
	readonly path: string;
}

export interface Missing {
	/** E.g. `gawk is not on this machine`. */
	readonly reason: string;
	/** What to do so that the tests run. */
	readonly fix: string;
}

declare module "vitest" {
	interface TaskMeta {
		/** Why a test was skipped when the tests were collected. */
		missing?: Missing;
	}
}

const PROVISION = "scripts/provision.sh";

/** A part that is found by asking this machine, once, when a test first wants to know. */
export function part(name: string, find: () => string | undefined, why: Partial<Missing> = {}): Part {
	const { reason = `${name} is not on this machine`, fix = PROVISION } = why;
	let found: { readonly path: string | undefined } | undefined;
	const look = () => {
		found ??= { path: find() };
		return found.path;
	};
	return {
		name,
		get missing() {
			return look() === undefined ? { reason, fix } : undefined;
		},
		get path() {
			const path = look();
			if (path === undefined) throw new Error(`${reason}: a test that uses it must say needs(...)`);
			return path;
		},
	};
}

/**
 * Options of a `test` or `describe` that needs these parts: without one of them it is skipped, with the reason, when the tests are
 * collected. Where parts are required it throws for one that can be provisioned, which fails the file.
 */
export function needs(...parts: readonly Part[]): { skip?: true; meta?: { missing: Missing } } {
	const [missing] = parts.flatMap((each) => each.missing ?? []);
	if (missing === undefined) return {};
	if (required && missing.fix === PROVISION) throw new Error(`${missing.reason}, and CROSSFADE_PARTS=required`);
	return { skip: true, meta: { missing } };
}

/** The account root, for what nobody else may do. */
export const root = part("root", () => (process.getuid?.() === 0 ? "/root" : undefined), {
	reason: "only root may do it",
	fix: "run it as root",
});

/** Any other account: root is stopped by no file mode. */
export const notRoot = part("an account that is not root", () => (process.getuid?.() === 0 ? undefined : "/home"), {
	reason: "root is stopped by no file mode",
	fix: "run it as another account than root",
});

/** Files with numbers: where the temporary folder is in a container's own layer, a copy of a file cannot be told from it. */
export const numberedFiles = part(
	"files with numbers",
	() => (fileIdentity(tmpdir()).startsWith("file ") ? tmpdir() : undefined),
	{
		reason: "the temporary folder is in a layer of a container, or in a file system without numbers of files",
		fix: "set TMPDIR to a folder on a disk",
	},
);

/** Small file systems that fill up: only root may mount them, and not in every container. */
export const smallDisks = part(
	"mount",
	() =>
		withFolder((folder) =>
			isDone("mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", folder) && isDone("umount", folder)
				? "mount"
				: undefined,
		),
	{
		reason: "this account can mount no small file system",
		fix: "run it as root where mounts are allowed",
	},
);

/** Files that even root cannot write: `chattr +i`, where the file system of temporary files and the account allow it. */
export const immutableFiles = part(
	"chattr",
	() =>
		withFolder((folder) => {
			const file = join(folder, "file");
			writeFileSync(file, "");
			return isDone("chattr", "+i", file) && isDone("chattr", "-i", file) ? "chattr" : undefined;
		}),
	{
		reason: "this account can make no file immutable where temporary files are",
		fix: "run it as root, with TMPDIR on a file system such as ext4",
	},
);

/** Security labels, as SELinux has them: they can be set without it where the file system keeps extended attributes. */
export const securityLabels = part(
	"chcon",
	() =>
		withFolder((folder) => {
			const file = join(folder, "file");
			writeFileSync(file, "");
			return isDone("chcon", "system_u:object_r:etc_t:s0", file) ? "chcon" : undefined;
		}),
	{
		reason: "this account can set no security label where temporary files are",
		fix: "run it as root, with GNU coreutils and TMPDIR on a file system such as ext4",
	},
);

/** Perl where every Debian has it: with it two names can be exchanged in one step. */
export const systemPerl = part("perl", () =>
	process.platform === "linux" && existsSync("/usr/bin/perl") ? "/usr/bin/perl" : undefined,
);

const isDone = (command: string, ...args: readonly string[]) =>
	spawnSync(command, args, { stdio: "ignore" }).status === 0;

function withFolder<T>(use: (folder: string) => T): T {
	const folder = mkdtempSync(join(tmpdir(), "crossfade-test-"));
	try {
		return use(folder);
	} finally {
		rmSync(folder, { recursive: true });
	}
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
/** A scanner for secrets. */
export const gitleaks = part("gitleaks", inCache("gitleaks"));
/** OpenBao's program, server and agent; it speaks Vault's API. */
export const openbao = part("the real OpenBao", inCache("openbao"));
/** The Kubernetes API server built from test/parts/kube-apiserver. */
export const kubeApiserver = part("the real kube-apiserver", inCache("kube-apiserver"), {
	fix: "scripts/provision.sh kube-apiserver",
});
/** A server that answers as AWS does. */
export const moto = part("moto", inCache("moto/bin/moto_server"));

/** A folder with a prefix of Wine, of which each run makes its own; Wine itself is in /usr/lib/wine. */
export const wine = part("Wine", () => (existsSync("/usr/lib/wine/wine64") ? inCache("wine")() : undefined));
/** The Windows build of Node, which Wine runs. */
export const nodeWindows = part("Node for Windows", inCache("node.exe"));

/** Where Node, from 22 on, keeps what it compiled of the CLIs. https://nodejs.org/docs/latest-v24.x/api/module.html#module-compile-cache */
export const compiled = join(cache, "compiled");

/** Node of another major version. */
export function nodeOf(major: number): Part {
	return part(`Node ${major}`, inCache(`node-${major}/bin/node`));
}

/** A folder in which not even root can make a file. */
export const sysfs = part("/sys", () => (existsSync("/sys/kernel") ? "/sys" : undefined), {
	fix: "a system that mounts it",
});

/** A package of test/parts/clis: a CLI of one release, e.g. `codex-0.169.0`. */
export function cliPackage(name: string): Part {
	return part(`the real ${name}`, inCache(`clis/${name}`));
}

/** A program on PATH. */
export function program(name: string): Part {
	return part(name, () => onPath(name));
}

function onPath(name: string): string | undefined {
	const folders = (process.env["PATH"] ?? "").split(delimiter);
	return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** Where scripts/provision.sh gets PowerShell from: no Debian has it. */
const pwshFrom = process.env["CROSSFADE_PWSH_FROM"] ?? new URL("../../../shared/pwsh", import.meta.url).pathname;

/** Nobody must have what no package source offers: only where that folder has it a missing one can be provisioned. */
const pwshFix = (name: string) =>
	existsSync(join(pwshFrom, name))
		? PROVISION
		: `put ${name} on PATH, or name a folder that has it in CROSSFADE_PWSH_FROM and run scripts/provision.sh ${name}`;

/** PowerShell 7 for this system. */
export const pwsh = part("pwsh", () => onPath("pwsh") ?? inCache("pwsh")(), { fix: pwshFix("pwsh") });

/** PowerShell 7 for Windows, run under Wine. It is not Windows. */
export const pwshWine = part(
	"pwsh-wine",
	() => (existsSync("/usr/lib/wine/wine64") ? (onPath("pwsh-wine") ?? inCache("pwsh-wine")()) : undefined),
	{ fix: pwshFix("pwsh-wine") },
);

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
