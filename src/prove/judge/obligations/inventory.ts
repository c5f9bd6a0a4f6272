import { duration } from "../../../base/duration.ts";
import type { InventoryRow, Statement } from "../../evidence/evidence.ts";
import type { HostActivity } from "../activity.ts";
import type { Obligation } from "../case.ts";
import { type KnownFacts, reportsFrom } from "../known.ts";
import { latest } from "../machines.ts";
import { statementText } from "../statements.ts";

/** Every report shows the new token, and every known machine is listed. Machines without a problem are one row. */
export function inventory(facts: KnownFacts, now: number): Obligation[] {
	const found: Obligation[] = [];
	let count = 0;
	for (const host of facts.hosts) {
		if (host.key === "") continue;
		const point = reportPoint(facts, host, now);
		if (point) found.push(point);
		else count++;
	}
	if (count > 0) {
		const about = count === 1 ? "1 machine" : `${count} machines`;
		const reported = facts.inventory.length > 0 ? "listed, and every report agrees" : "listed";
		found.push({ id: "inventory", about, state: "proven", witness: reported, nextStep: "" });
	}
	return found;
}

/** What is not plain about a machine's report, or that it is on no list; undefined if nothing. */
export function reportPoint(facts: KnownFacts, host: HostActivity, now: number): Obligation | undefined {
	if (host.point === undefined) {
		const wrong = wrongOf(facts, host, now);
		host.point = wrong ? spoken(facts, host, wrong) : null;
	}
	return host.point ?? undefined;
}

type NotPlain = Pick<Obligation, "state" | "witness" | "nextStep"> & {
	/** The machine is only missing from the list. */
	readonly isUnlisted?: true;
};

function wrongOf(facts: KnownFacts, host: HostActivity, now: number): NotPlain | undefined {
	const wrong = reportedWrong(facts, host, now);
	if (wrong || host.isListed) return wrong;
	return {
		isUnlisted: true,
		state: "unknown",
		witness: "it is on no list",
		nextStep: `list it, or record what it is: crossfade attest host ${JSON.stringify(host.name)} known --because "…"`,
	};
}

function reportedWrong(facts: KnownFacts, host: HostActivity, now: number): NotPlain | undefined {
	const { tokens, expectedClis, isDirect } = facts;
	const started = reportsFrom(facts);
	const report = host.inventory;
	if (!report) return undefined;
	const { state, fingerprint, at, clis } = report;
	if (fingerprint !== undefined && fingerprint === tokens.old) {
		const witness = `it reports the old token${at === undefined ? "" : `, ${duration(now - at)} ago`}`;
		return { state: "blocked", witness, nextStep: "give it the new token, and run the report again" };
	}
	if (at !== undefined && at > now + CLOCKS_DIFFER) {
		return unknown(
			`its report is dated ${duration(at - now)} in the future`,
			"see which clock is wrong, and run the report on it again",
		);
	}
	if (report.isMixed) {
		return unknown("it reports several tokens", "see which CLI or user has which: crossfade doctor");
	}
	if (state === "unreported") return unknown("it is listed without a report line", AGAIN);
	if (state === "refused") {
		return unknown("it reports refused: a person has to look at a file there", DOCTOR);
	}
	if (state === "error" || state === "drift") return unknown(`it reports ${state}`, DOCTOR);
	if (started !== undefined && at === undefined)
		return unknown("the time of its report is unknown", "also export the time of the report");
	if (started !== undefined && at !== undefined && at < started && latest(report) >= started) {
		return unknown(
			"the time of its report has no zone, and can be before the rotation",
			"export the time with its zone, or run the report on it again",
		);
	}
	if (started !== undefined && at !== undefined && at < started) {
		const event = facts.spreadFrom === undefined ? "the rotation" : "the new token was spread again";
		return unknown(`it last reported ${duration(started - at)} before ${event}`, AGAIN);
	}
	if (report.leavesOpen !== undefined) return unknown(`its report ${report.leavesOpen}`, lookThere(host));
	if (state === "absent") {
		// Only a fingerprint of the new token shows by itself that a report is of this rotation.
		const isUndated = started === undefined && isDirect(host) && host.heard.length === 0;
		return isUndated ? unknown("it reports no CLI, and when the rotation began is unknown", STARTED) : undefined;
	}
	if (fingerprint === undefined || fingerprint !== tokens.new) {
		return unknown(`it reports ${fingerprint ?? "no token"}, which is neither token`, "give it the new token");
	}
	const unclear = Object.entries(clis).find(([, word]) => word !== "ok" && word !== "absent");
	if (unclear) return unknown(`it reports ${unclear[0]}:${unclear[1]}`, DOCTOR);
	const missing = isDirect(host) ? expectedClis.find((cli) => !Object.hasOwn(clis, cli)) : undefined;
	return missing === undefined ? undefined : unknown(`its report does not mention ${missing}`, AGAIN);
}

function unknown(witness: string, nextStep: string): NotPlain {
	return { state: "unknown", witness, nextStep };
}

/** By how much the clock of what made a list may be ahead of ours: by more, no time of its can be trusted. */
const CLOCKS_DIFFER = 3_600_000;
const AGAIN = "run the report on it again";
const DOCTOR = "see the problem: crossfade doctor on that machine";
const STARTED = "give the time of the rotation: overlap.started in the fleet file";

function lookThere({ name }: HostActivity): string {
	return `look there with crossfade doctor, then record it: crossfade attest host ${JSON.stringify(name)} moved --because "…"`;
}

/** A machine that reports is not gone; one that reports the old token, or several, did not move. A report without a time is of now. */
export function contradicts(row: InventoryRow, { says, at: saidAt }: Statement, old: string | undefined): boolean {
	// An export without times keeps its machines, also those that are gone.
	const { at, fingerprint, isMixed } = row;
	if (says === "gone") return at !== undefined && latest(row) > saidAt;
	const isOld = isMixed === true || (fingerprint !== undefined && fingerprint === old);
	return isOld && latest(row) > saidAt;
}

/** A statement on a machine counts until a newer report contradicts it; "known" says nothing about its token. */
function spoken({ said, tokens }: KnownFacts, host: HostActivity, { isUnlisted, ...wrong }: NotPlain): Obligation {
	const about = host.name;
	const statement = said.of("host", host.name);
	const isEnough = statement && (isUnlisted || statement.says !== "known");
	const report = host.inventory;
	const isContrary = statement && report && contradicts(report, statement, tokens.old);
	if (!isEnough || isContrary) {
		return { id: "inventory", about, ...wrong, witness: wrong.witness + said.outdated("host", host.name) };
	}
	const witness = statementText(statement);
	return { id: "inventory", about, state: "proven", witness, nextStep: "", byStatement: true };
}
