/** What the tests run of the command line inside their own process; test/harness/build.ts bundles it. */
export { exitCodes } from "../../src/base/errors.ts";
export { runProgram } from "../../src/commands/program.ts";
export { nodeEffects } from "../../src/effects/node.ts";
