export {
	CrossfadeError,
	type ExitName,
	exitCodes,
	type Place,
	type Problem,
} from "./errors.ts";
export { fingerprint } from "./fingerprint.ts";
export { Secret } from "./secret.ts";
