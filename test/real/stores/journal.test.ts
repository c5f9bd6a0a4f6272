import { cpSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { exitCodes } from "../../../src/base/errors.ts";
import { fingerprint } from "../../../src/token/fingerprint.ts";
import { leaks } from "../../harness/canary.ts";
import { crossfadeProcess, scratch } from "../../harness/cli.ts";
import { startOpenBao } from "../../harness/openbao.ts";
import { needs, openbao } from "../../harness/parts.ts";
import { rotationWorld } from "../../harness/rotate.ts";

const KILL_AT = join(import.meta.dirname, "../../harness/kill-at.cjs");

/** A journal in a real OpenBao: every run is on a machine of its own, which is thrown away. */
test(
	"each run of a rotation is on a machine that is thrown away, some with kill -9; the journal in OpenBao leads it to its end",
	needs(openbao),
	async () => {
		const [bao, world] = await Promise.all([startOpenBao(), rotationWorld("torii")]);
		const { first } = world;
		await bao.ask("POST", "secret/data/otel", { data: { token: first, endpoint: "kept" } });
		world.write("bao.token", bao.token);
		const store = `{ kind: vault-kv2, url: "${bao.url}", path: otel, token: "file:bao.token", confirm: person, within: 1m }`;
		world.write(
			"crossfade.yaml",
			world.fleet
				.replace(/^ {2}file: .*$/m, `  vault: ${store}`)
				.replace("current: store:file", "current: store:vault")
				.replace("stores: [file]", "stores: [vault]\n    journal: store:vault"),
		);
		let fresh = "";
		/** Runs a verb in a new folder with a copy of what a CI job gets, on a machine without a state folder. */
		const run = async (
			exit: keyof typeof exitCodes | "any",
			verb: string,
			flags: readonly string[] = [],
			killAt = 0,
		) => {
			const cwd = scratch();
			for (const name of ["crossfade.yaml", "crossfade.key", "bao.token", ...(fresh === "" ? [] : ["new.token"])])
				cpSync(join(world.cwd, name), join(cwd, name));
			const env = { CROSSFADE_KILL_AT: String(killAt), CROSSFADE_KILL_COUNT: join(cwd, "count") };
			const nodeArgs = killAt === 0 ? [] : ["--require", KILL_AT];
			const ran = await crossfadeProcess(["rotate", verb, "it", ...flags], { cwd, env, nodeArgs });
			const canaries = [first, ...(fresh === "" ? [] : [fresh])].map((token) => ({
				token,
				fingerprint: fingerprint(token),
			}));
			const record = JSON.stringify(await bao.ask("GET", "secret/data/otel.crossfade-journal", undefined, [404]));
			expect(leaks(canaries, { stdout: ran.stdout, stderr: ran.stderr, record })).toEqual([]);
			if (exit !== "any")
				expect(`${verb}: ${ran.code}\n${ran.stdout}${ran.stderr}`).toMatch(
					new RegExp(`^${verb}: ${exitCodes[exit][0]}\n`),
				);
			return { code: ran.code, said: ran.stdout + ran.stderr };
		};
		/** The lock of a run that was killed ends two minutes later: as if they had passed. */
		const later = async () => {
			const found = await document();
			const lease = { ...found.lease, until: 0 };
			const journal = JSON.stringify({ ...found, lease });
			await bao.ask("POST", "secret/data/otel.crossfade-journal", { data: { journal } });
		};
		const document = async () => {
			const { data } = await bao.ask("GET", "secret/data/otel.crossfade-journal");
			const fields = (data as unknown as { data: { data: Record<string, string> } }).data.data;
			return JSON.parse(fields["journal"] ?? "") as { readonly lease?: { readonly until: number } };
		};
		const held = async () => {
			const { data } = await bao.ask("GET", "secret/data/otel");
			return (data as unknown as { data: { data: Record<string, string> } }).data.data;
		};

		await run("ok", "plan");
		await run("personNeeded", "start");
		expect((await run("refused", "start")).said).toContain("under way already");
		fresh = await world.click();
		const paste = ["--token", "file:new.token"];
		let kills = 0;
		for (let at = 2; ; at += 5) {
			const { code } = await run("any", "resume", paste, at);
			if (code !== null) {
				expect(code).toBe(exitCodes.personNeeded[0]);
				break;
			}
			kills++;
			if ((await document()).lease === undefined) continue;
			expect((await run("refused", "resume", paste)).said).toContain("taken over after 2 min");
			await later();
		}
		expect(kills).toBeGreaterThan(2);
		await run("personNeeded", "resume");
		expect(await held()).toEqual({ token: fresh, endpoint: "kept" });
		expect((await run("personNeeded", "status")).said).toContain("a person is needed");
		await run("waiting", "resume", ["--confirmed", "vault", "--because", "seen in its log"]);
		await world.later("24h2m");
		expect((await run("ok", "resume")).said).toContain("this operation is over: done");
		expect(await held()).toEqual({ token: fresh, endpoint: "kept" });
		const records = JSON.parse((await run("ok", "log", ["--json"])).said) as readonly { readonly is: string }[];
		expect(records.filter(({ is }) => is === "captured")).toHaveLength(1);
		expect(records.at(-1)).toMatchObject({ is: "closed", how: "done" });
	},
);
