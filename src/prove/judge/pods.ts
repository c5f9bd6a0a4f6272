import type { KnownPod } from "../evidence/evidence.ts";
import { type HostActivity, newSender, type SenderActivity } from "./activity.ts";

/** Pods of a workload that were heard, and those that live: any of them may send. */
export interface Pods {
	/** The machine's pod, if it has ended for good and was not heard after that. */
	ended(host: HostActivity): KnownPod | undefined;
	/**
	 * Who shows that the workload of such a pod sends with the new token since the pod's last data with the old one: the next pod has the
	 * same settings, unless they were changed later: `from` is when that can have been last. The pod itself may show it.
	 */
	heir(sender: SenderActivity, pod: KnownPod, from: number | undefined): SenderActivity | undefined;
}

/**
 * Joins pods with the machines that were heard: every pod of a workload that sends is a machine on a list, and one that lives is expected.
 * `hostOf` finds or adds a machine.
 */
export function joinPods(
	pods: readonly KnownPod[],
	hosts: ReadonlyMap<string, HostActivity>,
	names: { readonly keyOf: (name: string) => string; readonly hostOf: (name: string) => HostActivity },
): Pods {
	const families = new Set<number>();
	for (const { host, family } of pods) if (isHeard(hosts.get(names.keyOf(host)))) families.add(family);
	const byHost = new Map<HostActivity, KnownPod[]>();
	const senders = new Map<number, SenderActivity[]>();
	for (const pod of pods) {
		if (!families.has(pod.family)) continue;
		const known = hosts.get(names.keyOf(pod.host));
		if (!known && pod.endedBy !== undefined) continue;
		const host = known ?? names.hostOf(pod.host);
		host.isListed = true;
		if (host.senders.length === 0) host.senders = [newSender(host, "")];
		const others = byHost.get(host);
		if (others) others.push(pod);
		else byHost.set(host, [pod]);
		const family = senders.get(pod.family) ?? [];
		senders.set(pod.family, family);
		for (const sender of host.senders) family.push(sender);
	}
	return {
		ended(host) {
			// Most fleets have none, and asking for each of 300,000 senders is dear.
			const own = byHost.size === 0 ? undefined : byHost.get(host);
			if (!own) return undefined;
			const last = own.reduce<KnownPod | undefined>(
				(a, b) => (a && (a.endedBy ?? 0) > (b.endedBy ?? 0) ? a : b),
				undefined,
			);
			const isOver = own.every(({ endedBy }) => endedBy !== undefined);
			return isOver && lastHeard(host) <= (last?.endedBy ?? 0) ? last : undefined;
		},
		heir({ cli, sent }, { family, created }, from = 0) {
			const since = Math.max(sent?.lastOld ?? created, from);
			return senders
				.get(family)
				?.find(
					(each) =>
						(cli === "" || each.cli === cli) &&
						(each.sent?.lastAccepted ?? 0) > since &&
						(each.sent?.lastOld ?? 0) <= since,
				);
		},
	};
}

function isHeard(host: HostActivity | undefined): boolean {
	return host !== undefined && (host.heard.length > 0 || host.isListed);
}

function lastHeard({ heard }: HostActivity): number {
	return heard.at(-1) ?? 0;
}
