import { dirname } from "node:path";
import { CrossfadeError } from "../base/errors.ts";
import type { Effects } from "../effects/effects.ts";
import type { Flags } from "../spec/flags.ts";
import type { Fleet } from "../spec/fleet.ts";
import { FLEET_FILE } from "../spec/fleet-text.ts";
import type { OptionSpec } from "./command.ts";

/** Options of every command that observes a fleet. */
export const fleetOptions: readonly OptionSpec[] = [
	{ flags: "-f, --fleet <file>", description: `the fleet file (default: ${FLEET_FILE}, if it exists)`, files: true },
	{
		flags: "--token <name=ref>",
		description: "old=REF and new=REF: file:PATH, env:NAME, fd:N, prompt, or fp:<12 hex digits>",
		repeatable: true,
	},
	{ flags: "--deadline <time>", description: "when the old token ends: a time with zone, or 24h from now" },
	{
		flags: "--gateway <name=url>",
		description: "metrics page of a collector or of crossfade tap; repeat a name for two pages",
		repeatable: true,
	},
	{ flags: "--prometheus <url>", description: "a Prometheus server that scrapes the gateways" },
	{ flags: "--hosts <csv>", description: "expected hosts (CSV file), - for standard input", files: true },
	{
		flags: "--inventory <file>",
		description: "report lines from an MDM's export, - for standard input",
		files: true,
		repeatable: true,
	},
	{
		flags: "--pods <file>",
		description: "pods of a cluster, from kubectl get --raw /api/v1/pods: an earlier and a newer list show which ended",
		files: true,
		repeatable: true,
	},
	{
		flags: "--host-column <name>",
		description: "header of the column with host names, if it is not one that an MDM uses",
		repeatable: true,
	},
	{
		flags: "--evidence <folder>",
		description: "folder for observations (default: crossfade-evidence)",
		files: true,
	},
];

/** Maximum size of a fleet file, in bytes. */
const MAX_FLEET_BYTES = 4 * 1024 * 1024;

/** The fleet described by file and flags. */
export async function loadFleet(fx: Effects, flags: Flags): Promise<Fleet> {
	const { emptyFleet } = await import("../spec/fleet.ts");
	const { withFlags } = await import("../spec/fleet-flags.ts");
	return withFlags((await readFleet(fx, flags)) ?? emptyFleet("."), flags, ".", fx.clock.now());
}

/** The fleet described by the file alone; undefined if none is given and none exists here. */
export async function readFleet(fx: Effects, flags: Flags): Promise<Fleet | undefined> {
	const named = typeof flags["fleet"] === "string" ? flags["fleet"] : undefined;
	const path = named ?? FLEET_FILE;
	const bytes =
		named === undefined ? await orNothing(fx, path) : await fx.files.read(path, { maxBytes: MAX_FLEET_BYTES });
	if (!bytes) return undefined;
	const { parseFleet } = await import("../spec/fleet.ts");
	return parseFleet(textOf(bytes, path), path, path === "-" ? "." : dirname(path));
}

async function orNothing(fx: Effects, name: string): Promise<Uint8Array | undefined> {
	return (await fx.files.openFolder(".")).read(name);
}

function textOf(bytes: Uint8Array, file: string): string {
	try {
		return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
	} catch (error) {
		const fix = "save it as UTF-8";
		throw new CrossfadeError("refused", { what: "the fleet file is not text", where: { file }, fix }, { cause: error });
	}
}
