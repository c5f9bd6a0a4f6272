/** In one case, what is shorter can be an ordinary word. */
const LONGER_THAN_WORDS = 16;

/**
 * Every form in which a token could leak into output: raw, in one case (as host names are written), URL-encoded, JSON-escaped (once and
 * twice), and base64 at each of the three alignments possible in a longer text.
 */
export function secretForms(token: string): string[] {
	const json = JSON.stringify(token).slice(1, -1);
	const oneCase = token.length < LONGER_THAN_WORDS ? [] : [token.toLowerCase(), token.toUpperCase()];
	const forms = [token, ...oneCase, encodeURIComponent(token), json, JSON.stringify(json).slice(1, -1)];
	for (let shift = 0; shift < 3; shift++) {
		const padded = Buffer.concat([Buffer.alloc(shift), Buffer.from(token, "utf8")]);
		// Only the digits that depend on the token alone: digits at its edges also encode neighbouring bytes.
		const from = Math.ceil((shift * 8) / 6);
		const to = Math.floor((padded.length * 8) / 6);
		forms.push(padded.toString("base64").slice(from, to), padded.toString("base64url").slice(from, to));
	}
	return [...new Set(forms)].sort((a, b) => b.length - a.length);
}
