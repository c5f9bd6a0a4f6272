import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { canary, filesBelow, leaks } from "../harness/canary.ts";
import { scratch } from "../harness/cli.ts";
import { pairs } from "../harness/matrix.ts";
import { needs, program } from "../harness/parts.ts";
import { rotateScript, standIn, takesAtOnce } from "../harness/rotation.ts";
import { shells, type TestShell } from "../harness/shells.ts";
import { terminal, tmux } from "../harness/terminal.ts";
import { waitFor } from "../harness/wait.ts";

/** The script at its question on a real terminal, in a shell that outlives the keys that end it and then says whether what is typed shows. */
async function asked(shell: TestShell) {
	const old = canary();
	const folder = scratch({ "torii.token": old.token });
	const tokenFile = join(folder, "torii.token");
	chmodSync(tokenFile, 0o400);
	const script = await rotateScript(tokenFile);
	const collector = await standIn();
	const args = ["--metrics", collector.url, "--validate", "", "--no-precheck", ...takesAtOnce()];
	// With EDITOR=vi ksh edits lines by itself.
	const command = ["env", "EDITOR=vi", shell.part.path, ...shell.args, script, ...args].map(quoted).join(" ");
	const { screen, type, printed } = terminal(
		scratch(),
		`trap : INT QUIT; ${command}; echo ended with $?; stty -a | grep -o " -*echo "; exec sleep 600`,
	);
	await waitFor("the question", () => screen().includes("New token (not shown):"));
	const ended = () => waitFor("the end", () => /ended with (\d+)\s+(-?echo)/.exec(screen())?.slice(1));
	return { old, folder, tokenFile, type, printed, ended };
}

const outcomes = {
	Enter: "is the token",
	"C-c": "nothing changes",
	"C-\\": "nothing changes",
} as const;

const quoted = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;

describe("the rotation script's question for the token, in a real terminal", needs(tmux, program("curl")), () => {
	for (const [shell, key] of pairs(shells, ["Enter", "C-c", "C-\\"] as const))
		test(
			`${shell.name}: what is typed before ${key} does not show, and ${outcomes[key]}`,
			needs(shell.part),
			async () => {
				const { folder, old, tokenFile, type, printed, ended } = await asked(shell);
				const token = canary();
				type(token.token);
				type(key);
				expect(await ended()).toEqual([key === "Enter" ? "0" : "130", "echo"]);
				expect(readFileSync(tokenFile, "utf8")).toBe(key === "Enter" ? token.token : old.token);
				expect(printed().includes(`proven    exports succeed with fp=${token.fingerprint}`)).toBe(key === "Enter");
				expect(printed()).not.toContain(token.token.slice(0, 9));
				expect(leaks([token, old], { screen: printed(), ...filesBelow(folder, ["torii.token"]) })).toEqual([]);
			},
		);
});
