import edit from "../../../templates/awk/edit.awk";
import words from "../../../templates/sh/endpoint/1-words.sh";
import readOptions from "../../../templates/sh/endpoint/2-options.sh";
import machine from "../../../templates/sh/endpoint/3-machine.sh";
import files from "../../../templates/sh/endpoint/4-files.sh";
import work from "../../../templates/sh/endpoint/5-work.sh";
import template from "../../../templates/sh/endpoint.sh.hbs";
import backup from "../../../templates/sh/owner/backup.sh";
import headerProgram from "../../../templates/sh/owner/header.sh";
import look from "../../../templates/sh/owner/look.sh";
import read from "../../../templates/sh/owner/read.sh";
import remove from "../../../templates/sh/owner/remove.sh";
import replace from "../../../templates/sh/owner/replace.sh";
import restart from "../../../templates/sh/owner/restart.sh";
import {
	type Cli,
	type Layer,
	type LayerRow,
	machineNpmRoots,
	type Os,
	userNpmRoots,
} from "../../adapters/clis/cli.ts";
import type { Vehicle } from "../../adapters/vehicles/vehicle.ts";
import { CrossfadeError } from "../../base/errors.ts";
import { sh } from "../../base/quote.ts";
import { version } from "../../base/version.ts";
import type { EndpointScript } from "../../spec/endpoint-script.ts";
import { MAX_TOKEN_LENGTH } from "../../token/shape.ts";
import type { Artefact } from "./artefact.ts";
import { renderTemplate } from "./template.ts";

/** Files that need no token must not request one: some vehicles insert it into every file that does. */
const TAKES_NO_TOKEN = ['fail 2 "this file takes no token and cannot install; there is another one for that"'];

/**
 * The POSIX sh script that configures the CLIs of a machine: one body for every vehicle and action; the file's own action is only
 * the default. It contains no token; in mode `embedded` it has a placeholder.
 */
export function renderEndpoint(script: EndpointScript): Artefact {
	const { vehicle, mode, action, clis, provider } = script;
	const token = vehicle.token[mode];
	if (!token) {
		throw new CrossfadeError("usage", {
			what: `${vehicle.title} has no mode ${mode}`,
			expected: Object.keys(vehicle.token).join(" or "),
			fix: "omit the mode to use the one it has",
		});
	}
	const scope = script.scope ?? vehicle.scope;
	const host = script.hostIdentity === false ? "no-host" : "host";
	const helper = script.helper ? "helper" : "no-helper";
	const view = {
		titles: list(clis.map(({ title }) => title)),
		names: clis.map(({ id }) => id).join(", "),
		provider: provider.title,
		vehicle: vehicle.title,
		version,
		notes: vehicle.notes,
		action,
		scope,
		users: vehicle.users,
		host,
		helper,
		endpoint: provider.endpoint,
		clis: clis.map(({ id }) => id).join(" "),
		systems: script.os.join(" "),
		says: vehicle.says ? "yes" : "no",
		wishes: [host, helper, "no-prompts", "no-responses", "no-tools", "no-restart", ...provider.takes].join(" "),
		longestToken: (mode === "param" ? vehicle.longestToken : undefined) ?? MAX_TOKEN_LENGTH,
		options: vehicle.options,
		token: action === "install" ? token : TAKES_NO_TOKEN,
		trace: vehicle.trace ?? [":"],
		before: vehicle.line.before,
		after: vehicle.line.after,
		codes: codes(vehicle).map(([own, ours, theirs]) => `${own}: ${ours} becomes ${theirs}`),
		exits: codes(vehicle).map(([own, ours, theirs]) => `${own}:${ours}) return ${theirs} ;;`),
		hooks: script.hooks === true,
		layers: clis.flatMap((cli) => layers(cli, script.os)),
		plans: clis.flatMap(plans),
		tokens: clis.map(tokens),
		abouts: clis.map(({ id, title, applies }) => `${id}) title=${sh(title)} when=${sh(applies)} ;;`),
		machineSigns: clis.flatMap(machineSigns),
		userSigns: clis.flatMap(userSigns),
		daemons: clis.flatMap(({ id, daemon }) =>
			daemon ? [`${id}) needle=${sh(daemon.command)} restart=${sh(daemon.restart.replace(/^\S+ /, ""))} ;;`] : [],
		),
		edit,
		look,
		read,
		replace,
		backup,
		remove,
		restart,
		headerProgram,
		help: "",
	};
	// A script in a pipe cannot read its own header.
	const help = vehicle.says ? helpIn(renderTemplate(template, view)) : "";
	const top = renderTemplate(template, { ...view, help });
	const content = [top, words, readOptions, machine, files, work].join("\n");
	return { path: `${action}.sh`, content, mode: 0o755, purpose: `${action} for ${vehicle.title}` };
}

