/**
 * How Wrapd behaves, for `crossfade sandbox`: API keys that call endpoints of a user, rotated in the dashboard with a grace. There is no
 * OTLP. What its pages leave open is marked as assumed below.
 *
 * Sources: https://docs.wrapd.sh/guides/key-rotation, https://docs.wrapd.sh/api/authentication,
 * https://docs.wrapd.sh/api/calling-endpoints.
 */
import { durationMs } from "../../../base/duration.ts";
import { choiceSetting, wordsSetting } from "../../../base/settings.ts";
import {
	type ApiCall,
	type ApiRoute,
	jsonAnswer,
	Refused,
	type SandboxServices,
	sandboxProvider,
	stateOf,
	type TokenRecord,
	type TokenRequest,
	textField,
	textListField,
} from "../sandbox.ts";
import { provider } from "./index.ts";

interface WrapdToken {
	readonly label: string;
	/** The endpoints it may call; empty for all. */
	readonly scopes: readonly string[];
}

/** https://docs.wrapd.sh/guides/key-rotation */
const graces = Object.fromEntries(
	["0s", "15m", "1h", "6h", "24h", "3d", "7d"].map((each) => [each, durationMs(each) ?? 0]),
);
const GRACE_WORDS = Object.keys(graces).join(", ");

/**
 * API keys, made with a session's JWT and rotated in the dashboard with one of seven graces; the new key keeps label and scopes. Assumed:
 * the names of fields in the answer to a new key, and the shapes of errors. Agent tokens and their WebSocket are not here.
 */
export const sandbox = sandboxProvider({
	id: provider.id,
	title: provider.title,
	about: "rotated in the dashboard with a grace period of 0 to 7 days; no OTLP",
	prefix: "wrapd_sk_",
	adminKey: { prefix: "", what: "the JWT of a session, as Bearer" },
	settings: {
		overlap: choiceSetting("24h", "the default grace period", graces),
		scopes: wordsSetting("", "endpoints a key may call; empty means all"),
	},
	start({ overlap, scopes }, { ledger, newToken }: SandboxServices<WrapdToken>) {
		const mint = (token: string, wanted: TokenRequest, now: number) =>
			ledger.mint({
				token,
				now,
				details: { label: textField(wanted, "label"), scopes: textListField(wanted, "scopes") ?? [] },
			});
		const rotate = (old: TokenRecord<WrapdToken>, token: string, wanted: TokenRequest, now: number) => {
			if (stateOf(old, now) !== "active")
				throw new Refused(409, `a key that is ${stateOf(old, now)} cannot be rotated`);
			return ledger.rotate([old], { token, now, details: old.details }, graceOf(wanted, overlap));
		};
		const call = (method: ApiRoute["method"]): ApiRoute<WrapdToken> => ({
			method,
			path: "/v1/:user/:endpoint",
			by: ["token"],
			records: () => 1,
			answer: ({ token, path, headers }: ApiCall<WrapdToken>) => {
				const allowed = token?.details.scopes ?? [];
				if (allowed.length > 0 && !allowed.includes(path["endpoint"] ?? ""))
					throw new Refused(403, "the key is not scoped to this endpoint");
				if (headers["accept"]?.includes("application/json")) return jsonAnswer(200, { output: "ok\n", exit_code: 0 });
				return { status: 200, contentType: "text/event-stream", body: "data: ok\n\n" };
			},
		});
		return {
			overlapMs: overlap,
			portal: ["mint", "revoke"],
			mint: (token, wanted, now) => mint(token, { label: `key ${ledger.tokens.length + 1}`, scopes, ...wanted }, now),
			rotate,
			tokenOf: (headers) => headers["x-api-key"],
			refusal: (_, message) => ({ error: message }),
			routes: [
				{
					method: "POST",
					path: "/api-keys",
					by: ["admin"],
					answer(request) {
						const key = newToken();
						const { id, details } = mint(key, request.body(), request.now);
						return jsonAnswer(201, { id, key, ...details });
					},
				},
				call("GET"),
				call("POST"),
			],
		};
	},
	sources: [
		"https://docs.wrapd.sh/guides/key-rotation",
		"https://docs.wrapd.sh/api/authentication",
		"https://docs.wrapd.sh/api/calling-endpoints",
	],
});

function graceOf({ grace }: TokenRequest, standard: number): number {
	if (grace === undefined) return standard;
	const chosen = typeof grace === "string" && Object.hasOwn(graces, grace) ? graces[grace] : undefined;
	if (chosen === undefined) throw new Refused(400, `grace is one of ${GRACE_WORDS}`);
	return chosen;
}
