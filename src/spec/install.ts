import { type Cli, systems } from "../adapters/clis/cli.ts";
import { clis } from "../adapters/clis/registry.ts";
import type { Action } from "../adapters/vehicles/mode.ts";
import type { Vehicle } from "../adapters/vehicles/vehicle.ts";
import { CrossfadeError } from "../base/errors.ts";
import { choiceProblem } from "../base/suggest.ts";
import { parseTokenRef, type TokenRef } from "../token/reference.ts";
import { endpointOf, providerOf } from "./backend.ts";
import { normalEndpoint } from "./endpoint.ts";
import { type EndpointScript, scopes } from "./endpoint-script.ts";
import { type FlagReader, type Flags, readFlags } from "./flags.ts";

/** A request to `crossfade install` or `uninstall`. Contains no token. */
export interface InstallRequest {
	readonly script: EndpointScript;
	/** The script's own options, as words. */
	readonly words: readonly string[];
	readonly token: TokenRef;
}

/** What the script in PowerShell has no parts for. */
const notOnWindows = ["helper", "restart"] as const;

/** Flags as a request; throws one error with every problem. */
export function parseInstallFlags(flags: Flags, action: Action, vehicle: Vehicle): InstallRequest {
	const reader = readFlags(flags);
	for (const name of vehicle.language === "ps1" ? notOnWindows : []) {
		if (reader.isSet(name))
			reader.wrong(`--${name}`, { what: `--${name} is not there on Windows`, fix: "leave it out" });
	}
	const scope = reader.choice(reader.text("scope") ?? vehicle.scope, scopes, "--scope", "scope") ?? "user";
	const request = {
		script: {
			vehicle,
			mode: "param" as const,
			action,
			actions: ["install", "report", "uninstall"] as const,
			os: vehicle.os ?? systems,
			clis: clisOf(reader),
			provider: backendOf(reader),
			scope,
			helper: reader.isSet("helper"),
			hostIdentity: flags["hostIdentity"] !== false,
		},
		words: [...(reader.isSet("restart") ? ["restart"] : []), ...(reader.isSet("dryRun") ? ["dry-run"] : [])],
		token: tokenOf(reader),
	};
	if (reader.problems.length > 0) throw new CrossfadeError("usage", reader.problems);
	return request;
}

/** `--cli`: comma-separated names; default all. */
export function clisOf(reader: FlagReader): readonly Cli[] {
	const list = reader.text("cli");
	if (list === undefined) return clis;
	const ids = clis.map(({ id }) => id);
	const words = list.split(",").map((word) => word.trim());
	for (const word of words) if (!ids.includes(word)) reader.problems.push(choiceProblem("CLI", word, ids, "--cli"));
	return clis.filter(({ id }) => words.includes(id));
}

/** No flag permits http to another machine: the setting would stay when the network changes. */
function backendOf(reader: FlagReader): EndpointScript["provider"] {
	const provider = providerOf(reader, reader.text("endpoint") === undefined ? undefined : "custom");
	const endpoint = endpointOf(reader, provider, "never");
	if (provider && (provider.header !== "Authorization" || provider.scheme !== "Bearer")) {
		const what = `${provider.title} expects the token in a header that the CLIs cannot send`;
		reader.wrong("--provider", { what, fix: "send to your own collector with --endpoint" });
	}
	return {
		title: provider && provider.id !== "custom" ? provider.title : "your endpoint",
		endpoint: normalEndpoint(endpoint ?? ""),
		takes: provider?.takes ?? [],
	};
}

function tokenOf(reader: FlagReader): TokenRef {
	const ref = parseTokenRef(reader.text("token") ?? "prompt", "--token");
	if (!("what" in ref)) return ref;
	reader.problems.push(ref);
	return { kind: "prompt" };
}
