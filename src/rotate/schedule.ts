import { posix, win32 } from "node:path";
import { stringify } from "yaml";
import { durationMs, MINUTE_MS } from "../base/duration.ts";
import type { Problem } from "../base/errors.ts";
import { sh } from "../base/quote.ts";
import { version } from "../base/version.ts";
import type { RotationSpec } from "../spec/rotation.ts";
import { slowestMs } from "./engine.ts";
import { windowsTask } from "./windows-task.ts";

/** What runs `resume`, and `start` when the next rotation is due, for each scheduler. Pure; holds no secret. */

export interface ScheduleAbout {
	readonly spec: RotationSpec;
	/** Absolute path of the fleet file. */
	readonly file: string;
	/** The program, absolute. */
	readonly program: string;
	/** The account that runs it, and its folder for states if it is not the usual one. */
	readonly user: string | undefined;
	readonly stateHome: string | undefined;
	/** Begin a rotation when the last one began so long ago, as written; undefined if a person begins. */
	readonly every: string | undefined;
	/** How long the old token is accepted after the rotation, in milliseconds; undefined if until it is revoked. */
	readonly overlapMs: number | undefined;
}

export interface ScheduleFile {
	readonly path: string;
	readonly content: string;
}

/** Exit codes after which nothing is wrong: over, waits, a person is needed (whom `notify:` tells). */
const FINE = [0, 15, 16] as const;
/** Divisors of an hour: a step that begins anew each hour stays even. */
const STEPS = [1, 2, 3, 5, 10, 15] as const;

/** Minutes between two runs: a twentieth of the overlap, and no longer than the slowest place needs. */
function stepMinutes({ spec, overlapMs }: Pick<ScheduleAbout, "spec" | "overlapMs">): number {
	const most = Math.min(
		overlapMs === undefined || overlapMs === 0 ? Infinity : overlapMs / 20,
		slowestMs(spec) || Infinity,
	);
	return STEPS.findLast((minutes) => minutes * MINUTE_MS <= most) ?? 1;
}

/** Whether a fleet file is on Windows, where shells and units of other systems are of no use. */
function isOnWindows({ file }: Pick<ScheduleAbout, "file">): boolean {
	return /^([A-Za-z]:)?[\\/]/.test(file) && !file.startsWith("/");
}

function folderOf({ file }: ScheduleAbout): string {
	return isOnWindows({ file }) ? win32.dirname(file) : posix.dirname(file);
}

/** Why this scheduler cannot run it in time, or the interval is none. */
export function scheduleProblems(kind: string, about: ScheduleAbout): Problem[] {
	const { every, overlapMs, spec } = about;
	const everyMs = every === undefined ? undefined : durationMs(every);
	const least = Math.max(60 * MINUTE_MS, (overlapMs ?? 0) + slowestMs(spec));
	const problems: Problem[] = [];
	if (every !== undefined && (everyMs === undefined || everyMs < least)) {
		problems.push({
			what: everyMs === undefined ? "not an interval" : "the next rotation would begin before this one can be over",
			expected: `a time such as 30d, of at least ${Math.ceil(least / (60 * MINUTE_MS))}h`,
			where: { file: "--every" },
			fix: "give a longer one",
		});
	}
	const here = isOnWindows(about);
	if ((kind === "windows") !== here && ["systemd", "cron", "windows"].includes(kind)) {
		problems.push({
			what: here ? `${kind} is not on Windows` : "the Task Scheduler is on Windows alone",
			expected: here ? "windows, kubernetes or github" : "systemd, cron, kubernetes or github",
			where: { file: kind },
			fix: "choose one of these, or run it on the machine that is to do the rotation",
		});
	}
	if (kind === "windows" && [about.file, about.program].some((path) => path.includes("%"))) {
		problems.push({
			what: "a percent sign in a path would begin a variable where the Task Scheduler runs it",
			where: { file: about.file },
			fix: "move the fleet file, or crossfade, to a folder without one",
		});
	}
	if (kind === "github" && overlapMs !== undefined && overlapMs < LATEST_MS) {
		problems.push({
			what: "GitHub may start a scheduled workflow an hour late or leave it out, and the old token ends sooner",
			expected: "a scheduler that is in time: systemd, cron or kubernetes",
			where: { file: "github" },
			fix: "choose one of these",
		});
	}
	return problems;
}

