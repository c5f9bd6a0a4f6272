import { vehicles } from "../../adapters/vehicles/registry.ts";
import { bestOf, plainName } from "./header.ts";

/** Headers of columns with host names, the best first: those of known MDMs, then common words. Compared after `plainName`. */
export const hostHeaders: readonly string[] = [
	...new Set(vehicles.flatMap(({ columns }) => columns?.host ?? [])),
	...["friendly name", "device friendly name", "system name"],
	...["host", "host.name", "device", "machine", "name", "serial number", "serial"],
];
const HOST_COLUMNS = hostHeaders.map(plainName);
/** The same for what distinguishes machines with the same name. */
const SERIAL_COLUMNS = ["serialnumber", "serial", "udid", "deviceid", "manageddeviceid", "hardwareid"];
/** The same for the time at which the line was reported. */
const TIME_COLUMNS = [...vehicles.flatMap(({ columns }) => columns?.time ?? []), ...["timestamp", "time", "date"]].map(
	plainName,
);
/** What programs write where there is no name or number, as firmware does. */
const NOTHING =
	/^(-+|0|n\/?a|#n\/a|none|null|nil|undefined|unknown|invalid|not (available|set|specified|applicable)|system serial number|default string|to be filled by o\.?e\.?m\.?|[([<](none|blank|empty|null|unknown)[)\]>])$/i;
const MAX_HOST = 253;

/** Column names to look for, the best first: those given, otherwise the known ones. */
export function hostColumns(given: string | readonly string[] | undefined): readonly string[] {
	const names = [given ?? []].flat();
	return names.length === 0 ? HOST_COLUMNS : names.map(plainName);
}

/** Where a table or an object has what identifies a machine: positions, since a name may be there several times. */
export interface MachineColumns {
	readonly host: readonly number[];
	readonly time: readonly number[];
	readonly serial: readonly number[];
}

/** `names` after `plainName`; `known` are the names of host columns. */
export function machineColumns(names: readonly string[], known: readonly string[]): MachineColumns {
	return { host: allOf(names, known), time: allOf(names, TIME_COLUMNS), serial: allOf(names, SERIAL_COLUMNS) };
}

/** Who a record is about. */
export interface ReportingMachine {
	/** "" if there is none. */
	readonly host: string;
	/** As it is written; undefined if there is none, or several that differ. */
	readonly time?: string | undefined;
	readonly serial?: string | undefined;
	/** Why it may be another machine. */
	readonly unclear?: string | undefined;
}

/** The machine of a record with these cells. */
export function machineIn(columns: MachineColumns, cells: readonly string[]): ReportingMachine {
	const [hosts, serials, times] = [columns.host, columns.serial, columns.time].map((at) => filled(cells, at));
	const unclear = (hosts?.length ?? 0) > 1 ? "host names" : (serials?.length ?? 0) > 1 ? "serial numbers" : undefined;
	return {
		host: hosts?.[0] ?? "",
		serial: serials?.[0],
		...(times?.length === 1 && { time: times[0] }),
		...(unclear !== undefined && { unclear: `columns of one name with different ${unclear}` }),
	};
}

/** Why a text is no name of a machine; undefined if it is one. */
export function hostProblem(host: string): string | undefined {
	if (host === "") return "no host name";
	if (host.includes("\n")) return "a host name with a line break";
	if (host.includes('"')) return "a host name with a quote";
	if (/[<>]/.test(host)) return "a host name with markup";
	if (host.includes("\ufffd")) return "a host name that is not in UTF-8 or UTF-16";
	return host.length > MAX_HOST ? "a host name that is too long" : undefined;
}

function allOf(names: readonly string[], known: readonly string[]): number[] {
	const best = names[bestOf(names, known)];
	return best === undefined ? [] : names.flatMap((name, at) => (name === best ? [at] : []));
}

function filled(cells: readonly string[], at: readonly number[]): string[] {
	const texts = at.map((index) => written(cells[index] ?? ""));
	return [...new Set(texts)].filter((text) => text !== "");
}

/** A cell without what spreadsheets put around a text to keep it one: `="mac-1"`, `'=mac-1`. */
function written(cell: string): string {
	const text = cell.replace(/[\u200b\u2060\ufeff]/g, "").trim();
	const bare = /^="(.*)"$/s.exec(text)?.[1] ?? text.replace(/^'(?=[=+@-])/, "");
	return NOTHING.test(bare.trim()) ? "" : bare.trim();
}
