import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parse as parseJsonc } from "jsonc-parser";
import { parse as parseToml } from "smol-toml";
import { describe, expect, test } from "vitest";
import { type Cli, type Layer, systems } from "../../src/adapters/clis/cli.ts";
import type { TelemetryForm } from "../../src/adapters/clis/form.ts";
import type { CliLayering } from "../../src/adapters/clis/layering.ts";
import { senderOf } from "../../src/adapters/clis/senders.ts";
import { parseVersion } from "../../src/base/versions.ts";
import { canary } from "../harness/canary.ts";
import type { LabCli } from "../harness/clis/lab-cli.ts";
import { type EndpointMachine, machine, releases, text, write } from "../harness/endpoint.ts";
import { cliStates } from "../harness/states.ts";
import { consult, HOME } from "../prove/doctor/world.ts";

export interface CliFolder {
	readonly cli: Cli;
	readonly layering: CliLayering;
	readonly form: TelemetryForm;
	readonly lab: LabCli;
}

const self = "scope=user users=self";
const nobody = Object.fromEntries(Object.keys(releases).map((id) => [id, ""]));

/** What every CLI must hold: its files agree with each other, and what our script writes is what `doctor` reads. */
export function cliContract(id: string, { cli, layering, form, lab }: CliFolder): void {
	test("its files speak of the same CLI", () => {
		expect([cli.id, layering.id, form.id]).toEqual([id, id, id]);
		for (const list of [cli.sends, cli.traps, cli.sources, form.sources, layering.evidence, layering.seen])
			expect(list.length).toBeGreaterThan(0);
		for (const url of [...cli.sources, ...form.sources, ...layering.evidence]) expect(url).toMatch(/^https:\/\//);
	});

	test("what it says of the files that our script writes holds together", () => {
		for (const layer of [cli.system, cli.user]) {
			expect(parseVersion(layer.since)).toBeDefined();
			const values = layer.rows.flatMap((row) => ("pointer" in row ? [row.value] : []));
			expect(values.filter((value) => value.includes("{token}")).length).toBeGreaterThan(0);
			expect(values.filter((value) => value.includes("{endpoint}")).length).toBeGreaterThan(0);
			for (const row of layer.rows) {
				const [pointer] = Object.entries(row).flatMap(([key, value]) =>
					["pointer", "drop", "keep", "join"].includes(key) ? [value] : [],
				);
				expect(pointer).toMatch(/^(\/[A-Za-z0-9_-]+)+$/);
			}
		}
		for (const os of systems) expect(cli.system.file[os]).toMatch(/^\//);
		expect(cli.user.folder).not.toMatch(/^\//);
	});

	test("the layers have each a place of their own, and ours are among them", () => {
		const { layers } = layering;
		expect(new Set(layers.map((layer) => layer.id)).size).toBe(layers.length);
		for (const { paths, format } of layers) expect(paths === undefined).toBe(format === undefined);
		for (const release of layering.seen) expect(parseVersion(release)).toBeDefined();
		for (const os of systems) {
			const places = layers.flatMap(({ paths }) => paths?.[os] ?? []).map((place) => plainPlace(place));
			expect(
				places.some((place) => isBelow(cli.system.file[os], place)),
				cli.system.file[os],
			).toBe(true);
			expect(places).toContain(`~/${cli.user.folder}/${cli.user.file}`);
		}
	});

	test("its telemetry is recognised by name and by scope, and as nobody else's", () => {
		expect(senderOf(String(form.resource["service.name"]), "")?.id).toBe(id);
		for (const { scope } of [form.log, form.metric, form.span]) expect(senderOf("mine", scope)?.id).toBe(id);
		const inUrl = cli.user.rows.some((row) => "pointer" in row && /https?:|\{endpoint\}.*\{token\}/.test(row.value));
		expect(form.path).toBe(inUrl ? "url" : "bearer");
	});

	describe("on a made-up machine", () => {
		const newest = lab.releases.newest;
		const at = (home: string, variable = "") => join(home, variable || cli.user.folder, cli.user.file);
		const only = (state: string) => cliStates({ [id]: state });
		const settled = (m: EndpointMachine) => m.run(`${self} clis=${id}`);

		test("the script sets it, changes it with the token, repairs it, and leaves what it found", async () => {
			const m = machine({ versions: { ...nobody, [id]: newest } });
			const before = write(m.home, `${cli.user.folder}/${cli.user.file}`, lab.before);
			for (const token of [canary(), canary()]) {
				expect(await m.run(self, { token: token.token, canaries: [token] })).toMatchObject({
					code: 0,
					stdout: `crossfade ok fp=${token.fingerprint} cfg=1 cli=${only("ok")} users=1\n`,
					stderr: "",
				});
				const settings = read(cli.user, text(before) ?? "");
				for (const row of cli.user.rows) {
					if (!("pointer" in row) || !row.value.includes("{token}") || row.when?.endsWith("helper")) continue;
					expect(JSON.stringify(valueAt(settings, row.pointer)), row.pointer).toContain(token.token);
				}
			}
			expect((await m.run(`report ${self}`)).stdout).toContain(`crossfade ok fp=`);
			expect(await m.run(`uninstall ${self}`)).toMatchObject({ code: 0, stderr: "" });
			expect(text(before)).toBe(lab.before);
			expect((await settled(m)).code).not.toBe(0);
		});

		test("a variable that moves its folder is followed", async () => {
			const m = machine({ versions: { ...nobody, [id]: newest } });
			const elsewhere = join(m.root, "elsewhere");
			const token = canary();
			const env = { [cli.user.variable]: elsewhere };
			expect(await m.run(self, { token: token.token, canaries: [token], env })).toMatchObject({ code: 0 });
			expect(text(join(elsewhere, cli.user.below, cli.user.file))).toContain(token.token);
			expect(text(at(m.home))).toBeUndefined();
		});

		if (cli.user.since !== "0.0.0") {
			test("a release from before is left alone and reported as old", async () => {
				const m = machine({ versions: { ...nobody, [id]: "0.0.1" } });
				expect((await m.run(self, canary())).stdout).toContain(`${id}:old`);
				expect(readdirSync(m.home)).not.toContain(cli.user.folder);
			});
		}

		test("doctor reads in our file where it sends, and with which token", async () => {
			const m = machine({ versions: { ...nobody, [id]: newest } });
			const token = canary();
			await m.run(self, { token: token.token, canaries: [token] });
			const files = {
				[`${HOME}/${cli.user.folder}/${cli.user.file}`]: text(at(m.home)) ?? "",
				[`${HOME}/.npm-global/lib/node_modules/${cli.npm}/package.json`]: JSON.stringify({ version: newest }),
			};
			const known = [{ name: "new", fingerprint: token.fingerprint }];
			const { signals, findings } = await consult(id, { files, known });
			const sent = signals.flatMap(({ signal, off, token: name }) => (off === undefined ? [[signal, name]] : []));
			expect(sent.length).toBeGreaterThan(0);
			expect(sent).toEqual(lab.signals.map((signal) => [signal, "new"]));
			expect(findings.filter(({ severity }) => severity !== "note")).toEqual([]);
		});
	});
}

function plainPlace(place: string): string {
	return place.replace(/\{~?\w+=?:([^}]*)\}/, "$1").replace(/^\^/, "");
}

function isBelow(file: string, place: string): boolean {
	return place.endsWith("/*.json") ? file.startsWith(place.slice(0, -"*.json".length)) : file === place;
}

function read({ format }: Layer, content: string): unknown {
	return format === "toml" ? parseToml(content) : parseJsonc(content);
}

function valueAt(document: unknown, pointer: string): unknown {
	return pointer
		.split("/")
		.slice(1)
		.reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], document);
}
