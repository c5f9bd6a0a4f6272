import type { HelmChart } from "./distribution.ts";

/** Commands for the service `otelcol` of the compose file we write. */
export const compose = {
	reload: "docker compose kill -s HUP otelcol",
	restart: "docker compose restart otelcol",
	recreate: "docker compose up -d --force-recreate otelcol",
	logs: "docker compose logs otelcol",
	inspect: {
		pid: "docker inspect -f '{{.State.Pid}}' \"$(docker compose ps -q otelcol)\"",
		logs: 'docker compose logs --no-color --no-log-prefix --since "$SINCE" otelcol',
	},
} as const;

/** Labels of the workload and the pods that the manifests we write and most charts make. */
export const INSTANCE = "app.kubernetes.io/instance=RELEASE";

/** Commands for that workload: by its labels, because charts name it after the release and themselves, and for all of its pods. */
export const deployment = {
	restart: `kubectl -n NAMESPACE rollout restart deployment -l ${INSTANCE}`,
	logs: `kubectl -n NAMESPACE logs -l ${INSTANCE} --prefix --tail=-1`,
} as const;

/** Commands for a service in Amazon ECS. */
export const ecsService = {
	restart: "aws ecs update-service --cluster CLUSTER --service SERVICE --force-new-deployment",
	logs: "aws logs tail LOG_GROUP --follow",
} as const;

/** Notes for several images and charts. */
export const NO_SHELL = "The image has no shell and no kill: send signals from outside.";
export const UNTRIED_WINDOWS =
	"These steps are based on documentation; we have not run them on a Windows machine. A script among the files ran with PowerShell 7 on Linux and under Wine.";
export const OPERATOR_IMAGE =
	"With the OpenTelemetry operator, set spec.image: its default is the core build, which has no bearertokenauth.";

/**
 * The upstream chart, which runs any image of a collector; `command` if the program's name is not the one the chart assumes.
 * https://github.com/open-telemetry/opentelemetry-helm-charts/tree/opentelemetry-collector-0.170.0/charts/opentelemetry-collector
 */
export function upstreamChart(repository: string, command?: string): HelmChart {
	return {
		chart: "opentelemetry-collector",
		repository: "https://open-telemetry.github.io/opentelemetry-helm-charts",
		config: ["alternateConfig"],
		configAs: "map",
		volumes: ["extraVolumes"],
		mounts: ["extraVolumeMounts"],
		podSecurity: ["podSecurityContext"],
		containerSecurity: [["securityContext"]],
		tag: ["image", "tag"],
		resources: ["resources"],
		recreate: { path: ["rollout", "strategy"], value: "Recreate" },
		ports: {
			path: ["ports"],
			form: "map",
			entry: (_name, port) => ({ enabled: true, containerPort: port, servicePort: port, protocol: "TCP" }),
			hasOtlp: true,
		},
		values: {
			mode: "deployment",
			image: { repository },
			...(command ? { command: { name: command } } : {}),
			// Nothing listens there, and the chart opens them.
			ports: {
				"jaeger-compact": { enabled: false },
				"jaeger-thrift": { enabled: false },
				"jaeger-grpc": { enabled: false },
				zipkin: { enabled: false },
				metrics: { enabled: true },
			},
		},
	};
}
