import type { Obligation } from "../case.ts";
import type { KnownFacts } from "../known.ts";
import { senderName } from "../senders.ts";
import { credentialWord, statementText } from "../statements.ts";

/** Use of the old token would be noticed: each place counted it at least once, and no unknown credential could be another form of it. */
export function seen(facts: KnownFacts): Obligation[] {
	return [...everyPlace(facts), ...strangers(facts)];
}

function everyPlace({ watched, traffic, tokens, said }: KnownFacts): Obligation[] {
	const groupOf = new Map(watched.map(({ place, group }) => [place, group ?? place]));
	const counted = new Set<string>();
	for (const { fingerprint, place } of traffic) {
		if (fingerprint === tokens.old) counted.add(groupOf.get(place) ?? place);
	}
	return [...groupOf].map(([place, group]): Obligation => {
		const proven = { id: "seen", about: place, state: "proven", nextStep: "" } as const;
		if (counted.has(group)) return { ...proven, witness: "the old token was counted here" };
		// That its exporter moved says nothing about what it counts.
		const statement = said.of("gateway", place, "known", "gone");
		if (statement) return { ...proven, witness: statementText(statement), byStatement: true };
		return {
			id: "seen",
			about: place,
			state: "unknown",
			witness:
				"the old token was never counted here, so its silence proves nothing: check that old and new are not swapped, and that the fingerprint was not made with a line break (echo)",
			nextStep: `send one test record with the old token through it, or confirm that it counts: crossfade attest gateway ${place} known --because "…"`,
		};
	});
}

/** An unknown credential may be another form of the old token, whatever else the sender uses. */
function strangers({ senders, said, lookalikes }: KnownFacts): Obligation[] {
	const found: Obligation[] = [];
	for (const sender of senders) {
		if (!sender.sent?.strangers) continue;
		for (const [fingerprint, lastSeen] of sender.sent.strangers) {
			if (fingerprint === "others") continue;
			const about = `${senderName(sender)}, credential ${fingerprint}`;
			const disguise = Object.hasOwn(lookalikes, fingerprint) ? lookalikes[fingerprint] : undefined;
			const statement = credentialWord(said, fingerprint, lastSeen);
			// Nobody can explain away what is proven to be the old token, only that it has ended.
			if (statement && (disguise === undefined || statement.says === "gone")) {
				const witness = statementText(statement);
				found.push({ id: "seen", about, state: "proven", witness, nextStep: "", byStatement: true });
				continue;
			}
			const host = said.of("host", sender.host.name);
			if (host && host.says !== "known" && lastSeen <= host.at) continue;
			found.push({
				id: "seen",
				about,
				state: disguise === undefined ? "unknown" : "blocked",
				witness: disguise ?? "it is neither token, and could be the old one in another form",
				nextStep:
					disguise === undefined
						? `find out what it is, then record it: crossfade attest credential ${fingerprint} known --because "…"`
						: `correct that setting, then record it: crossfade attest credential ${fingerprint} gone --because "…"`,
			});
		}
	}
	return found;
}
