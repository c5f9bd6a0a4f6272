/**
 * Settings of CLIs made from one source by which another program starts, or none, before anything is sent: seen in Gemini CLI 0.61.0 and Qwen Code 0.24.4.
 */
import type { Effective } from "./layering.ts";

/** With a sandbox whose program is not there, nothing is sent; in a container, the files of the machine are not there. */
export const ELSEWHERE = "may start it where other settings count, or not at all";

/** Why a variable that asks for a sandbox leaves open what is sent; undefined where it asks for none. */
export function sandboxed({ get }: Pick<Effective, "get">, name: string): string | undefined {
	const asked = (get(`/env/${name}`) ?? "").trim().toLowerCase();
	return ["", "0", "false"].includes(asked) ? undefined : `${name} ${ELSEWHERE}`;
}

/** The same for a way to sign in that is enforced, where it is not the one that is chosen. */
export function otherLogin({ at }: Pick<Effective, "at">): string | undefined {
	const enforced = at("/security/auth/enforcedType");
	return enforced === undefined || enforced === at("/security/auth/selectedType")
		? undefined
		: "security.auth.enforcedType is not security.auth.selectedType, and with another way to sign in it may not start";
}
