import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { scratch } from "../harness/cli.ts";
import { write } from "../harness/endpoint.ts";

const parts = new URL("../../templates/sh/shared/", import.meta.url).pathname;

/** A run with the lock, which says COLLISION if it meets another that lives in there. It is killed before its call `$1` of a tool of the lock. */
const run = `
. "${parts}put.sh"
. "${parts}lock.sh"
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
