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

/** What `crossfade install` and `uninstall` are asked to do. Holds no token. */
export interface InstallRequest {
	readonly script: EndpointScript;
	/** The script's own options, as words. */
	readonly words: readonly string[];
	readonly token: TokenRef;
}

/** Flags as a request; throws one error with every problem. */
export function parseInstallFlags(flags: Flags, action: Action, vehicle: Vehicle): InstallRequest {
	const reader = readFlags(flags);
	const scope = reader.choice(reader.text("scope") ?? vehicle.scope, scopes, "--scope", "the scope") ?? "user";
	const request = {
		script: {
			vehicle,
			mode: "param" as const,
			action,
			actions: ["install", "report", "uninstall"] as const,
			os: systems,
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

/** `--cli`: names with commas between; all of them if not given. */
export function clisOf(reader: FlagReader): readonly Cli[] {
	const list = reader.text("cli");
	if (list === undefined) return clis;
	const ids = clis.map(({ id }) => id);
	const words = list.split(",").map((word) => word.trim());
	for (const word of words) if (!ids.includes(word)) reader.problems.push(choiceProblem("the CLI", word, ids, "--cli"));
	return clis.filter(({ id }) => words.includes(id));
}

/** There is no flag that lets http to another machine pass: the file would stay, and the network change. */
function backendOf(reader: FlagReader): EndpointScript["provider"] {
	const provider = providerOf(reader, reader.text("endpoint") === undefined ? undefined : "custom");
	const endpoint = endpointOf(reader, provider, "never");
	if (provider && (provider.header !== "Authorization" || provider.scheme !== "Bearer")) {
		const what = `${provider.title} takes the token in another header than the CLIs can be told`;
		reader.wrong("--provider", { what, fix: "send to a collector of yours with --endpoint" });
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
