import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { program } from "./parts.ts";

export const tmux = program("tmux");

export interface TestTerminal {
	/** What stands on the screen. */
	screen(): string;
	/** All that was printed, a line as it was printed, however the terminal broke it. */
	printed(): string;
	/** Types keys by tmux's names, e.g. `C-c`, or text. */
	type(keys: string): void;
	/** Closes it. */
	end(): void;
}

/** A real terminal of 80 columns with a command in it. */
export function terminal(cwd: string, command: string, lines = 40): TestTerminal {
	const socket = join(cwd, "tmux.sock");
	const run = (...args: string[]) =>
		execFileSync(tmux.path, ["-S", socket, "-f", "/dev/null", ...args], { encoding: "utf8" });
	run("new-session", "-d", "-x", "80", "-y", String(lines), "-c", cwd, command);
	let isOpen = true;
	const end = () => {
		if (isOpen) run("kill-server");
		isOpen = false;
	};
	onTestFinished(end);
	return {
		end,
		screen: () => run("capture-pane", "-p"),
		printed: () => run("capture-pane", "-p", "-J", "-S", "-"),
		type: (keys) => run("send-keys", keys),
	};
}
