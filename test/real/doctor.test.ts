import { mkdirSync, symlinkSync } from "node:fs";
import { dirname } from "node:path";
import { describe, expect, test } from "vitest";
import { clis } from "../../src/adapters/clis/registry.ts";
import { type Canary, canary, leaks } from "../harness/canary.ts";
import { CLI } from "../harness/cli.ts";
import type { Captured } from "../harness/clis/capture.ts";
import { type Lab, startLab } from "../harness/clis/lab.ts";
import { cliPart, cliParts, installed, labOf } from "../harness/clis/labs.ts";
import { namespaces } from "../harness/clis/machine.ts";
import { runCli } from "../harness/clis/run.ts";
import { aThird } from "../harness/matrix.ts";
import { needs } from "../harness/parts.ts";

const needed = needs(namespaces, ...cliParts);

/** In a whole run all that is set up, otherwise a part of it for each release; see test/real/emission.test.ts for more. */
const all = installed.flatMap(({ id, version }) => {
	const { setups, newestSetups, releases } = labOf(id);
	const isNewest = version === releases.newest;
	const cases = Object.entries({ ...setups, ...(isNewest ? newestSetups : {}) });
	return aThird(cases).map(([title, write]) => [id, version, title, write] as const);
});

interface DoctorOutput {
	readonly signals: readonly { signal: string; sends: boolean; url?: string; token?: string; fingerprint?: string }[];
	readonly release: string;
}

describe("what doctor says is what the real CLI then does", needed, () => {
	test.each(all)("%s %s: %s", async (id, version, _title, write) => {
		const lab = await startLab();
		const tokens = new Map<string, Canary>();
		const known = (letter: string) => {
			const token = tokens.get(letter) ?? canary();
			tokens.set(letter, token);
			return token;
		};
		const setup = write({
			lab,
			to: (letter, path = "") => ({ ...lab.to(known(letter)), url: `${lab.capture.url}${path}` }),
			token: (letter) => known(letter).token,
		}) as { env: Readonly<Record<string, string>> } | undefined;
		putInPlace(lab, id, version);
		const told = await consult(lab, id, [...tokens], setup?.env);
		expect(told.release).toBe(version);
		lab.capture.clear();
		const { code, stdout } = await runCli(id, {
			...lab,
			prompt: "Hello",
			version,
			...(setup?.env && { env: setup.env }),
		});
		expect({ code, answered: stdout.includes("Done."), refused: lab.capture.refused }).toEqual({
			code: 0,
			answered: true,
			refused: [],
		});
		expect(sent(told)).toEqual(arrived(lab.capture.requests, lab.capture.url, tokens));
	});
});

/** The package where doctor looks for it: in an npm root of the home. */
function putInPlace(lab: Lab, id: string, version: string): void {
	const link = lab.machine.path(`~/.npm-global/lib/node_modules/${clis.find((cli) => cli.id === id)?.npm}`);
	mkdirSync(dirname(link), { recursive: true });
	symlinkSync(cliPart(id, version).path, link);
}

async function consult(
	lab: Lab,
	id: string,
	tokens: readonly (readonly [string, Canary])[],
	env: Readonly<Record<string, string>> = {},
): Promise<DoctorOutput> {
	const flags = tokens.flatMap(([letter, { fingerprint }]) => ["--token", `${letter}=fp:${fingerprint}`]);
	const { stdout, stderr } = await lab.machine.run([process.execPath, CLI, "doctor", "--json", "--cli", id, ...flags], {
		env,
	});
	expect(stderr).toBe("");
	expect(
		leaks(
			tokens.map(([, token]) => token),
			{ stdout, stderr },
		),
	).toEqual([]);
	return JSON.parse(stdout).clis[0];
}

/** Signal, URL and the letter of the token, as doctor says. */
function sent({ signals }: DoctorOutput): string[] {
	return signals
		.filter(({ sends, url }) => sends && url)
		.map(({ signal, url, token }) => `${signal} ${url} ${token ?? "none"}`)
		.sort();
}

/** The same as it arrived. */
function arrived(requests: readonly Captured[], origin: string, tokens: ReadonlyMap<string, Canary>): string[] {
	const found = requests.map(({ signal, url, headers }) => {
		const { authorization = "" } = headers;
		const carried = authorization.startsWith("Basic ")
			? Buffer.from(authorization.slice(6), "base64").toString()
			: authorization || url;
		const [letter = "none", token] = [...tokens].find(([, each]) => carried.includes(each.token)) ?? [];
		// Where the header carries another one, the one in the path is shown by its length.
		const shown =
			token && url.includes(token.token)
				? url.replace(token.token, "TOKEN")
				: url.replace(/[\w-]{43}/, "[43 characters]");
		return `${signal} ${origin}${shown} ${letter}`;
	});
	return [...new Set(found)].sort();
}
