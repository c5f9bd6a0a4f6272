import { execFileSync, spawn } from "node:child_process";
import {
	chmodSync,
	chownSync,
	copyFileSync,
	existsSync,
	mkdirSync,
	readFileSync,
	renameSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { canary, leaks } from "../harness/canary.ts";
import { scratch } from "../harness/cli.ts";
import { inheritable } from "../harness/inherited.ts";
import { pairs } from "../harness/matrix.ts";
import { needs, program, root, smallDisks } from "../harness/parts.ts";
import { httpText, rawServer } from "../harness/raw-server.ts";
import { leftovers, NOBODY, named, rotateScript, standIn, takesAtOnce } from "../harness/rotation.ts";
import { runScript, shells, type TestShell } from "../harness/shells.ts";
import { waitFor } from "../harness/wait.ts";

const [dash] = shells as [TestShell];

/** A token file with a script for it, and a page of metrics in the place of a collector. */
async function scene() {
	const old = canary();
	const folder = scratch({ "torii.token": old.token });
	const tokenFile = join(folder, "torii.token");
	chmodSync(tokenFile, 0o400);
	const collector = await standIn();
	const script = await rotateScript(tokenFile);
	const args = ["--metrics", collector.url, "--validate", "", "--no-precheck"];
	return {
		old,
		folder,
		tokenFile,
		collector,
		script,
		trial: join(folder, ".torii.token.crossfade-trial"),
		tried: join(folder, ".torii.token.crossfade-tried"),
		kept: join(folder, ".torii.token.crossfade-old"),
		content: () => readFileSync(tokenFile, "utf8"),
		/** As another program does it. */
		replace(token: string) {
			writeFileSync(`${tokenFile}~`, token, { mode: 0o400 });
			renameSync(`${tokenFile}~`, tokenFile);
		},
		run: (token: string, more: readonly string[] = [], under = dash, env = {}, watched = false) =>
			runScript(under, script, [...args, ...more], {
				watched,
				stdin: `${token}\n`,
				canaries: token === "" ? [old] : [named(token), old],
				env,
			}),
		/** Starts it and returns when the new token is in place and waits for its proof. */
		async waiting(token: string, under = dash) {
			const looks = ["--logs", "true", "--pid", `${process.pid}`];
			const child = spawn(under.part.path, [...under.args, script, ...args, ...looks], {
				env: { PATH: process.env["PATH"] },
				stdio: ["pipe", "pipe", "pipe"],
				detached: true,
			});
			onTestFinished(() => {
				child.kill("SIGKILL");
			});
			let [output, errors] = ["", ""];
			child.stdout.on("data", (chunk) => {
				output += chunk;
			});
			child.stderr.on("data", (chunk) => {
				errors += chunk;
			});
			child.stdin.end(`${token}\n`);
			const ended = new Promise<number | null>((done) => child.on("close", done));
			await waitFor("the new token in place", () => output.includes("in place"));
			return { pid: child.pid ?? 0, ended, output: () => output, errors: () => errors };
		},
	};
}

type Scene = Awaited<ReturnType<typeof scene>>;

describe("a rotation that is interrupted", needs(program("curl")), () => {
	for (const [shell, signal] of pairs(shells, ["SIGHUP", "SIGTERM", "SIGINT", "SIGQUIT"] as const))
		test(
			`${shell.name}, ${signal} while it waits for the proof: the old token is back`,
			needs(shell.part),
			async () => {
				const s = await scene();
				const token = canary().token;
				const run = await s.waiting(token, shell);
				expect(readFileSync(s.trial, "utf8")).toBe(s.old.token);
				process.kill(run.pid, signal);
				expect(await run.ended).toBe(130);
				expect(s.content()).toBe(s.old.token);
				expect(run.output()).toContain(`restored  fp=${s.old.fingerprint}`);
				expect(leftovers(s.tokenFile)).toEqual([]);
			},
		);

	test(
		"neither it nor what it starts writes a core file, which would hold both tokens",
		needs(program("prlimit")),
		async () => {
			const s = await scene();
			const seen = join(s.folder, "limit");
			const prlimit = { name: "dash", part: program("prlimit"), args: ["--core=4096:4096", dash.part.path] };
			const look = `ulimit -c >'${seen}'`;
			expect(await s.run(canary().token, [...takesAtOnce(), "--validate", look], prlimit)).toMatchObject({ code: 0 });
			expect(readFileSync(seen, "utf8")).toBe("0\n");
		},
	);

	test("exports that fail at once: the file changes again no sooner than a second later, and what nobody saw read again is said", async () => {
		const s = await scene();
		const token = canary().token;
		s.collector.fail(true);
		const seen: number[] = [];
		const timer = setInterval(() => {
			if (s.content() === token) seen.push(Date.now());
		}, 20);
		const outcome = await s.run(token, ["--logs", "true", "--pid", `${process.pid}`]);
		clearInterval(timer);
		expect(outcome.code).toBe(3);
		expect(outcome.stderr).toContain(
			`nothing shows that the collector has read fp=${s.old.fingerprint} again: restart it`,
		);
		expect(s.content()).toBe(s.old.token);
		expect((seen.at(-1) ?? 0) - (seen[0] ?? 0)).toBeGreaterThan(800);
	});

	test("a closed output pipe: the old token is still restored", async () => {
		const s = await scene();
		const command = `sh '${s.script}' --metrics '${s.collector.url}' --validate '' --no-precheck --logs true --pid ${process.pid} | head -n 1`;
		const child = spawn("sh", ["-c", command], {
			env: { PATH: process.env["PATH"] },
			stdio: ["pipe", "ignore", "ignore"],
		});
		child.stdin.end(`${canary().token}\n`);
		s.collector.fail(true);
		await new Promise((done) => child.on("close", done));
		await waitFor("the old token", () => s.content() === s.old.token && leftovers(s.tokenFile).length === 0);
		expect({ token: s.content(), left: leftovers(s.tokenFile) }).toEqual({ token: s.old.token, left: [] });
	});

	test("kill -9: the next run puts the old token back, also when it is given nothing to put in place", async () => {
		const s = await scene();
		const token = canary().token;
		const run = await s.waiting(token);
		process.kill(-run.pid, "SIGKILL");
		await run.ended;
		expect(s.content()).toBe(token);
		const next = await s.run("");
		expect(next).toMatchObject({ code: 11, stdout: expect.stringContaining(`restored  fp=${s.old.fingerprint}`) });
		expect(s.content()).toBe(s.old.token);
		expect(leftovers(s.tokenFile)).toEqual([]);
		expect(await s.run(token, takesAtOnce())).toMatchObject({ code: 0, stdout: expect.stringContaining("proven") });
		expect(s.content()).toBe(token);
		expect(leftovers(s.tokenFile)).toEqual([]);
	});

	test("kill -9, and somebody puts another token in place before the next run: it stays, and the old one is kept beside it", async () => {
		const s = await scene();
		const run = await s.waiting(canary().token);
		process.kill(-run.pid, "SIGKILL");
		await run.ended;
		const theirs = canary();
		s.replace(theirs.token);
		const next = await s.run("");
		expect(next).toMatchObject({
			code: 11,
			stderr: expect.stringContaining(
				`fp=${theirs.fingerprint} is in place, which came after a run that was interrupted`,
			),
		});
		expect(s.content()).toBe(theirs.token);
		expect(readFileSync(s.kept, "utf8")).toBe(s.old.token);
		expect(await s.run(theirs.token, takesAtOnce())).toMatchObject({ code: 0 });
		expect(leftovers(s.tokenFile)).toEqual([]);
	});

	test(
		"the old token cannot be put back: it is kept, no other copy of it is, and the next run puts it back",
		needs(smallDisks),
		async () => {
			const s = await scene();
			const token = canary();
			const run = await s.waiting(token.token);
			// What is mounted at a file's name cannot be replaced.
			const over = join(scratch({ over: token.token }), "over");
			execFileSync("mount", ["--bind", over, s.tokenFile]);
			const free = () => execFileSync("umount", [s.tokenFile]);
			onTestFinished(() => {
				if (statSync(s.tokenFile).ino === statSync(over).ino) free();
			});
			process.kill(run.pid, "SIGTERM");
			expect(await run.ended).toBe(130);
			free();
			expect(run.errors()).toContain("cannot replace");
			expect(leaks([s.old, token], { output: run.output(), errors: run.errors() })).toEqual([]);
			expect([s.content(), readFileSync(s.trial, "utf8")]).toEqual([token.token, s.old.token]);
			expect(leftovers(s.tokenFile).sort()).toEqual([s.trial, s.tried].map((path) => basename(path)));
			expect((await s.run("")).stdout).toContain(`restored  fp=${s.old.fingerprint}`);
			expect([s.content(), leftovers(s.tokenFile)]).toEqual([s.old.token, []]);
		},
	);

	describe("what an interrupted run left is not whole", () => {
		const leave = (path: string, content: string) => writeFileSync(path, content, { mode: 0o400 });

		test("a token of which nothing shows where it is from stays, and the old one is kept", async () => {
			const s = await scene();
			const [theirs, fresh] = [canary(), canary()];
			leave(s.trial, s.old.token);
			leave(s.tried, "");
			s.replace(theirs.token);
			const { stdout, stderr } = await s.run("");
			expect(stderr).toContain(`fp=${theirs.fingerprint} is in place, and nothing shows whether`);
			expect(leaks([s.old, theirs], { stdout, stderr })).toEqual([]);
			expect([s.content(), readFileSync(s.kept, "utf8")]).toEqual([theirs.token, s.old.token]);
			expect(await s.run(fresh.token, takesAtOnce())).toMatchObject({ code: 0 });
			expect([s.content(), leftovers(s.tokenFile)]).toEqual([fresh.token, []]);
		});

		test("an empty copy of the old token is not put back", async () => {
			const s = await scene();
			leave(s.trial, "");
			leave(s.tried, fingerprint(s.old.token));
			expect(await s.run(s.old.token)).toMatchObject({ code: 0, stdout: expect.stringContaining("unchanged") });
			expect([s.content(), leftovers(s.tokenFile)]).toEqual([s.old.token, []]);
		});

		test.each([
			["the old token", (s: Scene) => s.trial],
			["what is in place now", (s: Scene) => s.tokenFile],
		])("%s cannot be read: it is not lost", async (_, unread) => {
			const s = await scene();
			const tried = canary();
			leave(s.trial, s.old.token);
			leave(s.tried, tried.fingerprint);
			s.replace(tried.token);
			chmodSync(unread(s), 0o600);
			writeFileSync(unread(s), `\n${canary().token}`);
			const before = [s.trial, s.tokenFile].map((path) => readFileSync(path, "utf8"));
			const outcome = await s.run(canary().token);
			expect(outcome).toMatchObject({ code: 11, stderr: expect.stringContaining("no token can be read from") });
			expect([s.trial, s.tokenFile].map((path) => readFileSync(path, "utf8"))).toEqual(before);
		});
	});

	test("a token that somebody puts in place while the new one is tried is not replaced by the old one", async () => {
		const s = await scene();
		const run = await s.waiting(canary().token);
		const theirs = canary();
		s.replace(theirs.token);
		process.kill(run.pid, "SIGTERM");
		expect(await run.ended).toBe(130);
		expect(run.errors()).toContain(`fp=${theirs.fingerprint} stays in place`);
		expect(s.content()).toBe(theirs.token);
		expect(readFileSync(s.kept, "utf8")).toBe(s.old.token);
	});

	test("a token that somebody puts in place while the queue empties is not replaced by the new one", async () => {
		const s = await scene();
		const theirs = canary();
		// What the script runs last before it changes the file.
		const look = [
			"--pid",
			`${process.pid}`,
			"--logs",
			`chmod 600 '${s.tokenFile}'; printf %s '${theirs.token}' >'${s.tokenFile}'`,
		];
		expect(await s.run(canary().token, look)).toMatchObject({
			code: 11,
			stderr: expect.stringContaining("was changed by another program meanwhile; nothing was changed"),
		});
		expect(s.content()).toBe(theirs.token);
		expect(leftovers(s.tokenFile)).toEqual([]);
	});

	describe("a token that somebody puts in place between the last look at it and the replacement", () => {
		/** The script with a stop there, at which another program puts a token in place; `nth` counts replacements of the token file. */
		function overtaken(s: Scene, nth: number) {
			const theirs = canary();
			const [hook, count] = [join(scratch(), "hook"), join(scratch(), "count")];
			writeFileSync(
				hook,
				`echo >>'${count}'\n[ "$(wc -l <'${count}')" != ${nth} ] || { printf %s '${theirs.token}' >"$TOKEN_FILE~" && mv -f "$TOKEN_FILE~" "$TOKEN_FILE"; }\n`,
			);
			const before = '  sync "$temporary" 2>/dev/null || sync\n';
			const text = readFileSync(s.script, "utf8");
			expect(text.split(before)).toHaveLength(2);
			writeFileSync(s.script, text.replace(before, `${before}  [ "$1" != "$TOKEN_FILE" ] || . '${hook}'\n`));
			return theirs;
		}

		test("is not replaced by the new one", async () => {
			const s = await scene();
			const theirs = overtaken(s, 1);
			expect(await s.run(canary().token, takesAtOnce())).toMatchObject({
				code: 11,
				stderr: expect.stringContaining("was changed by another program meanwhile; nothing was changed"),
			});
			expect([s.content(), leftovers(s.tokenFile)]).toEqual([theirs.token, []]);
		});

		test("is not replaced by the old one, which is kept", async () => {
			const s = await scene();
			const theirs = overtaken(s, 2);
			s.collector.fail(true);
			const outcome = await s.run(canary().token, ["--logs", "true", "--pid", `${process.pid}`]);
			expect(outcome).toMatchObject({
				code: 11,
				stderr: expect.stringContaining(`fp=${theirs.fingerprint} stays in place`),
			});
			expect([s.content(), readFileSync(s.kept, "utf8")]).toEqual([theirs.token, s.old.token]);
		});

		test("is not replaced by what a killed run left, which is kept", async () => {
			const s = await scene();
			const theirs = overtaken(s, 1);
			const tried = canary();
			writeFileSync(s.trial, s.old.token, { mode: 0o400 });
			writeFileSync(s.tried, tried.fingerprint, { mode: 0o400 });
			s.replace(tried.token);
			const { stderr } = await s.run("");
			expect(stderr).toContain(`fp=${theirs.fingerprint} is in place, which came after a run that was interrupted`);
			expect([s.content(), readFileSync(s.kept, "utf8")]).toEqual([theirs.token, s.old.token]);
		});
	});

	test("copies of a token that a killed run left are removed by the next", async () => {
		const s = await scene();
		const left = join(s.folder, ".crossfade.Ab12Cd");
		writeFileSync(left, canary().token, { mode: 0o600 });
		expect(await s.run(s.old.token)).toMatchObject({ code: 0, stdout: expect.stringContaining("unchanged") });
		expect(existsSync(left)).toBe(false);
	});

	test("they are removed before anything else, as this run can be killed too", async () => {
		const s = await scene();
		const left = join(s.folder, ".crossfade.Ab12Cd");
		writeFileSync(left, canary().token, { mode: 0o600 });
		const run = await s.waiting(canary().token);
		expect(existsSync(left)).toBe(false);
		process.kill(-run.pid, "SIGKILL");
		await run.ended;
	});

	test("while one run waits for its token a second changes nothing, so none puts an older token back over a newer", async () => {
		const s = await scene();
		const child = spawn("sh", [s.script, "--metrics", s.collector.url], { stdio: ["pipe", "ignore", "ignore"] });
		onTestFinished(() => {
			child.kill("SIGKILL");
		});
		const ended = new Promise((done) => child.on("close", done));
		await waitFor("the first run's lock", () => leftovers(s.tokenFile).length > 0);
		const second = await s.run(canary().token, takesAtOnce());
		expect(second).toMatchObject({ code: 11, stderr: expect.stringContaining("another rotation is running") });
		expect(s.content()).toBe(s.old.token);
		child.stdin.end("\n");
		await ended;
		expect(await s.run(canary().token, takesAtOnce())).toMatchObject({ code: 0 });
	});
});

test.each([
	["begins with an empty line", (old: string) => `\n${old}\n`],
	["is larger than any with a token", (old: string) => `${old}\n${"#".repeat(70_000)}`],
])("a token file that %s is refused, as what is in it would be lost", async (_name, content) => {
	const s = await scene();
	chmodSync(s.tokenFile, 0o600);
	writeFileSync(s.tokenFile, content(s.old.token));
	const outcome = await s.run(canary().token);
	expect(outcome).toMatchObject({ code: 11, stderr: expect.stringContaining("would be lost") });
	expect(s.content()).toBe(content(s.old.token));
	expect(leftovers(s.tokenFile)).toEqual([]);
});

describe("a page that counts by fingerprint", needs(program("curl")), () => {
	/** What such a page says at each look of the script, from 0. */
	const page = async (lines: (look: number) => readonly string[]) => {
		let look = 0;
		const server = await rawServer((socket) => socket.end(httpText("200 OK", {}, `${lines(look++).join("\n")}\n`)));
		return ["--pid", "0", "--counters", server.url, "--wait", "6"];
	};
	const tap = (id: string, count: number, host = "a") =>
		`crossfade_tap_records_total{fingerprint="${id}",signal="logs",host="${host}",cli=""} ${count}`;
	const gateway = (id: string, count: string) =>
		`crossfade_gateway_log_records_total{crossfade_fingerprint="${id}"} ${count}`;

	type Lines = (fresh: string, old: string) => (look: number) => readonly string[];
	const cases: readonly (readonly [name: string, code: number, lines: Lines])[] = [
		["the new token alone", 0, (fresh, old) => (look) => [tap(fresh, look), tap(old, 7)]],
		[
			"the new token, with the time of each value",
			0,
			(fresh, old) => (look) => [gateway(fresh, `${look} 99`), gateway(old, `7 ${look}`)],
		],
		[
			"by component",
			0,
			(fresh) => (look) => [`otelcol_receiver_accepted_spans{receiver="otlp/crossfade-fp-${fresh}"} ${look}`],
		],
		[
			"both tokens, as somebody still sends the old one",
			14,
			(fresh, old) => (look) => [tap(fresh, look), tap(old, look)],
		],
		["the new token no more, while times go on", 14, (fresh) => (look) => [gateway(fresh, `7 ${1000 + look}`)]],
		["a sender that calls itself like the new token", 14, (fresh) => (look) => [tap("none", look, fresh)]],
		[
			"what it refused",
			14,
			(fresh) => (look) => [`otelcol_receiver_refused_spans{receiver="otlp/crossfade-fp-${fresh}"} ${look}`],
		],
		[
			"its own exporter's token",
			14,
			(fresh) => (look) => [`crossfade_exporter_token_info{fingerprint="${fresh}"} ${look > 0 ? 1 : 0}`],
		],
	];
	test.each(cases)("that shows %s: exit code %i", async (_name, code, lines) => {
		const s = await scene();
		const token = canary();
		const outcome = await s.run(token.token, await page(lines(token.fingerprint, s.old.fingerprint)));
		expect({ ...outcome, stdout: "" }).toMatchObject({
			code,
			stderr: code === 0 ? "" : expect.stringContaining("not proven"),
		});
	});
});

describe("root writes in no folder that others can write", needs(program("curl"), root), () => {
	const ways: readonly (readonly [name: string, change: (folder: string) => void, message: string])[] = [
		["the collector's own folder", (folder) => chownSync(folder, NOBODY, NOBODY), `belongs to account ${NOBODY}`],
		["a folder its group can write", (folder) => chmodSync(folder, 0o770), "other accounts can write"],
		["a folder like /tmp", (folder) => chmodSync(folder, 0o1777), "other accounts can write"],
		[
			"a folder below one of another account",
			(folder) => chownSync(join(folder, ".."), NOBODY, NOBODY),
			"belongs to account",
		],
		[
			"a folder below one that others can write",
			(folder) => chmodSync(join(folder, ".."), 0o777),
			"other accounts can write",
		],
	];
	test.each(ways)("%s is refused", async (_name, change, message) => {
		const old = canary();
		const folder = join(scratch(), "token");
		mkdirSync(folder);
		const tokenFile = join(folder, "torii.token");
		writeFileSync(tokenFile, old.token, { mode: 0o400 });
		const script = await rotateScript(tokenFile);
		change(folder);
		const token = canary();
		const outcome = await runScript(dash, script, ["--no-precheck"], { stdin: token.token, canaries: [token, old] });
		expect(outcome).toMatchObject({ code: 11, stderr: expect.stringContaining(message) });
		expect(readFileSync(tokenFile, "utf8")).toBe(old.token);
		expect(leftovers(tokenFile)).toEqual([]);
	});

	test("a path through a link is judged by where it leads", async () => {
		const place = scratch();
		mkdirSync(join(place, "real"));
		chownSync(join(place, "real"), NOBODY, NOBODY);
		symlinkSync("real", join(place, "link"));
		const tokenFile = join(place, "link", "torii.token");
		const token = canary();
		const outcome = await runScript(dash, await rotateScript(tokenFile), [], { stdin: token.token, canaries: [token] });
		expect(outcome).toMatchObject({ code: 11, stderr: expect.stringContaining("belongs to account") });
	});

	test("the caller may rotate in a folder of its own", needs(program("setpriv")), async () => {
		const s = await scene();
		const script = join(scratch(), "rotate.sh");
		chmodSync(join(script, ".."), 0o755);
		copyFileSync(s.script, script);
		chownSync(s.folder, NOBODY, NOBODY);
		chownSync(s.tokenFile, NOBODY, NOBODY);
		const token = canary().token;
		const nobody = {
			name: "nobody",
			part: program("setpriv"),
			args: ["--reuid=65534", "--regid=65534", "--clear-groups", "sh"],
		};
		const args = ["--metrics", s.collector.url, "--validate", "", "--no-precheck", "--pid", "0"];
		const as = await runScript(nobody, script, args, { stdin: token, canaries: [named(token)] });
		expect(as).toMatchObject({ code: 14, stdout: expect.stringContaining(fingerprint(token)) });
		expect(s.content()).toBe(token);
	});
});

describe("names that the environment has already, and a shell that exports everything", () => {
	test.each(
		pairs(shells, [[], ["-a"]]).map(([under, flags]) => [[under.name, ...flags].join(" "), under, flags] as const),
	)("%s: no program is handed the token", async (_name, under, flags) => {
		const s = await scene();
		const token = canary();
		const env = Object.fromEntries(inheritable(readFileSync(s.script, "utf8")).map((name) => [name, "inherited"]));
		const child = { ...under, args: [...under.args, ...flags] };
		// Watched: what the programs are handed is in their environment.
		expect(await s.run(token.token, takesAtOnce(), child, env, true)).toMatchObject({ code: 0, stderr: "" });
		expect(s.content()).toBe(token.token);
	});
});
