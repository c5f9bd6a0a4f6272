import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { platforms } from "../../../src/adapters/collectors/distribution.ts";
import { distributionIds, loadDistribution } from "../../../src/adapters/collectors/registry.ts";
import { bundleOf } from "../../contracts/collector.ts";
import { canary } from "../../harness/canary.ts";
import { scratch } from "../../harness/cli.ts";

const distributions = await Promise.all(distributionIds.map(async (id) => [id, await loadDistribution(id)] as const));
const made = distributions.flatMap(([id, found]) =>
	platforms
		.filter((platform) => platform !== "windows" && found?.hosts[platform])
		.map((platform) => [id, platform] as const),
);

/** The code blocks of a runbook, of one kind, as they are copied. */
function blocksOf(runbook: string, kind = "sh"): string[] {
	const fence = new RegExp(`^ *\`\`\`${kind}\\n([\\s\\S]*?)^ *\`\`\`$`, "gm");
	return [...runbook.matchAll(fence)].map(([, text = ""]) => text.replaceAll(/^ {3}/gm, ""));
}

/** Each as it is by default, and with the token in a variable. */
const deliveries = made.flatMap(([id, platform]) =>
	(["auto", "env"] as const).map((delivery) => [id, platform, delivery] as const),
);

describe.each(deliveries)("the runbook of %s on %s, delivery %s", (id, platform, delivery) => {
	test("has commands that a shell can parse, and that name only files which are there", async () => {
		const files = await bundleOf(id, { distribution: id, platform, queue: "memory", delivery });
		const blocks = blocksOf(files.get("RUNBOOK.md") ?? "");
		expect(blocks.length).toBeGreaterThan(2);
		for (const block of blocks) {
			const { status, stderr } = spawnSync("sh", ["-n"], { input: block, encoding: "utf8" });
			expect({ block, status, stderr }).toEqual({ block, status: 0, stderr: "" });
			// What asks for a token reads the next line of a block that is pasted.
			const lines = block.trimEnd().split("\n");
			const asks = lines.findIndex((line) => /Token \(not shown\)|sh rotate-/.test(line));
			expect(asks === -1 || asks === lines.length - 1, block).toBe(true);
			// A zsh at a prompt takes it for arguments, and an apostrophe in it for a quote that swallows the next lines.
			expect(block, "has no comment").not.toMatch(/(^|\s)#/);
		}
		const named = blocks.join("\n").matchAll(/(?:sudo sh|apply -f|-n NAMESPACE -f|file:\/\/(?!\/)|-m 06\d\d) ?(\S+)/g);
		const wanted = [...named].map(([, path = ""]) => path).filter((path) => /^[\w-]+[\w./-]*\.\w+$/.test(path));
		for (const path of wanted) expect([...files.keys()]).toContain(path);
	});
});

/** Programs that are not here, each of which notes its arguments and its input, and answers nothing. */
function stubs(...names: readonly string[]) {
	const folder = scratch();
	for (const name of names) {
		const note = `printf '%s\\n' "${name} $*" >> "$STUBS/calls"; case "$*" in *stdin*|*apply*) cat >> "$STUBS/input" ;; esac`;
		writeFileSync(join(folder, name), `#!/bin/sh\n${note}\n`);
		chmodSync(join(folder, name), 0o755);
	}
	// As root would: on behalf of an account, or of none.
	writeFileSync(join(folder, "sudo"), '#!/bin/sh\n[ "$1" != -u ] || shift 2\nexec "$@"\n');
	chmodSync(join(folder, "sudo"), 0o755);
	const read = (name: string) => {
		try {
			return readFileSync(join(folder, name), "utf8");
		} catch {
			return "";
		}
	};
	return {
		folder,
		calls: () => read("calls"),
		input: () => read("input"),
		run: (block: string, input: string) =>
			spawnSync("sh", ["-c", block], {
				input,
				encoding: "utf8",
				env: { PATH: `${folder}:${process.env["PATH"]}`, STUBS: folder },
			}),
	};
}

const asking = (blocks: readonly string[]) => blocks.find((block) => block.includes("Token (not shown)")) ?? "";

describe.each([
	["contrib", "kubernetes", ["kubectl"]],
	["contrib", "ecs", ["aws"]],
] as const)("storing a token with the commands for %s on %s", (id, platform, programs) => {
	test("hands it on as input alone; Enter alone changes nothing", async () => {
		const { token } = canary();
		const runbook = (await bundleOf(id, { distribution: id, platform })).get("RUNBOOK.md") ?? "";
		const [right, nothing] = [stubs(...programs), stubs(...programs)];
		expect(right.run(asking(blocksOf(runbook)), `${token}\n`).status).toBe(0);
		expect(right.input()).toBe(token);
		expect(right.calls()).not.toContain(token);
		const empty = nothing.run(asking(blocksOf(runbook)), "\n");
		expect(empty).toMatchObject({ status: 1, stderr: expect.stringContaining("nothing was changed") });
		expect(nothing.calls()).toBe("");
	});
});

describe.each(["contrib", "adot", "edot", "alloy"])("replacing the token of %s by hand", (id) => {
	const steps = async () => {
		const folder = scratch();
		const file = join(folder, "etc", "acme.token");
		mkdirSync(join(folder, "etc"));
		writeFileSync(file, "the-token-from-before", { mode: 0o440 });
		const files = await bundleOf(id, { distribution: id, platform: "systemd", name: "acme", tokenFile: file });
		return {
			file,
			block: asking(blocksOf(files.get("RUNBOOK.md") ?? "")),
			stub: stubs("systemctl", "otelcol-contrib"),
		};
	};

	test("puts it into the file that the collector reads, with the mode from before", async () => {
		const { token } = canary();
		const { file, block, stub } = await steps();
		stub.run(block, `${token}\n`);
		expect(readFileSync(file, "utf8")).toBe(token);
		expect(execFileSync("stat", ["-c", "%a", file], { encoding: "utf8" }).trim()).toBe("440");
		expect(stub.calls()).not.toContain(token);
	});

	test("leaves the old one where only Enter was pressed", async () => {
		const { file, block, stub } = await steps();
		stub.run(block, "\n");
		expect(readFileSync(file, "utf8")).toBe("the-token-from-before");
	});
});

describe("a component of Alloy that is not generally available", () => {
	const level = "--stability.level=public-preview";

	test("is allowed by the packaged unit and by the check before it, and by no more than these", async () => {
		const files = await bundleOf("alloy", { distribution: "alloy", platform: "systemd", queue: "persistent" });
		const unit = files.get("systemd/alloy.service.d/crossfade.conf");
		expect(unit).toContain(`ExecStart=\nExecStart=/usr/bin/alloy run $CUSTOM_ARGS ${level} --storage.path=`);
		expect(files.get("RUNBOOK.md")).toContain(`alloy validate ${level} /etc/alloy/config.alloy`);
		const plain = await bundleOf("alloy", { distribution: "alloy", platform: "systemd" });
		expect([...plain.values()].join("\n")).not.toContain("--stability.level");
	});

	test("a header of its own is refused before the release that has the setting", async () => {
		const flags = {
			distribution: "alloy",
			provider: "custom",
			endpoint: "https://otlp.example.com",
			authHeader: "x-api-key",
		};
		const config = async (targetVersion: string) =>
			(await bundleOf("alloy", { ...flags, targetVersion })).get("config.alloy");
		await expect(config("1.8.3")).rejects.toMatchObject({ exit: "usage", problems: [{ expected: "1.9.0 or newer" }] });
		expect(await config("1.9.0")).toMatch(/header\s+= "x-api-key"/);
	});
});

describe("a token in a variable", () => {
	/** The steps of a collector whose file with the variable is in a folder of the test. */
	async function variable(platform: "systemd" | "docker", before?: string) {
		const folder = scratch();
		const file = platform === "docker" ? "acme.env" : join(folder, "acme.env");
		if (before !== undefined) writeFileSync(join(folder, "acme.env"), before);
		const flags = {
			distribution: "contrib",
			platform,
			delivery: "env",
			name: "acme",
			tokenFile: join(folder, "acme.token"),
		};
		const files = await bundleOf("contrib", flags);
		const blocks = blocksOf(files.get("RUNBOOK.md") ?? "");
		const stub = stubs("docker", "systemctl");
		return { files, file, blocks, stub, folder, content: () => readFileSync(join(folder, "acme.env"), "utf8") };
	}

	test.each(["systemd", "docker"] as const)("on %s is in the file that the collector starts with", async (platform) => {
		const s = await variable(platform, "TORII_INGEST_TOKEN='the-one-before'\n");
		const { token } = canary();
		const run = (input: string) => s.stub.run(`cd '${s.folder}' && ${asking(s.blocks)}`, input);
		expect(run("\n").status).toBe(1);
		expect(s.content()).toBe("TORII_INGEST_TOKEN='the-one-before'\n");
		expect(run(`${token}\n`).status).toBe(0);
		expect(s.content()).toBe(`TORII_INGEST_TOKEN='${token}'\n`);
		expect(execFileSync("stat", ["-c", "%a", join(s.folder, "acme.env")], { encoding: "utf8" }).trim()).toBe("600");
		const reader = platform === "docker" ? "compose.yaml" : "systemd/otelcol-contrib.service.d/crossfade.conf";
		const names = platform === "docker" ? `env_file: ["./${s.file}"]` : `EnvironmentFile=${s.file}\n`;
		expect(s.files.get(reader)).toContain(names);
		expect(s.files.get("config.yaml")).toContain("TORII_INGEST_TOKEN");
	});

	test.each([
		["systemd", "sudo systemctl restart otelcol-contrib.service"],
		// A restart of a container keeps the environment that it was made with.
		["docker", "sudo docker compose up -d --force-recreate otelcol"],
	] as const)(
		"on %s reaches the collector by a start that reads it, and nothing else is offered",
		async (platform, start) => {
			const { files, blocks } = await variable(platform);
			expect(blocks.filter((block) => block.trim() === start)).toHaveLength(2);
			expect([...files.keys()].filter((path) => path.endsWith(".sh"))).toEqual([]);
			expect(blocks.join("\n")).not.toMatch(/rotate-|acme\.token|compose restart/);
		},
	);

	test("is proven by what the process has, which is compared by its fingerprint", async () => {
		const { blocks } = await variable("systemd");
		const { token, fingerprint } = canary();
		const proof = blocks.find((block) => block.includes("/environ"))?.split("\n")[0] ?? "";
		const stub = stubs();
		const shown = spawnSync("sh", ["-c", proof.replace(/\$\(systemctl [^)]*\)/, "self")], {
			encoding: "utf8",
			env: { PATH: `${stub.folder}:${process.env["PATH"]}`, TORII_INGEST_TOKEN: token, OTHER: "x" },
		});
		expect(shown.stdout.trim()).toBe(fingerprint);
	});
});

