import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { providers } from "../../src/adapters/providers/registry.ts";
import type { Guide, GuideStep, Payload } from "../../src/adapters/vehicles/kit.ts";
import type { Mode } from "../../src/adapters/vehicles/mode.ts";
import { FINGERPRINT_PLACEHOLDER, TOKEN_PLACEHOLDER } from "../../src/adapters/vehicles/vehicle.ts";
import { factsOf, kitOf } from "../../src/generate/kit/kit.ts";
import { embeds } from "../../src/generate/kit/payload.ts";
import { xmlProblem } from "../../src/generate/kit/verify/xml.ts";
import { readInventory } from "../../src/prove/evidence/inventory.ts";
import { type Mdm, type MdmSpec, parseMdmFlags } from "../../src/spec/mdm.ts";

/** The shortest time for which a provider accepts the old token after a rotation, in hours. */
const SHORTEST_OVERLAP =
	Math.min(...providers.map(({ overlapMs }) => overlapMs ?? Number.POSITIVE_INFINITY)) / 3_600_000;
/** A rendered script may be this part of what the vendor takes, so that it can grow; of one in PowerShell half are the editor and the tables, which hardly grow. */
const ROOM = { sh: 0.5, ps1: 0.95 };

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
	yield bytes;
}

/** What every kit must hold, in each mode and for every way to make it. */
export function vehicleContract(vehicle: Mdm, mode: Mode): void {
	const spec = (changes: Partial<Record<string, string | boolean>> = {}) =>
		parseMdmFlags({ vehicle: vehicle.id, mode, ...changes });
	const variants: [string, MdmSpec][] = [
		["as it comes", spec()],
		["two CLIs, another endpoint", spec({ cli: "codex,claude-code", endpoint: "https://[2001:db8::1]:4318/a/" })],
		["another provider", spec({ provider: "activitylog" })],
		["for users, without host identity", spec({ scope: "user", hostIdentity: false })],
		...(vehicle.language === undefined
			? ([
					["for users, with helper", spec({ scope: "user", helper: true })],
					["compact", spec({ compact: true })],
				] as [string, MdmSpec][])
			: []),
	];
	const [[, plain]] = variants as [[string, MdmSpec]];
	const facts = factsOf(plain);

	test.each(variants)(
		"%s: text files of ASCII or UTF-8, LF or as PowerShell wants them, with an end; payloads parse",
		(_what, each) => {
			const { artefacts } = kitOf(each);
			const paths = artefacts.map(({ path }) => path);
			expect(new Set(paths).size).toBe(paths.length);
			for (const { path, content, purpose } of artefacts) {
				expect(content, path).toMatch(/[^\r\n]\r?\n$/);
				expect(content, path).not.toMatch(/^\ufeff|undefined|\[object |NaN/);
				if (path.endsWith(".ps1")) expect(content, path).toMatch(/^(?:[\t -~]*\r\n)+$/);
				else expect(content, path).not.toContain("\r");
				expect(purpose, path).not.toBe("");
				if (path.endsWith(".sh")) expect(content, path).toMatch(/^#!\/bin\/sh\n[\t\n -~]*$/);
				if (path.endsWith(".json")) JSON.parse(content);
				if (path.endsWith(".yml")) expect(parseAllDocuments(content).flatMap(({ errors }) => errors)).toEqual([]);
				if (/\.(xml|mobileconfig)$/.test(path)) expect(xmlProblem(content), path).toBeUndefined();
				// AutoPkg, for Macs, replaces a word between two per cent signs.
				if (!/\.(yml|ps1)$/.test(path)) expect(content, path).not.toMatch(/%[A-Za-z]\w*%/);
			}
		},
	);

	test("every script is far below what the vendor takes", () => {
		for (const { path, limits, body } of vehicle.kit.scripts) {
			const content = kitOf(plain).plain[path] ?? "";
			expect(limits.length, path).toBeGreaterThan(0);
			for (const { max, unit } of limits) {
				const size = unit === "bytes" ? Buffer.byteLength(content) : content.length;
				expect(size, `${path}: ${size} of ${max} ${unit}`).toBeLessThan(max * ROOM[body]);
			}
		}
	});

	test("it installs, reports and uninstalls, each in a file of its own", () => {
		expect(vehicle.kit.scripts.map(({ action }) => action).sort()).toEqual(["install", "report", "uninstall"]);
	});

	test("the placeholder of the token is where one is to be filled in, once in a script, and nowhere else", () => {
		const { plain: files, filled } = kitOf(plain);
		const install = vehicle.kit.scripts.filter(({ action }) => action === "install").map(({ path }) => path);
		for (const [path, content] of Object.entries(files)) {
			if (!/\.(sh|ps1)$/.test(path)) continue;
			const count = content.split(TOKEN_PLACEHOLDER).length - 1;
			expect(count, path).toBe(mode === "embedded" && install.includes(path) ? 1 : 0);
		}
		expect(filled.length > 0).toBe(mode === "embedded");
	});

	test("payloads embed the scripts that are there; with a fingerprint none has its placeholder left in base64", () => {
		const { plain: files } = kitOf(plain);
		const { artefacts } = kitOf(plain, { fingerprint: "0123456789ab" });
		const found = vehicle.kit.payloads(facts).flatMap(({ data }: Payload) => embeds(data));
		expect(found.filter(({ embed }) => files[embed] === undefined)).toEqual([]);
		for (const { path } of vehicle.kit.payloads(facts)) {
			const content = artefacts.find((each) => each.path === path)?.content ?? "";
			for (const [blob] of content.matchAll(/[A-Za-z0-9+/]{400,}={0,2}/g)) {
				expect(Buffer.from(blob, "base64").toString("utf8"), path).not.toContain(FINGERPRINT_PLACEHOLDER);
			}
		}
	});

	test("an export with its own columns is read: whose line it is, and when it was reported", async () => {
		const line = "crossfade ok fp=0123456789ab cfg=1 cli= users=1";
		const time = vehicle.columns?.time ?? ["time"];
		for (const [index, host] of (vehicle.columns?.host ?? ["host"]).entries()) {
			const csv = `id,${time[index % time.length]},${host},out\n1,2026-01-31T12:00:00Z,mac-1,${line}\n`;
			const { rows } = await readInventory(once(Buffer.from(csv)));
			expect(rows, host).toMatchObject([{ host: "mac-1", at: Date.parse("2026-01-31T12:00:00Z") }]);
		}
		for (const column of time) {
			const csv = `host,${column},out\nmac-1,2026-01-31T12:00:00Z,${line}\n`;
			expect((await readInventory(once(Buffer.from(csv)))).rows[0]?.at, column).toBe(
				Date.parse("2026-01-31T12:00:00Z"),
			);
		}
	});

	test("the guide is whole, and its words can be printed", () => {
		const guide: Guide = vehicle.kit.guide(facts);
		const lists = [guide.before, guide.install, guide.test, guide.report, guide.rotate, guide.delay, guide.uninstall];
		for (const list of [...lists, guide.exposure, guide.traps, guide.unverified])
			expect(list.length).toBeGreaterThan(0);
		const steps: readonly GuideStep[] = [...guide.install, ...guide.test, ...guide.rotate, ...guide.uninstall];
		for (const { text } of steps) expect(text).toMatch(/[.:]$/);
		for (const [place, who] of guide.exposure) expect(`${place} | ${who}`.match(/\|/g)).toHaveLength(1);
	});

	test("a changed token is everywhere long before the shortest overlap ends", () => {
		expect(vehicle.kit.guide(facts).worstHours).toBeLessThan(SHORTEST_OVERLAP / 2);
	});

	test("STEPS: every file it names is in the folder, every placeholder it tells to fill is there, and none is left out", () => {
		const { artefacts, filled, packed } = kitOf(plain);
		const paths = [...artefacts, ...filled, ...packed].map(({ path }) => path);
		const names = [...paths, ...paths.map((path) => path.split("/").at(-1) ?? "")];
		for (const { path, content } of artefacts) {
			if (!path.endsWith(".md")) continue;
			for (const [, name = ""] of content.matchAll(
				/`([\w./-]+\.(?:sh|ps1|json|xml|yml|md|mobileconfig|intunewin))`/g,
			)) {
				expect(names, `${path} names ${name}`).toContain(name);
			}
		}
		const steps = artefacts.find(({ path }) => path === "STEPS.md")?.content ?? "";
		const files = artefacts.filter(({ path }) => !path.endsWith(".md"));
		for (const placeholder of [TOKEN_PLACEHOLDER, FINGERPRINT_PLACEHOLDER]) {
			const holders = files.filter(({ content }) => content.includes(placeholder));
			expect(steps.includes(placeholder), placeholder).toBe(holders.length > 0);
		}
		for (const { path } of vehicle.kit.scripts) expect(steps.split(`\`${path}\``).length, path).toBeGreaterThan(2);
	});

	test("with a fingerprint it stands in every file that needs one, and hashes stay those of the placeholders", () => {
		const bare = kitOf(plain);
		const known = kitOf(plain, { fingerprint: "0123456789ab" });
		for (const { path, content } of known.artefacts) {
			if (!path.endsWith(".md")) expect(content, path).not.toContain(FINGERPRINT_PLACEHOLDER);
		}
		expect(known.manifest.files).toEqual(bare.manifest.files);
		expect(known.manifest.fingerprint).toBe("0123456789ab");
	});
}
