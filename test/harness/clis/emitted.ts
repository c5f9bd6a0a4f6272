import type { Emission } from "../../../src/adapters/clis/emission.ts";
import { layerings } from "../../../src/adapters/clis/layers.generated.ts";
import { clis } from "../../../src/adapters/clis/registry.ts";
import { requireVersion } from "../../../src/base/versions.ts";
import { type Machine, nodeMachine } from "../../../src/effects/process/machine.ts";
import { diagnose } from "../../../src/prove/doctor/diagnose.ts";
import { gather } from "../../../src/prove/doctor/gather.ts";
import type { LabMachine } from "./machine.ts";
import type { Recorded, Recorder } from "./recorder.ts";

/** What doctor's model says that a release sends on a machine of the lab. */
export async function predicted(
	id: string,
	version: string,
	machine: LabMachine,
	environment: Readonly<Record<string, string>>,
): Promise<readonly Emission[]> {
	const cli = clis.find((each) => each.id === id);
	const layering = layerings.find((each) => each.id === id);
	if (!cli || !layering) throw new Error(`no CLI ${id}`);
	const seen = asSeenInside(machine);
	const fx = {
		environment,
		clock: { now: () => Date.now(), after: () => () => undefined },
		programs: {
			find: () => undefined,
			run: () => Promise.reject(new Error("nothing is run here")),
			start: () => Promise.reject(new Error("nothing is started here")),
		},
	};
	const sight = { ...(await gather(fx, seen, cli, layering)), release: requireVersion(version) };
	const readText = (path: string) => {
		const file = seen.look(path, 1 << 16);
		return file.kind === "file" ? Buffer.from(file.bytes).toString("utf8") : undefined;
	};
	return diagnose(cli, layering, sight, { known: [], environment, readText, isOpen: () => false }).resolved.emissions;
}

function asSeenInside(machine: LabMachine): Machine {
	const node = nodeMachine();
	const at = (path: string) => (path.startsWith("/etc/") ? machine.path(path) : path);
	return {
		...node,
		os: "linux",
		home: machine.home,
		cwd: machine.project,
		look(path, most) {
			const file = node.look(at(path), most);
			// Inside, the account that made it is root.
			return file.kind === "file" && path.startsWith("/etc/") ? { ...file, uid: 0 } : file;
		},
		list: (path) => node.list(at(path)),
		linkOf: (path) => node.linkOf(at(path)),
		realPath: (path) => node.realPath(at(path)),
	};
}

/** Headers of the connection and of the client, which no setting of ours decides. */
const OF_CLIENT =
	/^(host|connection|content-length|content-type|content-encoding|accept|accept-encoding|transfer-encoding|user-agent|te|grpc-.*)$/i;

/** Where what arrived is not what was predicted, a line for each; what the model calls unknown is left out. */
export function differences(
	emissions: readonly Emission[],
	recorders: readonly Recorder[],
	signals: readonly Emission["signal"][],
): string[] {
	const arrived = recorders.flatMap(({ requests, host }) => requests.map((request) => ({ request, host })));
	return signals.flatMap((signal) => {
		const emission = emissions.find((each) => each.signal === signal);
		if (emission?.sent === "unknown") return [];
		const found = arrived.filter(({ request }) => request.signal === signal);
		const isUnordered = emission?.isUnordered === true;
		const seen = [...new Set(found.map(({ request, host }) => lineOf(request, host, isUnordered)))].sort();
		const isHere = emission?.sent === "yes" && recorders.some(({ host }) => emission.url?.includes(`//${host}/`));
		const expected = isHere ? [expectedLine(emission)] : [];
		const same = JSON.stringify(seen) === JSON.stringify(expected);
		return same
			? []
			: [
					`${signal} predicted ${JSON.stringify(expected)} (${emission?.sent} ${emission?.why ?? ""}) arrived ${JSON.stringify(seen)}`,
				];
	});
}

function lineOf({ target, headers, encoding, version }: Recorded, host: string, isUnordered: boolean): string {
	const list = headers.filter(([name]) => !OF_CLIENT.test(name)).map(([name, value]) => `${name}: ${value}`);
	const url = target.startsWith("/") ? `http://${host}${target}` : target;
	return [url, version === "2" ? "grpc" : `http/${encoding}`, ...(isUnordered ? list.sort() : list)].join(" | ");
}

function expectedLine({ url, protocol, headers, isUnordered }: Emission): string {
	const list = headers.filter(({ name }) => !OF_CLIENT.test(name)).map(({ name, value }) => `${name}: ${value}`);
	return [url, protocol, ...(isUnordered ? list.sort() : list)].join(" | ");
}
