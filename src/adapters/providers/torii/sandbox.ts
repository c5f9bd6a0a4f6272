/**
 * How Torii behaves, for `crossfade sandbox`: OTLP for every signal, the token in the header or in the path, a rotation in the portal
 * alone, whose Copy gives the whole new token again, and a page with a card for each tool. Its pages give no API for tokens, so there are no
 * routes besides ingest.
 *
 * Sources: https://support.toriihq.com/hc/en-us/articles/50614749248923, https://support.toriihq.com/hc/en-us/articles/50614780109211.
 */
import { timeSetting } from "../../../base/settings.ts";
import { signals } from "../provider.ts";
import { sandboxProvider, stateOf } from "../sandbox.ts";
import { provider } from "./index.ts";

/**
 * One token for everything, rotated in the portal only; the old one lives for 24 hours and cannot be ended sooner. Assumed, as the
 * worse case: a second rotation within that time ends the first old token at once.
 */
export const sandbox = sandboxProvider({
	id: provider.id,
	title: provider.title,
	about: "OTLP; a rotation in the portal keeps the old token for 24 hours",
	prefix: "",
	otlp: { base: "", signals, pathToken: true },
	staleAfterMs: provider.staleAfterMs,
	settings: { overlap: timeSetting("24h", "how long the old token is accepted") },
	start({ overlap }, { ledger }) {
		return {
			overlapMs: overlap,
			portal: ["copy"],
			mint: (token, _, now) => ledger.mint({ token, now, details: undefined }),
			rotate(_old, token, _, now) {
				const [newest, ...older] = ledger.tokens.filter((each) => stateOf(each, now) === "active");
				for (const each of older) ledger.revoke(each, now);
				return ledger.rotate(newest ? [newest] : [], { token, now, details: undefined }, overlap);
			},
			refusal: (_, message) => ({ message }),
			routes: [],
		};
	},
	sources: [
		"https://support.toriihq.com/hc/en-us/articles/50614749248923",
		"https://support.toriihq.com/hc/en-us/articles/50614780109211",
	],
});