/** https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows#schedule says that runs can be late or dropped. */
const LATEST_MS = 4 * 60 * MINUTE_MS;

function commands({ spec, file, program, every }: ScheduleAbout): string[][] {
	const run = (verb: string, ...flags: string[]) => [program, "rotate", verb, spec.name, "--fleet", file, ...flags];
	return [run("resume"), ...(every === undefined ? [] : [run("start", "--if-older", every)])];
}

/**
 * A service and a timer. https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html,
 * https://www.freedesktop.org/software/systemd/man/latest/systemd.timer.html
 */
function systemd(about: ScheduleAbout): ScheduleFile[] {
	const { spec, user, stateHome } = about;
	const unit = `crossfade-rotate-${spec.name}`;
	const service = [
		"# Install: put this and the timer into /etc/systemd/system, then systemctl daemon-reload && systemctl enable --now",
		`# ${unit}.timer. Made by crossfade ${version}.`,
		"[Unit]",
		`Description=crossfade rotate: goes on with rotation ${spec.name}${about.every === undefined ? "" : ", and begins the next one when it is due"}`,
		"Wants=network-online.target",
		"After=network-online.target",
		"",
		"[Service]",
		"Type=oneshot",
		...(user === undefined ? [] : [`User=${unitText(user)}`]),
		`WorkingDirectory=${unitText(folderOf(about))}`,
		...(stateHome === undefined ? [] : [`Environment=${unitWord(`XDG_STATE_HOME=${stateHome}`)}`]),
		...commands(about).map((words) => `ExecStart=${execStart(words)}`),
		`SuccessExitStatus=${FINE.slice(1).join(" ")}`,
		"TimeoutStartSec=1h",
		"UMask=0077",
		"LimitCORE=0",
		"NoNewPrivileges=yes",
		"PrivateTmp=yes",
		"",
	];
	const minutes = stepMinutes(about);
	const timer = [
		`# Made by crossfade ${version}.`,
		"[Unit]",
		`Description=crossfade rotate: every ${minutes} min for rotation ${spec.name}`,
		"",
		"[Timer]",
		`OnCalendar=*-*-* *:${minutes === 1 ? "*" : `00/${minutes}`}:00 UTC`,
		"AccuracySec=10s",
		"Persistent=true",
		"",
		"[Install]",
		"WantedBy=timers.target",
		"",
	];
	return [
		{ path: `${unit}.service`, content: service.join("\n") },
		{ path: `${unit}.timer`, content: timer.join("\n") },
	];
}

/** A percent sign begins a specifier. */
function unitText(text: string): string {
	return text.replaceAll("%", "%%");
}

/** A program's own path may hold nothing that is special to systemd. */
function execStart([program = "", ...args]: readonly string[]): string {
	const words = /^[\w./-]+$/.test(program) ? [program, ...args] : ["/usr/bin/env", program, ...args];
	return words.map(unitWord).join(" ");
}

