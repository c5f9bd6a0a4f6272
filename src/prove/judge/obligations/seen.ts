import type { Obligation } from "../case.ts";
import type { KnownFacts } from "../known.ts";
import { senderName } from "../senders.ts";
import { credentialWord, statementText } from "../statements.ts";

/** The old token would have been seen: it was counted once at each place, and nobody sends with something that could be it in disguise. */
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
		if (counted.has(group)) return { ...proven, witness: "the old token was counted there" };
		const statement = said.of("gateway", place);
		if (statement) return { ...proven, witness: statementText(statement), byStatement: true };
		return {
			id: "seen",
			about: place,
			state: "unknown",
			witness:
				"the old token was never counted there, so its silence means nothing: are the roles swapped, or was the fingerprint made with a line break (echo)?",
			nextStep: `send one test record with the old token through it, or say that it counts: crossfade attest gateway ${place} known --because "…"`,
		};
	});
}

/** A stranger's credential in a sender's row may be the old token, however busy the new one is. */
function strangers({ senders, said, lookalikes }: KnownFacts): Obligation[] {
	const found: Obligation[] = [];
	for (const sender of senders) {
		if (!sender.strangers) continue;
		for (const [fingerprint, lastSeen] of sender.strangers) {
			if (fingerprint === "others") continue;
			const about = `${senderName(sender)}, credential ${fingerprint}`;
			const statement = credentialWord(said, fingerprint, lastSeen);
			if (statement) {
				const witness = statementText(statement);
				found.push({ id: "seen", about, state: "proven", witness, nextStep: "", byStatement: true });
				continue;
			}
			const host = said.of("host", sender.host.name);
			if (host && host.says !== "known" && lastSeen <= host.at) continue;
			const disguise = Object.hasOwn(lookalikes, fingerprint) ? lookalikes[fingerprint] : undefined;
			found.push({
				id: "seen",
				about,
				state: disguise === undefined ? "unknown" : "blocked",
				witness: disguise ?? "it is neither token, and may be the old one in a form that is not known",
				nextStep: `see what it is, and say so: crossfade attest credential ${fingerprint} known --because "…"`,
			});
		}
	}
	return found;
}
