import type { Command } from "./command.ts";
export const doctorCommand: Command = {
	name: "doctor",
	description: "x",
	options: [],
	examples: [["crossfade doctor", "x"]],
	run: async () => "ok",
};