describe("what is there already", () => {
	test.each(["systemd", "docker"] as const)(
		"a folder of another collector on %s keeps its owner and mode",
		async (platform) => {
			const folder = join(scratch(), "tokens");
			mkdirSync(folder, { mode: 0o711 });
			chmodSync(folder, 0o711);
			const tokenFile = join(folder, "torii.token");
			const files = await bundleOf("contrib", { distribution: "contrib", platform, tokenFile });
			const [block = ""] = blocksOf(files.get("RUNBOOK.md") ?? "");
			const outcome = stubs("install").run(block, "");
			expect(outcome.stdout).toMatch(new RegExp(`^${folder} is there: \\S+:\\S+ 711\\n$`));
			expect(execFileSync("stat", ["-c", "%a", folder], { encoding: "utf8" }).trim()).toBe("711");
		},
	);

	test("a config of a collector that another unit runs is not replaced by that of our unit", async () => {
		const files = await bundleOf("edot", { distribution: "edot", platform: "systemd" });
		const runbook = files.get("RUNBOOK.md") ?? "";
		expect(runbook).not.toMatch(/\/etc\/elastic-agent\/otel\.yml/);
		expect(files.get("systemd/edot-collector.service")).toContain("--config /etc/elastic-agent/crossfade/otel.yml\n");
		expect(runbook).toContain("otel.yml /etc/elastic-agent/crossfade/otel.yml\n");
	});

	test.each(["contrib", "alloy", "ddot"])(
		"other keys of a Secret, for %s: a manager of our own applies ours alone",
		async (id) => {
			const files = await bundleOf(id, { distribution: id, platform: "kubernetes" });
			const applied = (files.get("RUNBOOK.md") ?? "").match(/kubectl apply --server-side \S+/g) ?? [];
			expect(new Set(applied)).toEqual(new Set(["kubectl apply --server-side --field-manager=otel-crossfade"]));
		},
	);
});

