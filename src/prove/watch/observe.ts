import { basename } from "node:path";
import { CrossfadeError } from "../../base/errors.ts";
import { shown } from "../../base/mask.ts";
import type { Effects } from "../../effects/effects.ts";
import type { Fleet } from "../../spec/fleet.ts";
import { fingerprint } from "../../token/fingerprint.ts";
import type { Secret } from "../../token/secret.ts";
import { hostHeaders } from "../evidence/columns.ts";
import type { KnownPod } from "../evidence/evidence.ts";
import { type Inventory, type Reading, readHosts, readInventory } from "../evidence/inventory.ts";
import { withinMostLines } from "../evidence/list-lines.ts";
import { knownPods, type PodList, readPods, UnusablePodList } from "../evidence/pods.ts";
import { openStore } from "../evidence/store.ts";
import type { FileTrouble } from "../judge/case.ts";
import { overlapView } from "../overlap/build.ts";
import type { Observed } from "../overlap/observed.ts";
import { unknownStatements } from "../overlap/unknown-statements.ts";
import type { OverlapView } from "../overlap/view.ts";
import { gatewaySource, type PageOptions } from "./gateways.ts";
import { withNamesakes } from "./namesakes.ts";
import { prometheusSource } from "./prometheus.ts";

/** Observes a fleet repeatedly. */
export interface Observer {
	/** The current view. */
	look(): Promise<OverlapView>;
	close(): Promise<void>;
}

/**
 * Reads the tokens once, and lists and inventories each time. Throws `CrossfadeError` if one is unreadable the first time; later it is an open
 * point. Warns once of what the fleet file says of names that nobody knows: a machine can have left every list since.
 */
export async function observe(fx: Effects, fleet: Fleet, pages: Partial<PageOptions> = {}): Promise<Observer> {
	const { tokens, lookalikes } = await fingerprints(fx, fleet);
	const listed = newLists(fx, fleet);
	let first: Lists | undefined = await listed();
	const store = await openStore(fx, fleet.evidence, Object.values(tokens));
	const gateways = gatewaySource(fx, store, fleet.gateways, pages);
	const prometheus =
		fleet.prometheus === undefined
			? undefined
			: prometheusSource(fx, store, fleet.prometheus, { fleet, readable: gateways.readable });
	return {
		async look() {
			// Gateways first: the server is queried for those that cannot be read directly.
			const looks = [await gateways.look(), ...(prometheus ? [await prometheus.look()] : [])];
			const isFirst = first !== undefined;
			const lists = first ?? (await listed().catch(unreadable));
			first = undefined;
			const evidence = await store.read();
			const observed = {
				fleet,
				tokens,
				lookalikes,
				...lists,
				evidence,
				gateways: looks.flatMap((look) => look.gateways),
				looked: looks.flatMap(({ looked }) => looked),
				exporters: looks.flatMap(({ exporters }) => exporters),
				troubles: looks.flatMap(({ troubles }) => troubles),
				now: fx.clock.now(),
			};
			const view = overlapView(observed);
			for (const problem of isFirst ? unknownStatements(observed, view) : []) fx.terminal.warn(problem);
			return view;
		},
		async close() {
			await gateways.close();
			await prometheus?.close();
		},
	};
}

type Lists = Pick<Observed, "expectedHosts" | "inventory" | "pods" | "listTroubles">;

/** Reads lists and inventories each time; standard input only once. */
function newLists(fx: Effects, fleet: Fleet): () => Promise<Lists> {
	const fromInput = new Map<string, Inventory>();
	const podLists = newPodLists(fx, fleet.pods);
	let hostsFromInput: Awaited<ReturnType<typeof hostsOf>> | undefined;
	return async () => {
		const { hosts, troubles } = hostsFromInput ?? (await hostsOf(fx, fleet));
		if (fleet.hostsCsv?.path === "-") hostsFromInput = { hosts, troubles };
		const { pods, troubles: podTroubles } = await podLists();
		const read: Inventory[] = [];
		for (const path of fleet.inventory) {
			const inventory = fromInput.get(path) ?? (await readInventory(list(fx, path), { column: fleet.hostColumns }));
			if (inventory.unknownHeader) throw noHostColumn(path, fleet.hostColumns, inventory.unknownHeader);
			if (path === "-") fromInput.set(path, inventory);
			read.push({ ...inventory, rows: withNamesakes(inventory) });
		}
		return {
			expectedHosts: hosts,
			inventory: joined(read),
			pods,
			listTroubles: [
				...troubles,
				...read.flatMap((each, at) => readingTroubles(fleet.inventory[at] ?? "", each)),
				...podTroubles,
			],
		};
	};
}

function list(fx: Effects, path: string): AsyncIterable<Uint8Array> {
	return withinMostLines(fx.files.stream(path), path === "-" ? "<stdin>" : path);
}

function unreadable(error: unknown): Lists {
	if (!(error instanceof CrossfadeError)) throw error;
	const listTroubles = error.problems.map(({ what, where, fix }) => ({ where: where?.file ?? "lists", what, fix }));
	return { expectedHosts: [], inventory: undefined, pods: [], listTroubles };
}

