import { duration } from "../../../base/duration.ts";
import type { HostActivity } from "../activity.ts";
import type { Obligation } from "../case.ts";
import type { KnownFacts } from "../known.ts";
import { statementText } from "../statements.ts";

/** Every machine that reports is plainly on the new token, and every machine that is known is listed. Those that are, are told together. */
export function inventory(facts: KnownFacts, now: number): Obligation[] {
	const found: Obligation[] = [];
	let count = 0;
	for (const host of facts.hosts) {
		if (host.key === "") continue;
		const wrong = wrongOf(facts, host, now);
		if (wrong) found.push(...spoken(facts, host, wrong));
		else count++;
	}
	if (count > 0) {
		const about = count === 1 ? "1 machine" : `${count} machines`;
		const reported = facts.inventory.length > 0 ? "listed, and no report says otherwise" : "listed";
		found.push({ id: "inventory", about, state: "proven", witness: reported, nextStep: "" });
	}
	return found;
}

type NotPlain = Pick<Obligation, "state" | "witness" | "nextStep"> & {
	/** Only a list is missing. */
	readonly isUnlisted?: true;
};

function wrongOf(facts: KnownFacts, host: HostActivity, now: number): NotPlain | undefined {
	const wrong = reportedWrong(facts, host, now);
	if (wrong || host.isListed) return wrong;
	return {
		isUnlisted: true,
		state: "unknown",
		witness: "no list names it",
		nextStep: `list it, or say what it is: crossfade attest host ${JSON.stringify(host.name)} known --because "…"`,
	};
}

function reportedWrong(
	{ tokens, started, expectedClis, isDirect }: KnownFacts,
	host: HostActivity,
	now: number,
): NotPlain | undefined {
	const report = host.inventory;
	if (!report) return undefined;
	const { state, fingerprint, at, clis } = report;
	const unknown = (witness: string, nextStep: string): NotPlain => ({ state: "unknown", witness, nextStep });
	const again = "have it report again";
	if (fingerprint !== undefined && fingerprint === tokens.old) {
		const witness = `it reports the old token${at === undefined ? "" : `, ${duration(now - at)} ago`}`;
		return { state: "blocked", witness, nextStep: "give it the new token, and have it report again" };
	}
	if (report.isMixed) {
		return unknown("it reports several tokens", "see which CLI or user has which: crossfade doctor");
	}
	if (state === "unreported") return unknown("it is listed without a report line", again);
	if (state === "error" || state === "drift") {
		return unknown(`it reports ${state}`, "see what is wrong there: crossfade doctor");
	}
	if (started !== undefined && at === undefined)
		return unknown("nothing says when it reported", "export the time of the report, too");
	if (started !== undefined && at !== undefined && at < started) {
		return unknown(`it last reported ${duration(started - at)} before the rotation`, again);
	}
	if (state === "absent") return undefined;
	if (fingerprint === undefined || fingerprint !== tokens.new) {
		return unknown(`it reports ${fingerprint ?? "no token"}, which is neither token`, "give it the new token");
	}
	const unclear = Object.entries(clis).find(([, word]) => word !== "ok" && word !== "absent");
	if (unclear) return unknown(`it reports ${unclear[0]}:${unclear[1]}`, "see what is wrong there: crossfade doctor");
	const missing = isDirect(host) ? expectedClis.find((cli) => !Object.hasOwn(clis, cli)) : undefined;
	return missing === undefined ? undefined : unknown(`its report says nothing of ${missing}`, again);
}

/** What somebody says of a machine counts until a newer report; that it is known tells nothing of its token. */
function spoken({ said, tokens }: KnownFacts, host: HostActivity, { isUnlisted, ...wrong }: NotPlain): Obligation[] {
	const about = host.name;
	const statement = said.of("host", host.name);
	const isEnough = statement && (isUnlisted || statement.says !== "known");
	const report = host.inventory;
	const isContrary = statement && report?.fingerprint === tokens.old && (report?.at ?? 0) > statement.at;
	if (!isEnough || isContrary) return [{ id: "inventory", about, ...wrong }];
	const witness = statementText(statement);
	return [{ id: "inventory", about, state: "proven", witness, nextStep: "", byStatement: true }];
}