describe("the queue on disk", () => {
	test.each(["contrib", "splunk", "adot", "edot"])(
		"of %s in a container is in a folder that its account can write",
		async (id) => {
			const files = await bundleOf(id, { distribution: id, platform: "docker", queue: "persistent" });
			const found = await loadDistribution(id);
			const [user, group] = found?.hosts.docker?.owner.split(":") ?? [];
			const folder = "/var/lib/crossfade/torii-queue";
			expect(files.get("compose.yaml")).toContain(`${folder}:${folder}`);
			expect(files.get("RUNBOOK.md")).toContain(`sudo install -d -m 0700 -o ${user} -g ${group} ${folder}\n`);
		},
	);

	test("is refused where it would end with its task", async () => {
		await expect(
			bundleOf("contrib", { distribution: "contrib", platform: "ecs", queue: "persistent" }),
		).rejects.toMatchObject({
			exit: "usage",
			problems: [{ what: expect.stringContaining("would end with its task") }],
		});
		const files = await bundleOf("contrib", { distribution: "contrib", platform: "ecs" });
		expect(files.get("RUNBOOK.md")).not.toContain("--queue persistent");
	});
});

describe("Amazon ECS", () => {
	test.each(["torii", "acme", "x", "a-name"])(
		"the names of %s: no secret that is taken for a whole ARN, and the task definition that is started is ours",
		async (name) => {
			const files = await bundleOf("contrib", { distribution: "contrib", platform: "ecs", name });
			const definition = JSON.parse(files.get("task-definition.json") ?? "{}");
			const runbook = files.get("RUNBOOK.md") ?? "";
			const secret = /create-secret --name (\S+)/.exec(runbook)?.[1];
			expect(secret).not.toMatch(/-[^-]{6}$/);
			expect(runbook.match(/put-secret-value --secret-id \S+/g)).toEqual(
				Array(2).fill(`put-secret-value --secret-id ${secret}`),
			);
			expect(definition.containerDefinitions[0].secrets[0].valueFrom).toBe(
				`arn:aws:secretsmanager:REGION:ACCOUNT:secret:${secret}-SUFFIX`,
			);
			expect(definition.family).toBe(`otelcol-${name}`);
			expect(runbook).toContain(`--force-new-deployment --task-definition otelcol-${name}\n`);
			for (const { logConfiguration } of definition.containerDefinitions)
				expect(logConfiguration.logDriver).toBe("awslogs");
		},
	);
});

test("with one port for each token, every token that clients use is stored before the collector starts with it", async () => {
	const token = ["old=fp:0123456789ab", "new=fp:fedcba987654"];
	const flags = { distribution: "contrib", platform: "systemd", attribute: "ports", token } as const;
	const runbook = (await bundleOf("contrib", flags)).get("RUNBOOK.md") ?? "";
	const steps = ["-0123456789ab.token\n", "-fedcba987654.token\n", "sudo systemctl restart"].map((text) =>
		runbook.indexOf(text),
	);
	expect(steps).not.toContain(-1);
	expect(steps).toEqual([...steps].sort((a, b) => a - b));
	const asks = blocksOf(runbook).filter((block) => block.includes("torii-accepted-"));
	expect(asks).toHaveLength(2);
	for (const block of asks) expect(block.trimEnd().split("\n")).toHaveLength(1);
});
