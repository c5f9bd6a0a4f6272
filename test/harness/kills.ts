import { accessSync, constants, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratch } from "./cli.ts";
import { write } from "./endpoint.ts";

/** All that the script and its small programs start; each is a step before which a run can be killed. */
const tools =
	"awk cat cksum chflags chmod cmp cp cut date getent grep id ln mkdir mktemp mv ps readlink rm rmdir sed sha256sum sleep sort stat sync tr uname wc";

/** Stand-ins for the system's tools that count their calls and kill the whole run, without a warning, before one of them. */
export interface Kills {
	/** For the machine's PATH. */
	readonly path: string;
	/** From here on calls are counted anew, and the run is killed before call `at`; 0 is never. */
	arm(at: number): void;
}

export function kills(): Kills {
	const folder = scratch();
	const path = join(folder, "tools");
	for (const name of tools.split(" ")) {
		const real = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"].map((place) => join(place, name)).find(isProgram);
		if (!real) continue;
		const uncounted = `read -r at steps <"${folder}/at"; [ "$at" != 0 ] || exec ${real} "$@"`;
		// A file that none may have made before is a number that no other call has, also of calls at the same time. All below `next` are made.
		const count = `read -r n 2>/dev/null <"$steps/next"; n=\${n:-1}; set -C; until command : 2>/dev/null >"$steps/$n"; do n=$((n + 1)); done; echo "$((n + 1))" >|"$steps/next"`;
		const text = `#!/bin/sh\n${uncounted}\n${count}\n[ "$n" != "$at" ] || kill -9 0\nexec ${real} "$@"\n`;
		write(path, name, text, 0o755);
	}
	return {
		path,
		arm(at) {
			// A new folder each time: a tool of the run that was killed may still be at work in another session.
			writeFileSync(join(folder, "at"), `${at} ${mkdtempSync(join(folder, "steps-"))}\n`);
		},
	};
}

function isProgram(path: string): boolean {
	try {
		accessSync(path, constants.X_OK);
		return true;
	} catch {
		return false;
	}
}
