import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkText } from "../../src/index.ts";
import { scratch } from "../harness/cli.ts";
import { crossfade } from "../harness/command.ts";

const folder = new URL("named-cases", import.meta.url).pathname;

interface Outcome {
	/** contrib if not given. */
	readonly distribution?: string;
	readonly release?: string;
	/** Severity and rule of what `check` finds. */
	readonly check: readonly string[];
	/** What `collector --into` says, in its words; of a file that it refuses, the exit code 11 before them. */
	readonly into?: readonly string[];
	readonly refused?: true;
}

/** Small files that were once called clean, got a false error, or were changed so that a collector does not start or loses data. */
const outcomes: Readonly<Record<string, Outcome>> = {
	"alloy-otel-engine.yaml": {
		distribution: "alloy",
		check: ["warning token-from-env", "error queue-off", "error missing-reference"],
	},
	"argocd-helm-values-text.yaml": { check: [], into: ["which is read and not changed"], refused: true },
	"argocd-valuesobject-umbrella.yaml": { check: [], into: ["in the values of the chart opentelemetry-collector"] },
	"basicauth-password-from-env.yaml": { check: ["warning token-from-env"] },
	"cloudformation-sub.yaml": { check: [], into: ["that collector runs in a container, mount /etc/crossfade"] },
	"compose-token-file-not-mounted.yaml": { check: [], into: ["volumes: [/etc/crossfade:/etc/crossfade:ro]"] },
	"cr-with-older-image.yaml": { check: [], into: ["logs -> otlphttp/torii", "0.132.4, by the image in this file"] },
	"declare-export.alloy": { distribution: "alloy", check: [], into: ["otelcol.auth.bearer"], refused: true },
	"edot-8.19.yaml": { distribution: "edot", release: "8.19.0", check: [] },
	"filter-split-pipelines.yaml": {
		check: [],
		into: ["logs/team-a (filter/only-team-a)", "--pipelines"],
		refused: true,
	},
	"grpc-bearer-file-old-release.yaml": { release: "0.110.0", check: ["error grpc-first-token"] },
	"headers-setter-from-context-behind-batch.yaml": { check: ["error header-not-forwarded"] },
	"headers-setter-with-queue-on-disk-bad-advice.yaml": { check: [] },
	"helm-values-relying-on-chart-defaults.yaml": { check: [], into: ["0.102.0, by the image in this file"] },
	"invalid.alloy": { distribution: "alloy", check: ["error unknown-field"] },
	"kube-stack-values-without-extensions.yaml": {
		check: [],
		into: ["in the values of the chart opentelemetry-kube-stack"],
	},
	"kubernetes-list-env-token-and-queue-off.yaml": { check: ["warning token-from-env", "error queue-off"] },
	"logs-null-pipeline.yaml": { check: [], into: ["logs/apps -> otlp_http/torii"] },
	"newer.yaml": { release: "0.999.0", check: ["warning unknown-component"] },
	"nixos-settings.nix": { check: ["error no-config"] },
	"overlay-first-config.yaml": { check: [], into: ["logs -> otlp_http/torii"] },
	"overlay-second-config.yaml": { check: ["error empty-pipeline"], into: ["are not in this file"], refused: true },
	"processors-that-drop-identity.yaml": {
		check: [],
		into: [
			"attributes/sanitize in logs deletes user.email, user.id, session.id",
			"filter/admission in metrics drops records",
			"host_metrics also feeds metrics",
		],
	},
	"prototype-names.yaml": { check: ["error no-pipelines", "error invalid-id"] },
	"subpath-without-telltale-name.yaml": { check: ["error subpath", "note cluster-unknown"] },
};

test("each file has its outcome", () => {
	expect(readdirSync(folder).sort()).toEqual(Object.keys(outcomes).sort());
});

const textOf = (file: string) => readFileSync(join(folder, file), "utf8");

test.each(Object.entries(outcomes))("check %s", async (file, { distribution = "contrib", release, check }) => {
	const asked = { distribution, file, ...(release === undefined ? {} : { targetVersion: release }) };
	const found = (await checkText(textOf(file), asked)).map(({ severity, rule }) => `${severity} ${rule}`);
	expect(found).toEqual(check);
});

const changed = Object.entries(outcomes).flatMap(([file, outcome]) => (outcome.into ? [[file, outcome] as const] : []));

test.each(changed)("collector --into %s", async (file, { distribution = "contrib", into = [], refused = false }) => {
	const cwd = scratch({ [file]: textOf(file) });
	const { code, stdout, stderr } = await crossfade(["collector", "-d", distribution, "--into", file], { cwd });
	expect(code, stderr).toBe(refused ? 11 : 0);
	for (const words of into) expect(stderr).toContain(words);
	expect(stdout === "").toBe(refused);
	expect(readFileSync(join(cwd, file), "utf8")).toBe(textOf(file));
});
