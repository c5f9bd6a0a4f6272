import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GenericContainer, Wait } from "testcontainers";
import { expect, onTestFinished, test } from "vitest";
import { loadDistribution } from "../../src/adapters/collectors/registry.ts";
import { renderConfig } from "../../src/generate/render/collector.ts";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { planFor } from "../contracts/collector.ts";
import { crossfadeProcess, scratch } from "../harness/cli.ts";
import { onFreePorts } from "../harness/collector.ts";
import { startLoad } from "../harness/load.ts";
import { dockerImage, needs, root } from "../harness/parts.ts";
import { startProvider } from "../harness/provider.ts";
import { runScript, shells } from "../harness/shells.ts";
import { waitFor } from "../harness/wait.ts";

// The reaper is an image of its own that would have to be pulled; the containers are stopped below.
process.env["TESTCONTAINERS_RYUK_DISABLED"] = "true";
process.env["TESTCONTAINERS_HOST_OVERRIDE"] = "127.0.0.1";

const image = dockerImage("otel-crossfade/otelcol:0.155.0");
/** The account of the image. */
const UID = 10001;
const EVENTS = 100_000;

/** A provider, and the real collector in a container whose token folder is mounted from here. */
async function startContainer() {
	const provider = await startProvider();
	const folder = scratch({ "torii.token": provider.token });
	chmodSync(folder, 0o755);
	chownSync(join(folder, "torii.token"), UID, UID);
	chmodSync(join(folder, "torii.token"), 0o400);
	const contrib = await loadDistribution("contrib");
	if (!contrib) throw new Error("contrib");
	const generated = renderConfig(
		planFor(contrib, { platform: "docker", endpoint: provider.url, tokenFile: join(folder, "torii.token") }),
	);
	const {
		config,
		http: [http],
		metrics,
	} = await onFreePorts(generated);
	const configFile = join(scratch(), "config.yaml");
	writeFileSync(configFile, config);
	const container = await new GenericContainer(image.path)
		// The host's own network, so that the container reaches the provider on loopback.
		.withNetworkMode("host")
		.withBindMounts([
			// Under the same name as here, as the compose file has it.
			{ source: folder, target: folder, mode: "ro" },
			{ source: configFile, target: "/etc/otelcol-contrib/config.yaml", mode: "ro" },
		])
		.withCommand(["--config", "/etc/otelcol-contrib/config.yaml"])
		.withWaitStrategy(Wait.forLogMessage(/Everything is ready/))
		.withStartupTimeout(120_000)
		.start();
	onTestFinished(async () => {
		await container.stop();
	});
	return {
		provider,
		folder,
		container,
		url: `http://127.0.0.1:${http}`,
		metricsUrl: `http://127.0.0.1:${metrics}/metrics`,
	};
}

test("a container with the token's folder mounted: the generated script rotates it twice, nothing lost, no restart", {
	...needs(image, root),
	timeout: 300_000,
}, async () => {
	const { provider, folder, container, url, metricsUrl } = await startContainer();
	const { stdout } = await crossfadeProcess([
		"collector",
		"-d",
		"contrib",
		"--platform",
		"docker",
		"--endpoint",
		provider.url,
		"--rotate-script",
	]);
	const script = join(scratch(), "rotate.sh");
	writeFileSync(script, stdout);
	const load = startLoad(url);
	const [dash] = shells;
	for (let round = 0; round < 2; round++) {
		const token = await provider.rotate();
		const options = { stdin: token, canaries: [{ token, fingerprint: fingerprint(token) }] };
		const pid = spawnSync("docker", ["inspect", "-f", "{{.State.Pid}}", container.getId()], {
			encoding: "utf8",
		}).stdout.trim();
		const args = ["--token-file", join(folder, "torii.token"), "--metrics", metricsUrl, "--pid", pid];
		args.push("--logs", `docker logs ${container.getId()} 2>&1`);
		if (!dash) throw new Error("no shell");
		expect(await runScript(dash, script, args, options)).toMatchObject({ code: 0, stderr: "" });
		expect(await provider.records(token)).toBeGreaterThan(0);
	}
	await waitFor(`${EVENTS} events`, () => load.sent >= EVENTS);
	await load.stop();
	await waitFor("everything to arrive", async () => (await provider.records()) >= load.sent);
	expect(await provider.records()).toBe(load.sent);
	expect(load.refused).toBe(0);
	const log = spawnSync("docker", ["logs", container.getId()], { encoding: "utf8" });
	expect((log.stdout + log.stderr).split("Everything is ready")).toHaveLength(2);
	process.stdout.write(
		`rotation: container, folder mount: ${JSON.stringify({ sent: load.sent, received: await provider.records() })}\n`,
	);
});
