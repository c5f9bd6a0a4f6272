/** What the tests run of the command line inside their own process; test/harness/build.ts bundles it. */
export { nodeEffects } from "../../src/effects/node.ts";
export { exitCodes } from "../../src/errors.ts";
export { runProgram } from "../../src/program.ts";
