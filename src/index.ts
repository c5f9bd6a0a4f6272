export { CrossfadeError, type ExitName, exitCodes, type Place, type Problem } from "./base/errors.ts";
export { fingerprint } from "./token/fingerprint.ts";
export { Secret } from "./token/secret.ts";
