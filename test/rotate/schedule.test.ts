import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { freshProgram } from "../harness/fresh.ts";
import { managed, type RotationWorld, rotationWorld } from "../harness/rotate.ts";

/** Runs a line as cron does: a backslash before a percent sign goes away, and sh gets the rest. The program tells its arguments. */
function asCron(world: RotationWorld, command: string): string {
	world.write("crossfade", `#!/bin/sh\npwd >>"${world.cwd}/ran"\nprintf '<%s>' "$@" >>"${world.cwd}/ran"\n`);
	chmodSync(join(world.cwd, "crossfade"), 0o755);
	execFileSync(
		"sh",
		["-c", command.replaceAll("\\%", "%").replaceAll("/usr/local/bin/crossfade", join(world.cwd, "crossfade"))],
		{
			cwd: "/",
		},
	);
	return world.read("ran");
}

describe("schedule", () => {
	test("cron: five fields of a crontab and a command that sh runs in the fleet file's folder", async () => {
		const world = await rotationWorld("torii");
		const text = await world.rotateAny("ok", "schedule", "cron", "it", "--every", "30d");
		const lines = text.split("\n").filter((line) => /^[*\d]/.test(line));
		expect(lines).toHaveLength(2);
		for (const line of lines) expect(line).toMatch(/^(\*|\*\/\d+|\d+) \* \* \* \* cd /);
		const [resume = "", start = ""] = lines.map((line) => line.split(" ").slice(5).join(" "));
		const fleet = join(world.cwd, "crossfade.yaml");
		expect(asCron(world, resume)).toBe(`${world.cwd}\n<rotate><resume><it><--fleet><${fleet}><--quiet>`);
		expect(asCron(world, start)).toContain(`<rotate><start><it><--fleet><${fleet}><--if-older><30d><--quiet>`);
	});

	test("cron: a folder whose name means something to cron and sh is one word", async () => {
		const world = await rotationWorld("torii");
		const folder = "a b%c'd";
		mkdirSync(join(world.cwd, folder));
		world.write(`${folder}/crossfade.yaml`, world.fleet);
		const text = await world.rotateAny("ok", "schedule", "cron", "--fleet", `${folder}/crossfade.yaml`);
		expect(text.replaceAll("\\%", "")).not.toContain("%");
		const line = text.split("\n").find((each) => each.startsWith("*")) ?? "";
		expect(asCron(world, line.split(" ").slice(5).join(" "))).toContain(`${world.cwd}/${folder}\n`);
	});

	test("systemd: a service and a timer in a folder; what waits or needs a person is no failure", async () => {
		const world = await rotationWorld("torii");
		await world.rotateAny("ok", "schedule", "systemd", "it", "--every", "30d", "--out", "units");
		const service = world.read("units/crossfade-rotate-it.service");
		expect(service).toContain("SuccessExitStatus=15 16\n");
		expect(service.match(/^ExecStart=.*$/gm)).toHaveLength(2);
		expect(service).toContain(`start it --fleet ${join(world.cwd, "crossfade.yaml")} --if-older 30d\n`);
		expect(world.read("units/crossfade-rotate-it.timer")).toContain("OnCalendar=*-*-* *:*:00 UTC\n");
		expect(await world.rotateAny("refused", "schedule", "systemd", "it", "--out", "units")).toContain("units");
	});

	test("kubernetes: a CronJob that never runs twice at once, and keeps the journal on a volume", async () => {
		const world = await rotationWorld("torii", { store: "confirm: person, within: 1h" });
		const job = parse(await world.rotateAny("ok", "schedule", "kubernetes"));
		expect(job).toMatchObject({
			apiVersion: "batch/v1",
			kind: "CronJob",
			metadata: { name: "crossfade-rotate-it" },
			spec: {
				schedule: "*/15 * * * *",
				concurrencyPolicy: "Forbid",
				timeZone: "Etc/UTC",
				startingDeadlineSeconds: 900,
			},
		});
		const { containers, volumes } = job.spec.jobTemplate.spec.template.spec;
		const mounted = containers[0].volumeMounts.map(({ name }: { name: string }) => name);
		expect(mounted.sort()).toEqual(volumes.map(({ name }: { name: string }) => name).sort());
	});

	test("with the journal in a store neither a volume nor a machine of one's own is needed", async () => {
		const vault =
			"  vault: { kind: vault-kv2, url: https://v.example.com, path: otel, token: env:VAULT_TOKEN, confirm: person, within: 1h }";
		const world = await rotationWorld("torii");
		world.write(
			"crossfade.yaml",
			world.fleet
				.replace("rotations:", `${vault}\nrotations:`)
				.replace("stores: [file]", "stores: [vault]\n    journal: store:vault")
				.replace("key: file:crossfade.key", "key: env:CROSSFADE_KEY"),
		);
		const text = await world.rotateAny("ok", "schedule", "github", "--every", "30d");
		const { rotate } = parse(text).jobs;
		expect(rotate).toMatchObject({ "runs-on": "ubuntu-latest", permissions: { contents: "read" } });
		const [, , go] = rotate.steps;
		expect(go.env).toEqual({
			CROSSFADE_KEY: "${{ secrets.CROSSFADE_KEY }}",
			VAULT_TOKEN: "${{ secrets.VAULT_TOKEN }}",
		});
		expect(go.run).toContain("run crossfade rotate resume it --fleet crossfade.yaml\n");
		const cron = await world.rotateAny("ok", "schedule", "kubernetes");
		expect(cron).not.toContain("crossfade-state");
		const { containers, volumes } = parse(cron).spec.jobTemplate.spec.template.spec;
		const mounted = containers[0].volumeMounts.map(({ name }: { name: string }) => name);
		expect(mounted.sort()).toEqual(volumes.map(({ name }: { name: string }) => name).sort());
		expect(containers[0].env.map(({ name }: { name: string }) => name)).toEqual(["HOME"]);
	});

	test.each([
		[0, 0],
		[15, 0],
		[16, 0],
		[17, 17],
		[11, 11],
	])("its shell ends with %s as %s", async (code, ends) => {
		const world = await rotationWorld("torii");
		const [, , script] = parse(await world.rotateAny("ok", "schedule", "kubernetes")).spec.jobTemplate.spec.template
			.spec.containers[0].command;
		// With -e, too: runners of GitHub have it.
		for (const flags of ["-c", "-ec"]) {
			const text = `crossfade() { return ${code}; }\n${script}`;
			const outcome = () => execFileSync("sh", [flags, text], { stdio: "ignore" });
			if (ends === 0) expect(outcome).not.toThrow();
			else expect(outcome).toThrow(expect.objectContaining({ status: ends }));
		}
	});

	test("github: on a machine of one's own, one run at a time, and refused where it would be too late", async () => {
		const world = await rotationWorld("torii", { store: "confirm: person, within: 1h" });
		const workflow = parse(await world.rotateAny("ok", "schedule", "github"));
		expect(workflow).toMatchObject({
			on: { schedule: [{ cron: "*/15 * * * *" }] },
			permissions: {},
			concurrency: { "cancel-in-progress": false },
			jobs: { rotate: { "runs-on": "self-hosted" } },
		});
		// Nothing is asked of it but its own shell.
		expect(workflow.jobs.rotate.steps[0]).not.toHaveProperty("shell");
		const glean = await rotationWorld("glean", { rotation: ["datasource: wiki"] });
		expect(await glean.rotateAny("usage", "schedule", "github")).toContain("an hour late");
		expect(await glean.rotateAny("ok", "schedule", "cron")).toMatch(/^\* \* \* \* \* cd /m);
	});

	test.each([
		[["schedule"], "unknown kind"],
		[["schedule", "crom"], "did you mean schedule cron?"],
		[["schedule", "cron", "it", "--every", "tomorrow"], "not an interval"],
		[["schedule", "cron", "it", "--every", "2h"], "would begin before this one can be over"],
		[["schedule", "cron", "other"], "unknown rotation"],
		[["plan", "it", "it"], "takes one name"],
		[["start", "it", "--if-older", "x"], "not an interval"],
	])("%j is one clear error", async (args, says) => {
		const world = await rotationWorld("torii");
		expect(await world.rotateAny("usage", ...args)).toContain(says);
	});

	test("start --if-older begins what is due, and nothing else", async () => {
		const world = await managed("tooken");
		await world.rotate("personNeeded", "start", "--if-older", "30d");
		expect(await world.rotate("waiting", "start", "--if-older", "30d")).toContain("is under way");
		await world.rotate("personNeeded", "resume", "--confirmed", "file", "--because", "seen");
		await world.rotate("ok", "retire", "--despite", "a rehearsal");
		expect(await world.rotate("waiting", "start", "--if-older", "30d")).toContain("is due");
		expect((await world.status()).tokens).toHaveLength(2);
		await world.rotate("personNeeded", "start", "--if-older", "1ms");
		expect((await world.status()).tokens).toHaveLength(3);
	});

	test("start --if-older looks again once it has the lock: a rotation that ended since it looked first is not made twice", async () => {
		const world = await managed("tooken", { rotation: ["journal: kept"] });
		const meanwhile = async () => {
			await world.rotate("personNeeded", "start");
			await world.rotate("personNeeded", "resume", "--confirmed", "file", "--because", "seen");
			await world.rotate("ok", "retire", "--despite", "a rehearsal");
		};
		const printed: string[] = [];
		const { nodeEffects, runProgram } = freshProgram();
		const fleet = join(world.cwd, "crossfade.yaml");
		const exit = await runProgram(["rotate", "start", "it", "--fleet", fleet, "--if-older", "30d"], {
			environment: process.env,
			output: {
				write: (_, bytes) => printed.push(Buffer.from(bytes).toString()),
				columns: () => undefined,
				lines: () => undefined,
				exists: existsSync,
			},
			effects: (terminal) => {
				const { files, ...rest } = nodeEffects(terminal);
				const openJournal = async (path: string) => {
					const folder = await files.openJournal(path);
					return { ...folder, claim: () => meanwhile().then(() => folder.claim()) };
				};
				return { ...rest, files: { ...files, openJournal } };
			},
		});
		expect(exit, printed.join("")).toBe("waiting");
		expect(printed.join("")).toContain("is due");
		expect((await world.status()).tokens).toHaveLength(2);
	});
});
