import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { knownPods, readPods, UnusablePodList } from "../../../src/prove/evidence/pods.ts";
import { type PodText, podsText, podText, replica } from "../../harness/pods.ts";

async function* pieces(text: string | Uint8Array): AsyncGenerator<Uint8Array> {
	const bytes = Buffer.from(text);
	for (let at = 0; at < bytes.length; at += 101) yield bytes.subarray(at, at + 101);
}

const read = (text: string | Uint8Array, at = 1_000) => readPods(pieces(text), at);
const web = replica("web", "7d4b9c6f5", "bcdfg");
const next = replica("web", "84c5f7d9b", "xz249", { version: 150 });

describe("a list of pods", () => {
	const items = [web, next].map(podText);
	const list = { apiVersion: "v1", kind: "List", metadata: { resourceVersion: "" } };

	test.each<[string, string | Uint8Array]>([
		["of the API itself", JSON.stringify({ kind: "PodList", metadata: { resourceVersion: "150" }, items })],
		["of kubectl", JSON.stringify({ ...list, items: items.map((item) => ({ ...item, kind: "Pod" })) }, undefined, 4)],
		[
			"beside other resources",
			JSON.stringify({ ...list, items: [{ kind: "Service" }, ...items.map((item) => ({ ...item, kind: "Pod" }))] }),
		],
		["written by PowerShell", Buffer.from(`\uFEFF${JSON.stringify({ kind: "PodList", items })}\r\n`, "utf16le")],
	])("%s is read, without the settings of the pods", async (_, text) => {
		const { at, version, pods } = await read(text, 1_234);
		expect({ at, version }).toEqual({ at: 1_234, version: 150n });
		expect(pods.map(({ host, workload, isUnique }) => [host, workload, isUnique])).toEqual([
			["web-7d4b9c6f5-bcdfg", "Deployment prod/web", true],
			["web-84c5f7d9b-xz249", "Deployment prod/web", true],
		]);
		expect(inspect(pods, { depth: null })).not.toContain("a-setting-of-this-pod");
	});

	const whole = podsText([web]);
	test.each([
		["that is cut off", whole.slice(0, -1), "cut off"],
		["that is empty", "", "cut off"],
		["for people", "NAMESPACE NAME READY STATUS\nprod web 1/1 Running\n", "not JSON"],
		["that goes on elsewhere", podsText([web], { continue: "eyJ2IjoibWV0YS" }), "one page"],
		["that leaves some out", podsText([web], { remainingItemCount: 3 }), "one page"],
		["of services", JSON.stringify({ kind: "ServiceList", items: [] }), "not a list of pods"],
		["that is one pod", JSON.stringify({ kind: "Pod", ...podText(web) }), "not a list of pods"],
		["of kubectl with services alone", JSON.stringify({ ...list, items: [{ kind: "Service" }] }), "no pods"],
		["without pods", JSON.stringify({ kind: "PodList", metadata: {}, items: [] }), "no pods"],
		[
			"whose pods have no identity",
			JSON.stringify({ kind: "PodList", items: [{ metadata: { name: "web" } }] }),
			"no uid",
		],
		["of null", "null", "not a list of pods"],
	])("%s proves nothing, and says why", async (_, text, why) => {
		const failure = await read(text).catch((error: unknown) => error);
		expect(failure).toBeInstanceOf(UnusablePodList);
		expect((failure as Error).message).toContain(why);
	});
});

