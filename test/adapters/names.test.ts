import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { clis } from "../../src/adapters/clis/registry.ts";

const root = new URL("../..", import.meta.url).pathname;
const adapters = join(root, "src/adapters");

/** Ids that are everyday words, or the name of a configuration language besides. */
const NO_NAMES = [
	...["alloy", "contrib", "custom", "fleet", "generic", "installer", "k8s"],
	...["command", "env-file", "token-file", "upload"],
];
/** Names that are no id: makers, newer and older names, and what is configured through a vehicle's generic kit. */
const MORE = [
	...["anthropic", "claude", "openai", "gemini", "qwen", "copilot", "antigravity"],
	...["iru", "fleetdm", "jumpcloud", "ninjaone", "hexnode", "mosyle", "workspace one", "microsoft"],
	...["elastic-agent", "elastic agent", "grafana", "grafana alloy", "signalfx", "aws-otel", "-d alloy"],
	...["toriihq", "honeycomb", "dash0", "dynatrace", "new relic"],
];

/** Places that may name a product, with the reason. */
const ALLOWED: Readonly<Record<string, readonly [names: RegExp, reason: string]>> = {
	"src/generate/check/credentials.ts": [
		/^(splunk|honeycomb)$/,
		"the word of an authorization scheme, and of a header, by which credentials in other people's configs are found",
	],
	"templates/yaml/crossfade.yaml.hbs": [
		/./,
		"comments for the reader of crossfade.yaml: names of CLIs and of a file, as examples",
	],
	"templates/ps1/endpoint/registry.ps1": [
		/^microsoft$/,
		"a part of the names of registry keys, and of the class that reads them",
	],
	"src/prove/doctor/windows.ts": [/^microsoft$/, "a part of the names of registry keys"],
	"templates/ps1/rotate/collector.ps1": [/^microsoft$/, "a part of the name of the class that reads the registry"],
	"templates/md/steps.md.hbs": [/./, "an example of a report line for the reader of STEPS.md"],
};

const folders = (path: string) =>
	readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
const ids = folders(adapters).flatMap((kind) => folders(join(adapters, kind)));
const packages = clis.flatMap(({ npm, user, title }) => [npm, user.variable, title]);
const names = [
	...new Set([...ids.filter((id) => !NO_NAMES.includes(id)), ...packages, ...MORE].map((name) => name.toLowerCase())),
];

/** Names of products in a text; addresses of sources do not count. */
function namesIn(text: string): string[] {
	const plain = text.replaceAll(/https?:\/\/[^\s"'`)]+/g, "").toLowerCase();
	const escaped = (name: string) => name.replaceAll(/[^a-z0-9]/g, "\\$&");
	return names.filter((name) => new RegExp(`(?<![a-z0-9])${escaped(name)}(?![a-z0-9])`).test(plain));
}

const files = ["src", "templates"]
	.flatMap((top) =>
		readdirSync(join(root, top), { recursive: true, withFileTypes: true })
			.filter((entry) => entry.isFile())
			.map((entry) => join(entry.parentPath, entry.name).slice(root.length)),
	)
	.filter((path) => !path.startsWith("src/adapters/"))
	.map((path) => ({ path, found: namesIn(readFileSync(join(root, path), "utf8")) }));

test("the test itself sees what it forbids", () => {
	expect(namesIn('id === "edot"; // as Claude Code does, and jamf-upload')).toEqual(
		expect.arrayContaining(["edot", "claude code", "jamf"]),
	);
	expect(namesIn("class MalformedOtlp {} // https://grafana.com/docs/alloy, the Alloy language, the fleet")).toEqual(
		[],
	);
});

test("no product is named outside its folder", () => {
	const wrong = files.flatMap(({ path, found }) =>
		found.filter((name) => !ALLOWED[path]?.[0].test(name)).map((name) => `${path} names ${name}`),
	);
	expect(wrong).toEqual([]);
});

test("every exception is still needed", () => {
	const needed = files.filter(({ path, found }) => found.some((name) => ALLOWED[path]?.[0].test(name)));
	expect(needed.map(({ path }) => path).sort()).toEqual(Object.keys(ALLOWED).sort());
});
