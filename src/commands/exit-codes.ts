import { exitCodes } from "../base/errors.ts";
import { table } from "../base/table.ts";
import type { Command } from "./command.ts";

export const exitCodesCommand: Command = {
	name: "exit-codes",
	description: "Prints the exit codes of every command. They are stable: a code never changes its meaning.",
	options: [{ flags: "--json", description: "print JSON" }],
	examples: [["crossfade exit-codes --json", "the table for a script"]],
	async run(fx, { options }) {
		const rows = Object.entries(exitCodes).map(([name, [code, meaning]]) => ({
			code,
			name,
			meaning,
		}));
		if (options["json"]) fx.terminal.print(`${JSON.stringify(rows, undefined, 2)}\n`);
		else {
			const cells = rows.map(({ code, meaning }) => [String(code), meaning]);
			fx.terminal.print(`${table(cells, { columns: { 0: { side: "right" } } }).join("\n")}\n`);
		}
		return "ok";
	},
};