/** A word of a command line: quoted, with what expands doubled. */
function unitWord(text: string): string {
	const escaped = unitText(text).replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("$", "$$$$");
	return /^[\w./:=@%+,-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}

/** Lines for `crontab -e`, each complete in itself. https://man7.org/linux/man-pages/man5/crontab.5.html */
function cron(about: ScheduleAbout): ScheduleFile[] {
	const { spec, stateHome } = about;
	const minutes = stepMinutes(about);
	const [resume = [], start] = commands(about);
	// A percent sign is a line break to cron. Errors are mailed; the rest is in crossfade rotate log.
	const line = (when: string, words: readonly string[]) => {
		const state = stateHome === undefined ? "" : `XDG_STATE_HOME=${sh(stateHome)} `;
		const text = `cd ${sh(folderOf(about))} && ${state}${words.map(sh).join(" ")} --quiet >/dev/null`;
		return `${when} ${text.replaceAll("%", "\\%")}`;
	};
	const lines = [
		`# crossfade rotate ${spec.name}; made by crossfade ${version}. Add with crontab -e.`,
		line(`${minutes === 1 ? "*" : `*/${minutes}`} * * * *`, resume),
		// Hourly, because cron leaves out hours when clocks change; it begins only what is due.
		...(start === undefined ? [] : [line("17 * * * *", start)]),
		"",
	];
	return [{ path: `crossfade-rotate-${spec.name}.cron`, content: lines.join("\n") }];
}

/** The commands in a shell, which ends well where nothing is wrong, also one with -e, as runners of GitHub have. */
function inShell(about: ScheduleAbout): string {
	const run = (words: readonly string[]) => `run ${words.map(sh).join(" ")}`;
	return [
		`run() { code=0; "$@" || code=$?; case $code in ${FINE.join("|")}) ;; *) exit "$code" ;; esac; }`,
		...commands(about).map(run),
	].join("\n");
}

const FLEET_SOURCES = [{ configMap: { name: "crossfade-fleet" } }, { secret: { name: "crossfade-key" } }];

/** https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ */
function kubernetes(about: ScheduleAbout): ScheduleFile[] {
	const { spec } = about;
	const name = `crossfade-rotate-${spec.name}`
		.toLowerCase()
		.replaceAll(/[^a-z0-9-]/g, "-")
		.slice(0, 52)
		.replace(/-+$/, "");
	const minutes = stepMinutes(about);
	const inside = { ...about, program: "crossfade", file: "/etc/crossfade/crossfade.yaml" };
	const volume = typeof spec.journal === "object" ? [] : [{ name: "state", mountPath: "/state" }];
	const container = {
		name: "crossfade",
		image: `registry.example.com/crossfade:${version}`,
		command: ["sh", "-c", inShell(inside)],
		env: [
			...volume.map(({ mountPath }) => ({ name: "XDG_STATE_HOME", value: mountPath })),
			{ name: "HOME", value: "/tmp" },
		],
		securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
		volumeMounts: [
			{ name: "fleet", mountPath: "/etc/crossfade", readOnly: true },
			...volume,
			{ name: "tmp", mountPath: "/tmp" },
		],
	};
	const job = {
		apiVersion: "batch/v1",
		kind: "CronJob",
		metadata: { name },
		spec: {
			schedule: `${minutes === 1 ? "*" : `*/${minutes}`} * * * *`,
			timeZone: "Etc/UTC",
			concurrencyPolicy: "Forbid",
			startingDeadlineSeconds: minutes * 60,
			successfulJobsHistoryLimit: 1,
			failedJobsHistoryLimit: 3,
			jobTemplate: {
				spec: {
					backoffLimit: 0,
					activeDeadlineSeconds: 3600,
					template: {
						spec: {
							restartPolicy: "Never",
							securityContext: {
								runAsNonRoot: true,
								runAsUser: 10001,
								fsGroup: 10001,
								seccompProfile: { type: "RuntimeDefault" },
							},
							containers: [container],
							volumes: [
								{ name: "fleet", projected: { defaultMode: 0o440, sources: FLEET_SOURCES } },
								...volume.map((each) => ({
									name: each.name,
									persistentVolumeClaim: { claimName: "crossfade-state" },
								})),
								{ name: "tmp", emptyDir: {} },
							],
						},
					},
				},
			},
		},
	};
	const head = [
		`# Made by crossfade ${version}. You need: an image with Node 20.18.1 or newer and this package; a ConfigMap crossfade-fleet with`,
		...(volume.length === 0
			? ["# crossfade.yaml; a Secret crossfade-key with crossfade.key. Leave out host: of the rotation."]
			: [
					"# crossfade.yaml; a Secret crossfade-key with crossfade.key; a PersistentVolumeClaim crossfade-state, which keeps the journal.",
					"# Start and resume the rotation only here: the journal knows the fleet file by its path. Leave out host: of the rotation.",
				]),
		"",
	].join("\n");
	return [{ path: `${name}.yaml`, content: head + stringify(job) }];
}

/** https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax */
function github(about: ScheduleAbout): ScheduleFile[] {
	const { spec, file } = about;
	const isStored = typeof spec.journal === "object";
	const minutes = Math.max(5, stepMinutes(about));
	const name = `crossfade-rotate-${spec.name}`;
	// On Windows a runner's own shell is another; Git brings this one.
	const shell = isOnWindows(about) && { shell: "bash" };
	const workflow = {
		name,
		on: { schedule: [{ cron: `*/${minutes} * * * *` }], workflow_dispatch: null },
		permissions: {},
		concurrency: { group: name, "cancel-in-progress": false },
		jobs: {
			rotate: isStored
				? onHostedRunner(about)
				: {
						"runs-on": "self-hosted",
						"timeout-minutes": 60,
						steps: [{ name: "go on", "working-directory": folderOf(about), ...shell, run: inShell(about) }],
					},
		},
	};
	const head = [
		...(isStored
			? [
					`# Made by crossfade ${version}. For .github/workflows, beside ${posix.basename(file)} at the top of the repository. What`,
					"# the fleet file reads by env: comes from secrets of these names. Give other files that it names by a step of their own.",
				]
			: [
					`# Made by crossfade ${version}. For .github/workflows. The runner is the machine that has the fleet file and the journal: one that is`,
					"# thrown away after the run would lose them, and with them the new token; journal: store:NAME keeps it in a store.",
				]),
		"",
	].join("\n");
	return [{ path: `${name}.yml`, content: head + stringify(workflow, { nullStr: "" }) }];
}

/** A runner that is thrown away: the journal is in a store. */
function onHostedRunner(about: ScheduleAbout) {
	const inside = { ...about, program: "crossfade", file: posix.basename(about.file) };
	const names = secretNames(about.spec);
	return {
		"runs-on": "ubuntu-latest",
		"timeout-minutes": 60,
		permissions: { contents: "read" },
		steps: [
			{ uses: "actions/checkout@v5", with: { "persist-credentials": false } },
			{ name: "install", run: `npm install --global ./otel-crossfade-${version}.tgz # npm pack makes it` },
			{
				name: "go on",
				...(names.length > 0 && { env: Object.fromEntries(names.map((name) => [name, `\${{ secrets.${name} }}`])) }),
				run: inShell(inside),
			},
		],
	};
}

/** The variables that the rotation and its stores read. */
function secretNames({ key, current, headers, settings, stores, journal }: RotationSpec): string[] {
	const refs = [key, ...("kind" in current ? [current] : []), ...Object.values(headers)];
	const blocks = [...stores, ...(typeof journal === "object" ? [journal] : [])].map((store) => store.settings);
	const texts = [settings, ...blocks].flatMap((each) => Object.values(each)).filter((each) => typeof each === "string");
	return [
		...new Set([
			...refs.flatMap((ref) => (ref.kind === "env" ? [ref.name] : [])),
			...texts.flatMap((text) => /^env:([A-Za-z_]\w*)$/.exec(text)?.[1] ?? []),
		]),
	];
}

/** A task for Windows. */
function windows(about: ScheduleAbout): ScheduleFile[] {
	const name = `crossfade-rotate-${about.spec.name}`;
	const task = {
		name,
		user: about.user,
		folder: folderOf(about),
		minutes: stepMinutes(about),
		commands: commands(about),
	};
	return [{ path: `${name}.xml`, content: windowsTask(task) }];
}

/** By the word after `schedule`. */
export const schedulers: Readonly<Record<string, (about: ScheduleAbout) => readonly ScheduleFile[]>> = {
	systemd,
	cron,
	windows,
	kubernetes,
	github,
};
