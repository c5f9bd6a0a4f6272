import type { ObligationId } from "../../../../src/prove/judge/case.ts";
import { probeHost } from "../../../../src/prove/judge/own-probes.ts";
import { type Draft, EPOCH, NEW, OLD } from "./evidence.ts";
import type { Random } from "./random.ts";
import { HOUR, type Machine, MINUTE, type Process, type World } from "./world.ts";

/** A way in which evidence is not what it should be; what it hides is known to the truth. */
export interface Degradation {
	readonly name: string;
	/** The part of the proof that must notice. */
	readonly noticedBy: ObligationId;
	apply(draft: Draft, world: World, dice: Random): void;
}

/** A sender that will send the old token again, and that no evidence shows as things are. */
function hide(draft: Draft, why: string): void {
	const process: Process = {
		cli: "codex",
		place: 0,
		sends: [draft.now + HOUR],
		moves: Number.POSITIVE_INFINITY,
		reverts: Number.POSITIVE_INFINITY,
		isRefused: false,
	};
	draft.known.push({ process, why });
}

function aPlace(draft: Draft, world: World, dice: Random): string {
	return (
		dice.pick(draft.series.length > 0 ? draft.series : world.places.map(({ name }) => ({ place: name }))).place ?? ""
	);
}

function change(draft: Draft, place: string, to: Partial<Draft["series"][number]>): void {
	draft.series = draft.series.map((each) => (each.place === place ? { ...each, ...to } : each));
}

function cutOff(draft: Draft, place: string, from: number, to = Number.POSITIVE_INFINITY): void {
	draft.seen = draft.seen.filter((each) => each.place !== place || each.at < from || each.at > to);
}

function report(draft: Draft, { name, serial }: Machine, fingerprint: string, hoursAgo: number, more = {}): void {
	// Of one machine's reports the newest is true, whatever is said in another way of spoiling.
	draft.inventory = draft.inventory.filter((each) => each.host !== name || each.serial !== serial);
	draft.inventory.push({
		host: name,
		serial,
		state: "ok",
		fingerprint,
		clis: { codex: "ok" },
		users: 1,
		at: EPOCH + draft.now - hoursAgo * HOUR,
		...more,
	});
}

