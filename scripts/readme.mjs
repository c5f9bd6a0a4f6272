// Writes the tables of the README from the code they describe; with --check it only says whether they are up to date.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { build } from "rolldown";
import { sourcePlugin } from "./bundling.mjs";

const crossfade = (/** @type {string[]} */ ...args) =>
	execFileSync(process.execPath, ["dist/cli.cjs", ...args], { encoding: "utf8" });

const ways = { nothing: "watches the file", reload: "reload", restart: "restart" };

/** @returns {string[]} */
function distributions() {
	const help = crossfade("collector", "--help");
	const head = ["| `-d` | Collector | How it notices a new token | Platforms |", "| --- | --- | --- | --- |"];
	const ids = /\(([a-z0-9, \n]+)\)/.exec(help.slice(help.indexOf("--distribution")))?.[1]?.split(/,\s*/) ?? [];
	const rows = ids.map((id) => {
		const plan = JSON.parse(crossfade("collector", "-d", id, "--json"));
		const { title, platforms } = plan;
		return `| \`${id}\` | ${title} | ${ways[/** @type {keyof typeof ways} */ (plan.delivery.apply)]} | ${platforms.join(", ")} |`;
	});
	return [...head, ...rows];
}

/** @returns {string[]} */
function exitCodes() {
	/** @type {{ code: number, meaning: string }[]} */
	const rows = JSON.parse(crossfade("exit-codes", "--json"));
	return ["| Code | Meaning |", "| --- | --- |", ...rows.map(({ code, meaning }) => `| ${code} | ${meaning} |`)];
}

/** @returns {Promise<string[]>} */
async function clis() {
	const { output } = await build({
		input: "src/adapters/clis/registry.ts",
		platform: "node",
		plugins: [sourcePlugin()],
		write: false,
	});
	/** @type {{ clis: import("../src/adapters/clis/cli.ts").Cli[] }} */
	const { clis } = await import(`data:text/javascript,${encodeURIComponent(output[0].code)}`);
	return [
		"| CLI | Still sent |",
		"| --- | --- |",
		...clis.map(({ title, sends }) => `| ${title} | ${sends.join("; ")} |`),
	];
}

/** Keys that every store has. */
const EVERY_STORE = ["kind", "feeds", "apply", "confirm", "within"];

/** @returns {string[]} */
function stores() {
	/** @type {{ properties: Record<string, { const?: string }>, required: string[] }[]} */
	const kinds = JSON.parse(crossfade("init", "--schema")).properties.stores.additionalProperties.oneOf;
	const listed = (/** @type {string[]} */ names) => names.map((name) => `\`${name}\``).join(", ");
	const rows = kinds.map(({ properties, required }) => {
		const own = Object.keys(properties).filter((name) => !EVERY_STORE.includes(name));
		const needs = own.filter((name) => required.includes(name));
		const others = own.filter((name) => !required.includes(name));
		return `| \`${properties["kind"]?.const}\` | ${listed(needs)} | ${listed(others)} |`;
	});
	return ["| `kind:` | Needs | Can have |", "| --- | --- | --- |", ...rows];
}

const before = readFileSync("README.md", "utf8");
let after = before;
const tables = { clis: await clis(), distributions: distributions(), "exit-codes": exitCodes(), stores: stores() };
for (const [name, rows] of Object.entries(tables)) {
	const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
	after = `${after.slice(0, after.indexOf(open) + open.length)}\n${rows.join("\n")}\n${after.slice(after.indexOf(close))}`;
}
if (process.argv.includes("--check")) {
	if (after !== before) throw new Error("the tables of README.md are out of date: run npm run readme");
} else writeFileSync("README.md", after);
