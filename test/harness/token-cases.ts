import { canary } from "./canary.ts";

const { token } = canary();

/** Tokens, and what is wrong, in a word that the messages of both have; undefined where nothing is. `isSafe`: every CLI carries it unharmed. */
export const tokenCases: readonly [what: string, token: string, problem: RegExp | undefined, isSafe: boolean][] = [
	["letters and digits", token, undefined, true],
	["the other safe characters", `${token}._~-`, undefined, true],
	["20 characters", "k1".repeat(10), undefined, true],
	["4096 characters", "k1".repeat(2048), undefined, true],
	["other visible characters", `${token}!#%&*+,/:;=?@^|`, undefined, false],
	["quotes and brackets", `${token}"'()[]{}<>\``, undefined, false],
	["a backslash and a dollar sign", `${token}\\$x`, undefined, false],
	["nothing", "", /empty|no token/, false],
	["19 characters", "k123456789012345678", /too short/, true],
	["4097 characters", `${"k1".repeat(2048)}k`, /too long/, true],
	["the word Bearer", `Bearer ${token}`, /Bearer/, false],
	["the word bearer in lower case", `bearer ${token}`, /Bearer/, false],
	["the word Bearer and a tab", `BEARER\t${token}`, /Bearer/, false],
	["Bearer as a part of it", `Bearer${token}`, undefined, true],
	["a space in it", `${token} x`, /white space/, false],
	["a tab in it", `${token}\tx`, /white space/, false],
	["a CR behind it", `${token}\r`, /control character/, false],
	["an escape in it", `${token}\u001b[0m`, /control character/, false],
	["DEL in it", `${token}\u007f`, /control character/, false],
	["a non-ASCII letter", `${token}é`, /non-ASCII/, false],
	["a non-ASCII space", `${token}\u00a0x`, /white space/, false],
	["a byte order mark", `\ufeff${token}`, /non-ASCII|byte order mark/, false],
];