/** In the order in which they are applied: those first that take away what others spoil. */
export const degradations: readonly Degradation[] = [
	{
		name: "only own probes are heard of a machine",
		noticedBy: "moved",
		apply(draft, world, dice) {
			const machine = dice.pick(world.machines);
			draft.seen = draft.seen.filter((each) => each.machine !== machine);
			const probe = { host: probeHost(NEW), place: world.places[0]?.name ?? "", status: 200, cli: "crossfade-probe" };
			for (let at = draft.now - 40 * HOUR; at < draft.now; at += HOUR)
				draft.noise.push({ ...probe, at, fingerprint: NEW });
		},
	},
	{
		name: "a machine sends past every place, and reports what it has",
		noticedBy: "inventory",
		apply(draft, world, dice) {
			const machine = dice.pick(world.machines);
			draft.seen = draft.seen.filter((each) => each.machine !== machine);
			draft.direct.push(machine.name);
			const hoursAgo = dice.between(0.1, 30);
			const at = draft.now - hoursAgo * HOUR;
			const isNew = machine.processes.every(({ moves }) => moves <= at);
			report(draft, machine, isNew ? NEW : OLD, hoursAgo);
		},
	},
	{
		name: "a place is watched no more",
		noticedBy: "watched",
		apply(draft, world, dice) {
			const place = aPlace(draft, world, dice);
			const end = draft.now - dice.between(0.2, 30) * HOUR;
			cutOff(draft, place, end);
			change(draft, place, { until: EPOCH + end });
			hide(draft, "it came back through a place that nobody watched");
		},
	},
	{
		name: "a tap ended in order, and its senders went elsewhere",
		noticedBy: "watched",
		apply(draft, world, dice) {
			const place = aPlace(draft, world, dice);
			const end = draft.now - dice.between(0.2, 30) * HOUR;
			cutOff(draft, place, end);
			change(draft, place, { until: EPOCH + end, isClosed: true });
			hide(draft, "it does not send through the tap that stopped");
		},
	},
	{
		name: "a place never could be read",
		noticedBy: "watched",
		apply(draft, world, dice) {
			const place = aPlace(draft, world, dice);
			cutOff(draft, place, Number.NEGATIVE_INFINITY);
			change(draft, place, { since: undefined, until: undefined, trouble: "it answered with an HTML page" });
			hide(draft, "it sends through a place that nobody could read");
		},
	},
	{
		name: "a page tells no tokens apart",
		noticedBy: "watched",
		apply(draft, world, dice) {
			const place = aPlace(draft, world, dice);
			cutOff(draft, place, Number.NEGATIVE_INFINITY);
			change(draft, place, { isAttributed: false });
			hide(draft, "it sends through a place that counts nothing");
		},
	},
	{
		name: "a program is killed and started again",
		noticedBy: "moved",
		apply(draft, world, dice) {
			const place = aPlace(draft, world, dice);
			const kill = draft.now - dice.between(0.1, 20) * HOUR;
			const start = Math.min(draft.now, kill + dice.between(0, 2) * HOUR);
			cutOff(draft, place, kill - MINUTE, start);
			change(draft, place, { since: EPOCH + start });
		},
	},
	{
		name: "some signals pass uncounted",
		noticedBy: "complete",
		apply(draft, world, dice) {
			change(draft, aPlace(draft, world, dice), {
				unattributed: ["12 of 40 records of metrics were taken without telling"],
			});
			hide(draft, "its metrics go with the old token");
		},
	},
	{
		name: "the old token's fingerprint is that of something else",
		noticedBy: "seen",
		apply(draft) {
			draft.tokens = { ...draft.tokens, old: "cccccccccccc" };
			hide(draft, "what counts as a stranger is the old token");
		},
	},
	{
		name: "a sender has the old token in a form that is not known",
		noticedBy: "seen",
		apply(draft, _world, dice) {
			const some = draft.seen.filter(({ fingerprint }) => fingerprint === OLD);
			const process = some.length > 0 ? dice.pick(some).process : undefined;
			for (const each of draft.seen)
				if (each.process === process && each.fingerprint === OLD) each.fingerprint = "dddddddddddd";
			const [host] = draft.seen.filter((each) => each.process === process);
			if (host) hide(draft, "it sends the old token in disguise");
		},
	},
	{
		name: "a place cannot see the old token",
		noticedBy: "seen",
		apply(draft, world, dice) {
			const place = aPlace(draft, world, dice);
			draft.seen = draft.seen.filter((each) => each.place !== place || each.fingerprint !== OLD);
			draft.noise = draft.noise.filter((each) => each.place !== place || each.fingerprint !== OLD);
			hide(draft, "it has the old token in a header that nobody looks at");
		},
	},
	{
		name: "the new token is refused",
		noticedBy: "accepted",
		apply(draft, _world, dice) {
			const some = draft.seen.filter(({ fingerprint }) => fingerprint === NEW);
			const process = some.length > 0 ? dice.pick(some).process : undefined;
			const status = dice.pick([401, 403, 502]);
			for (const each of draft.seen) if (each.process === process && each.fingerprint === NEW) each.status = status;
			if (process) hide(draft, "its owner goes back to the token that works");
		},
	},
	{
		name: "a gateway's own token is old or unknown",
		noticedBy: "gateways",
		apply(draft, world, dice) {
			const place = aPlace(draft, world, dice);
			const fingerprint = dice.chance(0.5) ? OLD : undefined;
			draft.exporters = draft.exporters.map((each) => (each.gateway === place ? { ...each, fingerprint } : each));
			draft.staleExporters = true;
		},
	},
	{
		name: "a machine that no list names reports the old token",
		noticedBy: "inventory",
		apply(draft, _world, dice) {
			const machine = { name: "desk-9", serial: "C09" } as Machine;
			if (dice.chance(0.5)) report(draft, machine, OLD, 2);
			else report(draft, machine, NEW, 2, { fingerprint: undefined, state: "drift", isMixed: true });
			hide(draft, "an unlisted machine is on the old token");
		},
	},
	{
		name: "a listed machine reports anything but the new token",
		noticedBy: "inventory",
		apply(draft, world, dice) {
			const machine = dice.pick(world.machines);
			const wrong = dice.pick([
				{ fingerprint: OLD },
				{ state: "error", fingerprint: undefined },
				{ state: "refused" },
				{ state: "unreported", fingerprint: undefined },
				{ clis: { codex: "stale" } },
				{ at: EPOCH - HOUR },
			]);
			report(draft, machine, NEW, 1, wrong);
			hide(draft, "another user of the machine is on the old token");
		},
	},
	{
		name: "the column of the list is half filled",
		noticedBy: "lists",
		apply(draft) {
			draft.listTroubles.push({ where: "hosts.csv", what: "1 of 9 lines could not be used (line 4)", fix: "" });
			hide(draft, "a machine of the list without a name");
		},
	},
	{
		name: "two machines have one name",
		noticedBy: "identity",
		apply(draft, world, dice) {
			const machine = dice.pick(world.machines);
			report(draft, { ...machine, serial: "C02-twin" }, OLD, 30);
			report(draft, machine, NEW, 0.1);
			hide(draft, "the other machine of this name");
		},
	},
	{
		name: "an evidence file cannot be read",
		noticedBy: "whole",
		apply(draft, world, dice) {
			const place = aPlace(draft, world, dice);
			cutOff(draft, place, Number.NEGATIVE_INFINITY);
			draft.series = draft.series.filter((each) => each.place !== place);
			draft.evidenceTroubles.push({ where: "traffic-x.ndjson", what: "its end is missing", fix: "" });
			hide(draft, "it was in the file that is lost");
		},
	},
	{
		name: "a table was full",
		noticedBy: "whole",
		apply(draft, world, dice) {
			change(draft, aPlace(draft, world, dice), { limits: ["its accumulator was full"] });
			hide(draft, "it did not fit in");
		},
	},
	{
		name: "there were too many credentials",
		noticedBy: "whole",
		apply(draft, _world, dice) {
			const some = draft.seen.filter(({ fingerprint }) => fingerprint === OLD);
			const process = some.length > 0 ? dice.pick(some).process : undefined;
			for (const each of draft.seen)
				if (each.process === process && each.fingerprint === OLD) each.fingerprint = "others";
			if (process) hide(draft, "it is one of the others");
		},
	},
	{
		name: "the roles are swapped",
		noticedBy: "rotation",
		apply(draft, world) {
			draft.tokens = { old: NEW, new: OLD };
			draft.seen = draft.seen.map((each) => ({ ...each, fingerprint: OLD }));
			draft.noise = draft.noise.map((each) => ({ ...each, host: probeHost(NEW), fingerprint: NEW }));
			draft.noise.push({
				at: world.watchFrom,
				host: probeHost(OLD),
				fingerprint: OLD,
				place: world.places[0]?.name ?? "",
				status: 200,
				cli: "crossfade-probe",
			});
			draft.exporters = draft.exporters.map((each) => ({ ...each, fingerprint: OLD }));
			hide(draft, "the real rollout has not begun");
		},
	},
	{
		name: "the clock of a place is ahead",
		noticedBy: "clocks",
		apply(draft, world, dice) {
			const [first, second] = world.places;
			if (!first || !second) return;
			draft.skew.set(second.name, dice.between(1, 5) * HOUR);
			const machine = dice.pick(world.machines);
			const [process] = machine.processes;
			if (!process) return;
			const each = { machine, process, host: machine.hostName, status: 200 };
			draft.seen.push({ ...each, at: draft.now - 20 * MINUTE, fingerprint: OLD, place: first.name });
			for (let at = draft.now - 6 * HOUR; at < draft.now - 25 * MINUTE; at += 15 * MINUTE) {
				draft.seen.push({ ...each, at, fingerprint: NEW, place: second.name });
			}
			hide(draft, "by a true clock its old token came last");
		},
	},
	{
		name: "the clock of a place is behind",
		noticedBy: "watched",
		apply(draft, world, dice) {
			draft.skew.set(aPlace(draft, world, dice), -dice.between(0.1, 5) * HOUR);
		},
	},
	{
		name: "a statement of another rotation",
		noticedBy: "moved",
		apply(draft, world, dice) {
			const { name } = dice.pick(world.machines);
			const said = { kind: "host", says: "gone", because: "sold", actor: "anna", at: EPOCH + draft.now } as const;
			draft.statements.push({ ...said, name, old: "eeeeeeeeeeee" });
		},
	},
	{
		name: "data without a host name",
		noticedBy: "moved",
		apply(draft, world, dice) {
			const machine = dice.pick(world.machines);
			for (const each of draft.seen) if (each.machine === machine) each.host = "";
		},
	},
	{
		name: "a machine is off the list",
		noticedBy: "inventory",
		apply(draft, world, dice) {
			const { name } = dice.pick(world.machines);
			draft.expectedHosts = draft.expectedHosts.filter((each) => each !== name);
		},
	},
	{
		name: "a thousand made-up credentials",
		noticedBy: "moved",
		apply(draft, world, dice) {
			const place = world.places[0]?.name ?? "";
			for (let index = 0; index < 40; index++) {
				const fingerprint = (index + 0x100000000000).toString(16).padStart(12, "0").slice(-12);
				const host = dice.pick(world.machines).hostName;
				draft.noise.push({ at: draft.now - index * MINUTE, host, fingerprint, place, status: 401, cli: "codex" });
			}
		},
	},
];
