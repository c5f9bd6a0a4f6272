/** What became of a program of the system that works on files; `open` are its descriptors from 3 on. It gets ten seconds. */
export function runTool(program: string, args: readonly string[], open: readonly number[] = []) {
	const env = { PATH: "/usr/bin:/bin", LC_ALL: "C" };
	const stdio = ["ignore" as const, "pipe" as const, "ignore" as const, ...open];
	const { spawnSync } = process.getBuiltinModule("node:child_process");
	return spawnSync(program, args, { encoding: "utf8", env, timeout: 10_000, stdio });
}
