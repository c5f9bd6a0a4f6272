import { type ExitName, exitCodes } from "./base/errors.ts";
import { explain, runProgram } from "./commands/program.ts";
import { nodeEffects } from "./effects/node.ts";
import { nodeOutput } from "./effects/terminal/terminal.ts";

function end(exit: ExitName): void {
	process.exitCode = exitCodes[exit][0];
}

process.on("uncaughtException", (error) => {
	end(explain(error, nodeOutput));
	process.exit();
});
// The oldest Node we support says of the cryptography that it uses for age that it is experimental: nothing a user can act on.
const printers = process.listeners("warning");
process.removeAllListeners("warning");
process.on("warning", (warning) => {
	if (warning.name !== "ExperimentalWarning") for (const print of printers) print(warning);
});
process.once("SIGINT", () => process.exit(exitCodes.interrupted[0]));

const around = { environment: process.env, output: nodeOutput, effects: nodeEffects };
runProgram(process.argv.slice(2), around).then(end);
