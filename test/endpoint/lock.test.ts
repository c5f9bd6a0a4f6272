import { execFile, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, lutimesSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { scratch } from "../harness/cli.ts";
import { write } from "../harness/endpoint.ts";
import { needs, part } from "../harness/parts.ts";
import { waitFor } from "../harness/wait.ts";

const parts = new URL("../../templates/sh/", import.meta.url).pathname;

/** A run with the lock, which says COLLISION if it meets another that lives in there. It is killed before its call `$1` of a tool of the lock. */
const run = `
. "${parts}shared/put.sh"
. "${parts}rotate/held.sh"
. "${parts}shared/lock.sh"
table=$(here)
at=$1 calls=0
step() { calls=$((calls + 1)); [ "$calls" != "$at" ] || kill -9 $$; }
ln() { step; command ln "$@"; }
rm() { step; command rm "$@"; }
readlink() { step; command readlink "$@"; }
sleep() { command sleep 0.01; }
take_lock "$PWD/lock" 100000 || { echo "REFUSED $?"; exit; }
if other=$(cat inside 2>/dev/null) && [ -n "$other" ] && kill -0 "$other" 2>/dev/null; then echo COLLISION; fi
echo $$ >inside
step
[ "$(cat inside)" = $$ ] || echo COLLISION
: >inside
rm "$lock"
`;

/** Eight at once, each with as many runs, one after the other. */
const crowd = `
for one in 1 2 3 4 5 6 7 8; do
	(i=0; while [ "$i" -lt 40 ]; do i=$((i + 1)); sh ./run "$(($1 * ((i + 3 * one) % 9 + 1)))"; done) &
done
wait`;

test.each([
	["all end", 0, ["inside", "run"]],
	["are killed at one of the first nine steps", 1, undefined],
])("of many runs at once, which %s, no two have the lock at the same time", async (_how, kills, left) => {
	const folder = scratch();
	write(folder, "run", run);
	const { stdout } = await promisify(execFile)("sh", ["-c", crowd, "sh", `${kills}`], { cwd: folder });
	expect(stdout).toBe("");
	if (left) expect(readdirSync(folder).sort()).toEqual(left);
	// After one more, nothing of those that were killed is left.
	await promisify(execFile)("sh", ["./run", "0"], { cwd: folder });
	expect(readdirSync(folder).sort()).toEqual(["inside", "run"]);
});

/** Takes the lock or says who has it; with an argument it keeps the lock until there is a file `go`. */
const taker = `
. "${parts}shared/put.sh"
. "${parts}rotate/held.sh"
. "${parts}shared/lock.sh"
table=$(here)
result=0
take_lock "$PWD/lock" 0 || result=$?
if [ "$result" -ne 0 ]; then echo "refused: $(holder_name lock)"; exit; fi
: >"inside$1"
while [ -n "$1" ] && [ ! -e go ]; do sleep 0.05; done
has_lock && rm "$lock" && echo taken
`;

/** A day and a little, in seconds. */
const DAY = 90_000;

const silent = (lock: string) => lutimesSync(lock, Date.now() / 1000 - DAY, Date.now() / 1000 - DAY);

describe("the lock of a process that cannot be seen from here", () => {
	const take = (folder: string, prefix: readonly string[] = []) => {
		const [program = "", ...args] = [...prefix, "sh", "./take", ""];
		return execFileSync(program, args, { cwd: folder, encoding: "utf8" }).trim();
	};

	/** What a lock of this machine says, with another number, boot, table or host in it. */
	function lockOf(folder: string, change: (owner: { boot: string; table: string; host: string }) => string): string {
		const child = spawnSync("sh", ["-c", `. "${parts}shared/put.sh"; . "${parts}rotate/held.sh"; here`], {
			encoding: "utf8",
		});
		const [boot = "", table = "", host = ""] = child.stdout.trim().split("/");
		const lock = join(folder, "lock");
		symlinkSync(`4194304 1 ${change({ boot, table, host })}`, lock);
		return lock;
	}

	test.each([
		["another machine", () => "6f0e/pid:[7]/other", "other"],
		[
			"another machine whose numbers are those of this container's table",
			({ table }) => `6f0e/${table}/other`,
			"other",
		],
		["another container of this machine", ({ boot, host }) => `${boot}/pid:[7]/${host}`, undefined],
		["a system that tells neither start nor table", () => "-/-/other", "other"],
	] as const satisfies readonly (readonly [string, Parameters<typeof lockOf>[1], string | undefined])[])(
		"of %s is left alone for a day, and its place is told",
		(_, change, host) => {
			const folder = scratch({ take: taker });
			const lock = lockOf(folder, change);
			const said = take(folder);
			expect(said).toMatch(/^refused: process 4194304 on .*, in another container or on another machine; remove lock/);
			if (host !== undefined) expect(said).toContain(`on ${host},`);
			silent(lock);
			expect(take(folder)).toBe("taken");
			expect(readdirSync(folder).sort()).toEqual(["inside", "take"]);
		},
	);

	test.each([
		["of a process of this machine that ended", ({ boot, table, host }) => `${boot}/${table}/${host}`],
		["of this machine before it was started again", ({ table, host }) => `6f0e/${table}/${host}`],
		["of this machine under its name of before", ({ boot, table }) => `${boot}/${table}/other`],
	] as const satisfies readonly (readonly [string, Parameters<typeof lockOf>[1]])[])(
		"%s is taken over at once",
		(_, change) => {
			const folder = scratch({ take: taker });
			lockOf(folder, change);
			expect(take(folder)).toBe("taken");
		},
	);

	test("is the other's once it was taken over: who wakes up after that does not remove it", async () => {
		const folder = scratch({ take: taker });
		const first = spawn("sh", ["./take", "-1"], { cwd: folder, stdio: "ignore" });
		await waitFor("the first has it", () => existsSync(join(folder, "inside-1")));
		const lock = join(folder, "lock");
		rmSync(lock);
		symlinkSync("1 1 6f0e/pid:[7]/other", lock);
		writeFileSync(join(folder, "go"), "");
		await once(first, "exit");
		expect(readlinkSync(lock)).toBe("1 1 6f0e/pid:[7]/other");
	});

	const own = [
		"unshare",
		...(process.getuid?.() === 0 ? [] : ["--map-root-user"]),
		"--pid",
		"--fork",
		"--mount-proc",
		"--kill-child",
	];
	const tables = part("process tables of their own (unshare --pid, as root or where users may)", () =>
		spawnSync(own[0] ?? "", [...own.slice(1), "true"]).status === 0 ? "unshare" : undefined,
	);

	test("is not taken over by another container's, whatever number it has there", needs(tables), async () => {
		const folder = scratch({ take: taker });
		const [program = "", ...args] = [...own, "sh", "./take", "-1"];
		const first = spawn(program, args, { cwd: folder, stdio: "ignore" });
		onTestFinished(() => void first.kill("SIGKILL"));
		await waitFor("the first has it", () => existsSync(join(folder, "inside-1")));
		for (const prefix of [own, []]) expect(take(folder, prefix)).toMatch(/^refused: process 1 on .*another container/);
		expect(existsSync(join(folder, "inside"))).toBe(false);
		first.kill("SIGKILL");
		await once(first, "exit");
		// Nobody here can see that it ended.
		expect(take(folder, own)).toMatch(/^refused/);
		silent(join(folder, "lock"));
		expect(take(folder, own)).toBe("taken");
		expect(readdirSync(folder).sort()).toEqual(["inside", "inside-1", "take"]);
	});

	/** A container whose own files are in the folder named by `$1`, with `$2` from outside, in which the rest is run. */
	const container = `
set -e
mount -t tmpfs none "$1"
mkdir "$1/own" "$1/work" "$1/root"
mount -t overlay none -o "lowerdir=/,upperdir=$1/own,workdir=$1/work" "$1/root"
mount -t proc none "$1/root/proc"
mount --bind "$2" "$1/root$2"
root=$1 shared=$2
shift 2
exec chroot "$root/root" sh -c 'cd "$1" && shift && exec "$@"' sh "$shared" "$@"
`;
	/** The same two folders each time: to the kernel a container that was started again has the same files. */
	function containers() {
		const [folder, first, second, script] = [scratch({ take: taker }), scratch(), scratch(), scratch({ container })];
		const inside = (own: string, ...command: string[]) => [
			"unshare",
			...["--mount", "--pid", "--fork", "--kill-child"],
			...["sh", join(script, "container"), own, folder],
			...command,
		];
		return {
			folder,
			first: (...command: string[]) => inside(first, ...command),
			second: (...command: string[]) => inside(second, ...command),
		};
	}
	const overlays = part("containers with files of their own (unshare and mount as root)", () => {
		const mounts = `mount -t tmpfs none /mnt && mkdir /mnt/own /mnt/work /mnt/root &&
			mount -t overlay none -o lowerdir=/,upperdir=/mnt/own,workdir=/mnt/work /mnt/root`;
		const args = ["--mount", "--pid", "--fork", "--kill-child", "sh", "-c", mounts];
		return process.getuid?.() === 0 && spawnSync("unshare", args).status === 0 ? "unshare" : undefined;
	});

	test(
		"of a container that was started again since is taken over at once, and no other's",
		needs(overlays),
		async () => {
			const { folder, first, second } = containers();
			const [program = "", ...args] = first("sh", "./take", "-1");
			const holder = spawn(program, args, { cwd: folder, stdio: "ignore" });
			onTestFinished(() => void holder.kill("SIGKILL"));
			await waitFor("the first has it", () => existsSync(join(folder, "inside-1")));
			for (const prefix of [second(), own, []]) expect(take(folder, prefix)).toMatch(/^refused: .*another container/);
			// In a table of processes of its own within the container, as that of the holder may be.
			expect(take(folder, first(...own))).toMatch(/^refused: .*another container/);
			holder.kill("SIGKILL");
			await once(holder, "exit");
			expect(existsSync(join(folder, "inside"))).toBe(false);
			for (const prefix of [second(), first(...own)]) expect(take(folder, prefix)).toMatch(/^refused/);
			expect(take(folder, first())).toBe("taken");
			expect(readdirSync(folder).sort()).toEqual(["inside", "inside-1", "take"]);
		},
	);
});
