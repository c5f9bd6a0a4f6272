// Keeps what V8 compiled of dist/ while a few commands ran, for src/start.ts: in dist/compiled, for this Node alone. It stays on the machine that
// made it; the package has sources only. Run it with another Node to have its code there, too.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import vm from "node:vm";

const dist = fileURLToPath(new URL("../dist", import.meta.url));
const compiled = join(dist, "compiled", `${process.versions.v8}-${process.platform}-${process.arch}`);

/** What the commands find in their folder, which is their home, too. */
const FILES = {
	"c.yaml": `receivers: { otlp: { protocols: { grpc: } } }
exporters:
  debug:
service:
  pipelines:
    logs:
      receivers: [otlp]
      exporters: [debug]
`,
	"gateway.token": "made-up-token-1-of-compile-ahead",
	"new.token": "made-up-token-2-of-compile-ahead",
};

/**
 * Commands that people wait for most often; what they share with all others is more than what they have alone. How they end does not matter.
 * @param {string} endpoint
 */
const commands = (endpoint) => [
	["--help"],
	["collector", "-d", "contrib"],
	["collector", "-d", "contrib", "--into", "c.yaml"],
	["check", "-d", "contrib", "--no-bin", "c.yaml"],
	["init", "--rotate", "--provider", "torii", "--endpoint", endpoint],
	["rotate", "start"],
	["rotate", "resume", "--token", "file:new.token"],
	["rotate", "status"],
	["probe", "--token", "new=file:new.token", "--endpoint", endpoint, "--signals", "logs"],
	["doctor"],
];

if (process.argv[1] === fileURLToPath(import.meta.url)) await runAll();
else keep();

/** Each run starts with what those before it compiled and adds its own. */
async function runAll() {
	const home = mkdtempSync(join(tmpdir(), "crossfade-compile-"));
	for (const [name, text] of Object.entries(FILES)) writeFileSync(join(home, name), text, { mode: 0o600 });
	const provider = createServer((request, response) => {
		const known = request.headers.authorization?.endsWith("-of-compile-ahead");
		response.writeHead(known ? 200 : 401, { "content-type": "application/x-protobuf" }).end();
	});
	await once(provider.listen(0, "127.0.0.1"), "listening");
	const { port } = /** @type {import("node:net").AddressInfo} */ (provider.address());
	const { SystemRoot } = process.env;
	const options = {
		cwd: home,
		env: { HOME: home, USERPROFILE: home, LOCALAPPDATA: home, ...(SystemRoot && { SystemRoot }) },
		stdio: /** @type {const} */ ("ignore"),
		timeout: 60_000,
	};
	for (const args of commands(`http://127.0.0.1:${port}`)) {
		const run = spawn(process.execPath, ["--import", import.meta.url, join(dist, "cli.cjs"), ...args], options);
		await once(run, "close");
	}
	provider.close();
	rmSync(home, { recursive: true });
}

/** In a run of the program: at its end, writes what V8 compiled of each of its files. */
function keep() {
	/** @type {Map<string, vm.Script>} */
	const scripts = new Map();
	vm.Script = class extends vm.Script {
		/**
		 * @param {string} source
		 * @param {vm.ScriptOptions} options
		 */
		constructor(source, options) {
			super(source, options);
			scripts.set(options.filename ?? "", this);
		}
	};
	process.on("exit", () => {
		for (const [file, script] of scripts) {
			const path = join(compiled, relative(dist, file));
			mkdirSync(dirname(path), { recursive: true });
			writeFileSync(path, script.createCachedData());
		}
	});
}