describe("a pod has ended", () => {
	/** What an earlier and a newer list say of one pod: when it had ended, `lives`, or `not there`. */
	const ended = async (pod: PodText, newer: string, ...more: string[]) => {
		const lists = [await read(podsText([pod]), 1_000), await read(newer, 2_000)];
		for (const text of more) lists.push(await read(text, 3_000));
		const all = [lists, [...lists].reverse()].map((each) => {
			const found = knownPods(each).find(({ host }) => host === pod.name);
			return found ? (found.endedBy ?? "lives") : "not there";
		});
		expect(all[0]).toBe(all[1]);
		return all[0];
	};

	test("if a newer list of its cluster no longer has it, or has it as completed, in whatever order they are given", async () => {
		expect(await ended(web, podsText([next]))).toBe(2_000);
		expect(await ended(web, podsText([{ ...web, phase: "Succeeded", version: 160 }, next]))).toBe(2_000);
		expect(await ended({ ...web, phase: "Failed" }, podsText([next]))).toBe(2_000);
		expect(await ended(web, podsText([next]), podsText([next], { version: 300 }))).toBe(3_000);
	});

	test.each<[string, PodText, string]>([
		["the newer list still has it", web, podsText([web])],
		["the list is older than its last change", { ...web, version: 250 }, podsText([next])],
		["the list is as old as its last change", { ...web, version: 200 }, podsText([next])],
		["the list is of another cluster", web, podsText([next], { cluster: "b" })],
		["the list has nothing of its namespace", web, podsText([{ ...next, namespace: "test" }])],
		[
			"the list is of the pods with another label",
			web,
			JSON.stringify({
				kind: "PodList",
				metadata: { resourceVersion: "200" },
				items: [{ ...next, uid: "uid-of-web-7d4b9c6f5" }].map(podText),
			}),
		],
		[
			"a StatefulSet gives its name again",
			{ name: "db-0", owner: { kind: "StatefulSet", name: "db" }, generateName: "db-" },
			podsText([next]),
		],
		["nothing started it", { ...web, owner: null }, podsText([next])],
		["it was named by hand", { name: "web-by-hand", owner: null, generateName: "" }, podsText([next])],
		["its name only looks like a random one", { name: "web-aaaaa" }, podsText([next])],
	])("not if %s", async (_, pod, newer) => {
		expect(await ended(pod, newer)).toBe("lives");
	});

	test("not if the list without it was written before another that has it, whatever their versions say", async () => {
		const lists = [await read(podsText([next], { version: 900 }), 1_000), await read(podsText([web]), 2_000)];
		expect(knownPods(lists).find(({ host }) => host === web.name)?.endedBy).toBeUndefined();
	});

	test("not if the list is of another node", async () => {
		const items = [
			{ ...next, node: "node-2", uid: "uid-2" },
			{ ...next, node: "node-2", labels: {} },
		].map(podText);
		const before = podsText([web, { ...next, node: "node-2", labels: {} }]);
		const after = JSON.stringify({ kind: "PodList", metadata: { resourceVersion: "300" }, items });
		const found = knownPods([await read(before), await read(after, 2_000)]);
		expect(found.find(({ host }) => host === web.name)?.endedBy).toBeUndefined();
	});

	test.each<[string, PodText]>([
		["that has its node's host name", { ...web, spec: { hostNetwork: true } }],
		["that is given a host name", { ...web, spec: { hostname: "web" } }],
		["whose name is too long for a host", replica("w".repeat(50), "7d4b9c6f5", "bcdfg")],
	])("is not asked of one %s", async (_, pod) => {
		expect(await ended(pod, podsText([next]))).toBe("not there");
	});

	test("of one of two clusters with the same names, and the other's lives", async () => {
		const twin = { ...web, uid: "uid-twin", owner: { kind: "ReplicaSet", name: "web-7d4b9c6f5", uid: "uid-of-twins" } };
		const lists = [podsText([web]), podsText([next]), podsText([twin], { cluster: "b" })];
		const found = knownPods(await Promise.all(lists.map((text, index) => read(text, 1_000 * index))));
		const twins = found.filter(({ host }) => host === web.name);
		expect(twins.map(({ endedBy }) => endedBy).sort()).toEqual([1_000, undefined]);
		expect(new Set(twins.map(({ family }) => family)).size).toBe(2);
	});
});

test("pods of one Deployment, CronJob or other workload are of one family", async () => {
	const run = (job: string, end: string): PodText => ({ name: `${job}-${end}`, owner: { kind: "Job", name: job } });
	const agent = { kind: "DaemonSet", name: "agent" };
	const all = [
		web,
		next,
		{ ...next, name: "web-84c5f7d9b-bcdfg", namespace: "test" },
		run("nightly-29412300", "bcdfg"),
		run("nightly-29413740", "xz249"),
		{ name: "agent-bcdfg", owner: agent },
		{ name: "agent-xz249", owner: agent },
	];
	const found = knownPods([await read(podsText(all))]).slice(1);
	const [first = 0] = found.map(({ family }) => family);
	expect(found.map(({ workload, family }) => [workload, family - first])).toEqual([
		["Deployment prod/web", 0],
		["Deployment prod/web", 0],
		["Deployment test/web", 1],
		["CronJob prod/nightly", 2],
		["CronJob prod/nightly", 2],
		["DaemonSet prod/agent", 3],
		["DaemonSet prod/agent", 3],
	]);
});
