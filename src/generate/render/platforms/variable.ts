import { sh } from "../../../base/quote.ts";
import type { CollectorPlan } from "../../plan/collector.ts";
import type { RunbookStep } from "../artefact.ts";
import { askInto, folderOf } from "./shared.ts";

/**
 * The file from which systemd, or Docker Compose, takes the token's variable. Compose reads it beside its own file.
 * https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#EnvironmentFile=
 * https://docs.docker.com/reference/compose-file/services/#env_file
 */
export function variableFile({ platform, tokenFile, name }: CollectorPlan): string {
	return platform === "docker" ? `${name}.env` : `${folderOf(tokenFile)}/${name}.env`;
}

/** Writes the variable's file anew, from the token that is entered, and replaces the old one only by a complete one. */
export function storeVariable(plan: CollectorPlan, text: string): RunbookStep {
	const file = variableFile(plan);
	const fresh = sh(`${file}.new`);
	const write = `umask 077 && { printf "%s='" ${plan.provider.variable} && cat && echo "'"; } > ${fresh} && mv -f ${fresh} ${sh(file)}`;
	return { text, commands: [askInto(`sudo sh -c ${sh(write)}`)] };
}

/** A new token of a variable, and its way back: the file, then a start with it. */
export function rotateVariable(plan: CollectorPlan, text: string): RunbookStep[] {
	const { host } = plan;
	return [
		storeVariable(plan, text),
		{
			text: "Start the collector with it: a running process never sees a new value.",
			commands: [`sudo ${host.recreate ?? host.restart}`],
		},
	];
}
