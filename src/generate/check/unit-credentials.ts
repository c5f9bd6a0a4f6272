import { couldBeToken, shown } from "../../base/mask.ts";
import { fingerprint } from "../../token/fingerprint.ts";
import type { ConfigFinding } from "./rules.ts";
import { TOKEN_NAME } from "./secrets.ts";

/** Credentials "are immutable during the service runtime": https://systemd.io/CREDENTIALS/ */
export const OF_UNIT = "is a credential of a systemd unit, which stays as it is until the service starts again";

/** Whether a file, or what names it in Alloy's language, is where systemd puts the credentials of a service. */
export function isCredentialOfUnit(path: string): boolean {
	return /^"?\/run\/credentials\/|(\$\{?(env:)?|^"?)CREDENTIALS_DIRECTORY\b/.test(path);
}

const CREDENTIAL = /^[ \t]*(Load|Set|Import)Credential(Encrypted)?=([^:\n]*)(?::(.*))?$/gm;

/** What a unit gives its service as credentials: when a new value comes, and tokens that stand in the unit itself. */
export function unitCredentials(text: string): ConfigFinding[] {
	return [...text.matchAll(CREDENTIAL)].flatMap(({ 1: way, 2: isEncrypted, 3: name = "", 4: value = "", index }) => {
		const what = `the credential ${shown(name)} is put in place when the service starts, and stays as it is until it starts again`;
		const severity = TOKEN_NAME.test(name) ? "warning" : "note";
		const found: ConfigFinding[] = [{ rule: "written-once", at: index, what, severity }];
		const literal = way === "Set" && !isEncrypted && couldBeToken(value.trim()) ? value.trim() : undefined;
		if (literal !== undefined) {
			const token = `the credential ${shown(name)} contains a token, fp=${fingerprint(literal)}`;
			found.push({ rule: "token-literal", at: index, what: token });
		}
		return found;
	});
}
