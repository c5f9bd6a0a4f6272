import { clis } from "../../src/adapters/clis/registry.ts";

/** The states of a report line, `absent` for every CLI that is not named: `claude-code:ok,codex:absent`. */
export function cliStates(named: Readonly<Record<string, string>>): string {
	return clis.map(({ id }) => `${id}:${named[id] ?? "absent"}`).join(",");
}
