import type { ChartConfig } from "../../adapters/collectors/charts.ts";
import { shownName } from "../../base/mask.ts";
import { versionText } from "../../base/versions.ts";
import type { CollectorPlan } from "../plan/collector.ts";
import { fileOf, folderOf } from "./platforms/shared.ts";
import { Commented, withValue, type YamlMap, type YamlValue, yamlText } from "./yaml.ts";

/** Where a config that was changed is: how its container gets files, and from where values take mounts. */
export interface StartPlace {
	readonly kind: "plain" | "compose" | "values" | "resource" | "manifest" | "part";
	readonly chart: Pick<ChartConfig, "chart" | "volumes" | "mounts"> | undefined;
	readonly image: { readonly isNamed: boolean; readonly foreign: string | undefined };
	/** Paths inside the container that something is mounted at already. */
	readonly mounted: readonly string[];
}

/** What has to exist before a collector starts again with our entries in its config; each a sentence, or a sentence with lines to add. */
export function beforeNextStart(plan: CollectorPlan, place: StartPlace): string[] {
	const { delivery, host, provider, tokenFile, ids, queueFolder } = plan;
	const image = imageNeeds(plan, place);
	if (delivery.way === "env") {
		return [...image, `before the next start, set the environment variable ${provider.variable} for the collector`];
	}
	const reader = place.kind === "plain" || place.kind === "part" ? `, readable for ${host.owner}` : "";
	const needs = [
		...image,
		`before the next start, the token must be in ${tokenFile}${reader}: without that file the collector does not start, and your other pipelines stop, too`,
	];
	const isMounted = place.mounted.some(
		(path) => tokenFile === path || tokenFile.startsWith(`${path.replace(/\/$/, "")}/`),
	);
	if (isMounted)
		needs.push(`something is mounted at ${folderOf(tokenFile)} already: check that it has ${fileOf(tokenFile)}`);
	else if (place.kind !== "plain") needs.push(mountText(plan, place));
	if (ids.storage)
		needs.push(`the queue on disk needs ${queueFolder}, writable for the collector and kept over a restart`);
	return needs;
}

/** The build that runs there must have what we add: an operator's default and other images may not. */
function imageNeeds({ distribution, release }: CollectorPlan, { kind, image }: StartPlace): string[] {
	const ours = distribution.hosts.kubernetes?.image;
	if (image.foreign !== undefined) {
		return [
			`the image ${shownName(image.foreign)} is none of ${distribution.title}: check that it has the added components, or use -d with its build`,
		];
	}
	if (kind !== "resource" || image.isNamed || ours === undefined) return [];
	return [
		`this resource has no spec.image, and the operator's default may lack the added components: set spec.image: ${ours}:${versionText(release.own)}`,
	];
}

function mountText(plan: CollectorPlan, place: StartPlace): string {
	const folder = folderOf(plan.tokenFile);
	if (place.kind === "compose") {
		return added("mount its folder into the collector's service", { volumes: [`${folder}:${folder}:ro`] });
	}
	if (place.kind === "part") {
		return `this file does not say where the config in it goes: if that collector runs in a container, mount ${folder} there, too`;
	}
	const secret = `${plan.name}-ingest`;
	const volumes = [
		{
			name: secret,
			secret: { secretName: secret, defaultMode: new Commented("0440: readable for the group set by fsGroup", 0o440) },
		},
	];
	const mounts = [{ name: secret, mountPath: folder, readOnly: true }];
	const group = Number(plan.host.owner.split(":")[1]);
	const what = `mount the Secret ${secret}, with the key ${fileOf(plan.tokenFile)}, as a folder`;
	const security = group > 0 ? { fsGroup: group } : undefined;
	if (place.kind === "resource") {
		return added(`${what}, in spec`, {
			volumes,
			volumeMounts: mounts,
			...(security ? { podSecurityContext: security } : {}),
		});
	}
	const { chart } = place;
	if (chart) {
		return added(`${what}: in the values of the chart ${chart.chart}, beside the config`, {
			[chart.volumes]: volumes,
			[chart.mounts]: mounts,
			...(security ? { podSecurityContext: security } : {}),
		});
	}
	if (place.kind === "values") return added(`${what}, in the values of the chart`, valuesFor(plan, volumes, mounts));
	return added(`${what}, in the pod template of the collector's workload`, {
		volumes,
		...(security ? { securityContext: security } : {}),
		containers: [{ name: "NAME", volumeMounts: mounts }],
	});
}

function valuesFor({ distribution }: CollectorPlan, volumes: YamlValue, mounts: YamlValue): YamlMap {
	const helm = distribution.hosts.kubernetes?.helm;
	const withVolumes = withValue({}, helm?.volumes ?? ["extraVolumes"], volumes);
	return withValue(withVolumes, helm?.mounts ?? ["extraVolumeMounts"], mounts);
}

function added(what: string, map: YamlMap): string {
	const lines = yamlText(map).trimEnd().split("\n");
	return [`${what}:`, ...lines.map((line) => `    ${line}`)].join("\n");
}