/** The comment at the top of a script, without comment marks. */
function helpIn(script: string): string {
	const [, comment = ""] = /^#!.*\n# shellcheck.*\n((?:#.*\n)+)/.exec(script) ?? [];
	return comment.replace(/^# ?/gm, "").trimEnd();
}

function list(names: readonly string[]): string {
	return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** Action, our exit code, the vehicle's. */
function codes({ codes: own }: Vehicle): [string, string, number][] {
	return Object.entries(own).flatMap(([action, table]) =>
		Object.entries(table).map(([ours, theirs]): [string, string, number] => [action, ours, theirs]),
	);
}

/** A CLI's layers as cases of `describe`: one per system for the machine, one for a user. */
function layers({ id, system, user, headerFolder }: Cli, os: readonly Os[]): string[] {
	const headers = (place: string) => (headerFolder ? place : "''");
	const machine = os.map(
		(name) =>
			`${id}:system:${name}) file=$ROOT${sh(system.file[name])} folder='' format=${system.format} ${since(system)}header_folder=${headers(`$ROOT${sh(headerFolder ?? "")}`)} ;;`,
	);
	const folder = user.below
		? `"\${${user.variable}:-$home}${user.below}"`
		: `"\${${user.variable}:-$home/${user.folder}}"`;
	return [
		...machine,
		`${id}:user:*) file=${user.file} folder=${folder} format=${user.format} ${since(user)}header_folder=${headers("$folder")} ;;`,
	];
}

function since({ since, sinceWith = {} }: Layer): string {
	const exceptions = Object.entries(sinceWith).map(([wish, first]) => `if wants ${wish}; then since=${first}; fi; `);
	return exceptions.length === 0 ? `since=${since} ` : `since=${since}; ${exceptions.join("")}`;
}

function plans(cli: Cli): { name: string; rows: string[] }[] {
	return (["system", "user"] as const).map((layer) => ({ name: `${cli.id}:${layer}`, rows: cli[layer].rows.map(row) }));
}

function row(row: LayerRow): string {
	const command = "drop" in row ? `drop ${sh(row.drop)}` : `row ${row.type} ${sh(row.pointer)} ${word(row.value)}`;
	return row.when ? `if wants ${row.when}; then ${command}; fi` : command;
}

/** The script's variables for the placeholders in a value. */
const variables: Readonly<Record<string, string>> = {
	"{endpoint}": "$ENDPOINT",
	"{token}": "$token",
	"{host}": "$machine_name",
	"{helper}": "$helper",
};

/** A value with placeholders as one double-quoted word. */
function word(value: string): string {
	if (/["`$\\]/.test(value)) throw new TypeError(`not a value for a double-quoted word: ${value}`);
	return `"${value.replace(/\{\w+\}/g, (name) => {
		const variable = variables[name];
		if (!variable) throw new TypeError(`no such placeholder: ${name}`);
		return variable;
	})}"`;
}

/** The settings that contain the token, as queries for the editor. */
function tokens({ id, system, user }: Cli): string {
	const pointers = [...system.rows, ...user.rows].flatMap((row) =>
		"pointer" in row && row.value.includes("{token}") ? [row.pointer] : [],
	);
	return `${id}) printf 'get\\t%s\\n' ${[...new Set(pointers)].map(sh).join(" ")} ;;`;
}

function machineSigns({ id, npm, signs }: Cli): string[] {
	return [
		...machineNpmRoots.map((root) => `${id} package ${root.slice(1)}/${npm}/package.json`),
		...signs.filter(({ path }) => path.startsWith("/")).map(({ kind, path }) => `${id} ${kind} ${path.slice(1)}`),
	];
}

function userSigns({ id, npm, signs, user }: Cli): string[] {
	return [
		...userNpmRoots.map((root) => `${id} package ${root}/${npm}/package.json`),
		...signs.filter(({ path }) => !path.startsWith("/")).map(({ kind, path }) => `${id} ${kind} ${path}`),
		`${id} ours ${user.folder}/${user.file}.crossfade-undo`,
	];
}