/** Reads lists of pods, again only those that changed, since they are large. */
function newPodLists({ files, clock }: Pick<Effects, "files" | "clock">, paths: readonly string[]) {
	const read = new Map<string, { readonly stamp: string; readonly list: PodList | FileTrouble }>();
	let pods: readonly KnownPod[] = [];
	return async (): Promise<{ pods: readonly KnownPod[]; troubles: readonly FileTrouble[] }> => {
		let isNew = false;
		for (const path of paths) {
			const { stamp, writtenAt } = path === "-" ? { stamp: "-", writtenAt: clock.now() } : await files.stamp(path);
			if (read.get(path)?.stamp === stamp) continue;
			isNew = true;
			const list = await readPods(files.stream(path), writtenAt).catch((error: unknown) => unusable(path, error));
			read.set(path, { stamp, list });
		}
		const lists = [...read.values()].map(({ list }) => list);
		if (isNew) pods = knownPods(lists.flatMap((list) => ("pods" in list ? [list] : [])));
		return { pods, troubles: lists.flatMap((list) => ("pods" in list ? [] : [list])) };
	};
}

function unusable(path: string, error: unknown): FileTrouble {
	if (!(error instanceof UnusablePodList)) throw error;
	const fix = "make it again: kubectl get --raw /api/v1/pods";
	return { where: path === "-" ? "standard input" : shown(basename(path)), what: error.message, fix };
}

/** Name -> fingerprint of every token. Throws `CrossfadeError` (usage) if two names refer to one token. */
async function fingerprints(fx: Effects, { tokens }: Fleet): Promise<Pick<Observed, "tokens" | "lookalikes">> {
	const found = new Map<string, string>();
	const lookalikes: Record<string, string> = {};
	for (const { name, ref, fingerprint: given } of tokens) {
		const secret = ref ? await fx.readToken(ref) : undefined;
		const id = secret?.fingerprint ?? given;
		if (id !== undefined) found.set(name, id);
		if (secret && name === "old") Object.assign(lookalikes, disguises(secret));
	}
	const byFingerprint = new Map<string, string>();
	for (const [name, id] of found) {
		const other = byFingerprint.get(id);
		byFingerprint.set(id, name);
		if (other === undefined) continue;
		throw new CrossfadeError("usage", {
			what: `${other} and ${name} are the same token`,
			expected: "two different tokens",
			got: `fp=${id} twice`,
			fix: "find out which of the two files or variables was not replaced",
		});
	}
	return { tokens: Object.fromEntries(found), lookalikes };
}

/** Fingerprints of other forms in which the old token may be sent or counted. */
function disguises(token: Secret): Record<string, string> {
	const value = token.reveal();
	const forms: readonly (readonly [text: string, what: string])[] = [
		[`${value}\n`, "it is the old token with a line break at the end, as from echo"],
		[`${value}\r\n`, "it is the old token with a Windows line break at the end"],
		[`Bearer ${value}`, "it is the old token with a second Bearer in front"],
		[`key=${value}`, "it is the old token with key= in front"],
		[`"${value}"`, "it is the old token in quotes"],
		[encodeURIComponent(value), "it is the old token, percent-encoded"],
		[Buffer.from(value).toString("base64"), "it is the old token in base64"],
	];
	const entries = forms.filter(([text]) => text !== value).map(([text, what]) => [fingerprint(text), what] as const);
	return Object.fromEntries(entries);
}

async function hostsOf(
	fx: Effects,
	{ expectedHosts, hostsCsv, hostColumns }: Fleet,
): Promise<{ hosts: readonly string[]; troubles: readonly FileTrouble[] }> {
	if (!hostsCsv) return { hosts: expectedHosts, troubles: [] };
	const columns = hostColumns.length > 0 ? hostColumns : [hostsCsv.column ?? []].flat();
	const listed = await readHosts(list(fx, hostsCsv.path), columns);
	if ("hosts" in listed) {
		return {
			hosts: [...new Set([...expectedHosts, ...listed.hosts])],
			troubles: readingTroubles(hostsCsv.path, listed),
		};
	}
	throw noHostColumn(hostsCsv.path, columns, listed.unknownHeader);
}

/** `looked`: the columns that were asked for, if any; `header`: those that the file has. */
function noHostColumn(path: string, looked: readonly string[], header: readonly string[]): CrossfadeError {
	const names = looked.length > 0 ? looked : hostHeaders;
	return new CrossfadeError("usage", {
		what: "no column with host names found",
		expected: `one of the columns ${names.join(", ")}`,
		got: header.length === 0 ? "an empty file" : shown(header.join(", ")),
		where: { file: path === "-" ? "standard input" : path },
		fix: "name the column: --host-column NAME; to a list without a header, add the line host at its top",
	});
}

function joined(read: readonly Inventory[]): Inventory | undefined {
	if (read.length < 2) return read[0];
	const sum = (of: (inventory: Inventory) => number) => read.reduce((total, each) => total + of(each), 0);
	return {
		rows: read.flatMap(({ rows }) => rows),
		lines: sum(({ lines }) => lines),
		bad: sum(({ bad }) => bad),
		mended: sum(({ mended }) => mended),
		samples: read.flatMap(({ samples }) => samples),
	};
}

/** Problems with a list that could not be read completely. */
function readingTroubles(path: string, { lines, bad, mended, samples }: Reading): FileTrouble[] {
	const where = path === "-" ? "standard input" : shown(basename(path));
	const fix = "correct these lines, or the query that creates the file";
	if (lines === 0) return [{ where, what: "no records", fix: "check that it is the right file" }];
	const said = [
		...(bad > 0 ? [`${bad} of ${lines} lines could not be used`] : []),
		...(mended > 0 ? [`${mended} of ${lines} lines are uncertain`] : []),
	];
	if (said.length === 0) return [];
	const first = samples.map(({ line, why }) => `line ${line}: ${why}`).join(", ");
	return [{ where, what: `${said.join("; ")} (${first})`, fix }];
}
