import { createHash, timingSafeEqual } from "node:crypto";
import type { ServerRequest } from "../../effects/net/http-server.ts";
import { fingerprint } from "../../token/fingerprint.ts";

export interface Access {
	/** For the address bar, once. */
	readonly key: string;
	/**
	 * Whether a request may see the page: `refused`, or the response headers. The key works once and sets a session
	 * cookie; after that only the cookie works.
	 */
	admit(request: Pick<ServerRequest, "query" | "headers">): "refused" | Readonly<Record<string, string>>;
}

/** One key and one session. `host` is the name the server listens on. */
export function newAccess(key: string, session: string, host: string): Access {
	// Cookies ignore ports, so two watches on one machine need different names.
	const cookie = `crossfade_${fingerprint(session)}`;
	let isUsed = false;
	return {
		key,
		admit({ query, headers }) {
			if (!isOurName(text(headers["host"]), host) || !isSameOrigin(headers)) return "refused";
			const cookies = text(headers["cookie"]).split(/;\s*/);
			const held = cookies.find((each) => each.startsWith(`${cookie}=`));
			if (held !== undefined && isSame(held.slice(cookie.length + 1), session)) return {};
			const given = new URLSearchParams(query).get("key");
			if (isUsed || given === null || !isSame(given, key)) return "refused";
			isUsed = true;
			return { "set-cookie": `${cookie}=${session}; Path=/; HttpOnly; SameSite=Strict` };
		},
	};
}

function text(header: string | string[] | undefined): string {
	return typeof header === "string" ? header : "";
}

/** Compares two texts in constant time. */
function isSame(a: string, b: string): boolean {
	const digest = (value: string) => createHash("sha256").update(value).digest();
	return timingSafeEqual(digest(a), digest(b));
}

/**
 * A foreign site can point its name at this machine, so names are refused, except `localhost` and the one listened on. Addresses
 * cannot be redirected.
 */
function isOurName(header: string, host: string): boolean {
	const name = /^(\[[0-9a-fA-F:.]+\]|[^:/@]+)(:\d+)?$/.exec(header)?.[1]?.toLowerCase();
	if (name === undefined) return false;
	return name === "localhost" || name === host.toLowerCase() || /^(\d+\.\d+\.\d+\.\d+|\[.+\])$/.test(name);
}

/** Browsers report a request's origin, except for followed links. */
function isSameOrigin(headers: ServerRequest["headers"]): boolean {
	const origin = headers["origin"];
	return origin === undefined || text(origin) === `http://${text(headers["host"])}`;
}
