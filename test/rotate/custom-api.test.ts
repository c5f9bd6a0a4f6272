import { randomBytes } from "node:crypto";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { declaredText, declaredTime, requestOf } from "../../src/adapters/providers/declared-api.ts";
import { type ExitName, exitCodes } from "../../src/base/errors.ts";
import { newAgeKey } from "../../src/rotate/sealing.ts";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { filesBelow, leaks } from "../harness/canary.ts";
import { scratch } from "../harness/cli.ts";
import { crossfade } from "../harness/command.ts";
import { rotationWorld } from "../harness/rotate.ts";

const secret = () => `k_${randomBytes(24).toString("base64url")}`;

/** A backend with OTLP and a token API of its own, whose answer `shape` makes. */
async function backend(shape: (token: string, id: string) => unknown) {
	const [first, admin, tenant] = [secret(), secret(), secret()];
	const live = new Map([["t-1", first]]);
	const seen: { readonly line: string; readonly body: string }[] = [];
	let [fails, made, aheadMs] = [false, 1, 0];
	const server = createServer((request, response) => {
		response.setHeader("date", new Date(Date.now() + aheadMs).toUTCString());
		const chunks: Buffer[] = [];
		request.on("data", (chunk: Buffer) => chunks.push(chunk));
		request.on("end", () => {
			const { method = "", url = "", headers } = request;
			const reply = (status: number, body: unknown) =>
				response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
			if (/^\/v1\/(logs|metrics|traces)$/.test(url)) {
				const token = headers.authorization?.replace(/^Bearer /, "");
				const isLive = [...live.values()].some((each) => each === token);
				return response.writeHead(isLive ? 200 : 401, { "content-type": "application/x-protobuf" }).end();
			}
			if (method === "GET") return reply(404, {});
			seen.push({ line: `${method} ${url}`, body: Buffer.concat(chunks).toString("utf8") });
			if (headers["x-admin"] !== admin || headers["x-tenant"] !== tenant) return reply(403, {});
			if (method === "DELETE") return reply(live.delete(url.split("/").at(-1) ?? "") ? 204 : 404, {});
			const [id, token] = [`t-${++made}`, secret()];
			live.set(id, token);
			return fails ? request.socket.destroy() : reply(201, shape(token, id));
		});
	}).listen(0, "127.0.0.1");
	await new Promise((done) => server.on("listening", done));
	onTestFinished(() => {
		server.close();
		server.closeAllConnections();
	});
	const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
	const later = (ms: number) => (aheadMs += ms);
	return { url, first, admin, tenant, live, seen, later, fail: () => (fails = true) };
}

type Backend = Awaited<ReturnType<typeof backend>>;

async function world({ url, first, admin, tenant, live }: Backend, strategy: string, lines: readonly string[]) {
	const key = await newAgeKey();
	const cwd = scratch({ "live.token": first, "admin.key": admin, "tenant.key": tenant, "crossfade.key": key.identity });
	for (const name of ["live.token", "admin.key", "tenant.key", "crossfade.key"]) chmodSync(join(cwd, name), 0o600);
	const fleet = [
		"version: 1",
		"stores: { file: { kind: token-file, path: live.token, confirm: person, within: 1m } }",
		"rotations:",
		"  it:",
		"    provider: custom",
		`    strategy: ${strategy}`,
		"    current: store:file",
		"    stores: [file]",
		`    endpoint: ${url}`,
		"    key: file:crossfade.key",
		"    admin: file:admin.key",
		"    admin-header: X-Admin",
		"    admin-scheme: none",
		"    headers: { X-Tenant: file:tenant.key }",
		...lines.map((line) => `    ${line}`),
		"",
	];
	writeFileSync(join(cwd, "crossfade.yaml"), fleet.join("\n"));
	const holders = ["live.token", "admin.key", "tenant.key", "crossfade.key", "new.token"];
	return {
		read: () => readFileSync(join(cwd, "live.token"), "utf8").trim(),
		edit: (change: (text: string) => string) =>
			writeFileSync(join(cwd, "crossfade.yaml"), change(readFileSync(join(cwd, "crossfade.yaml"), "utf8"))),
		write: (name: string, text: string) => writeFileSync(join(cwd, name), text, { mode: 0o600 }),
		async rotate(exit: ExitName, ...args: string[]) {
			const { code, stdout, stderr } = await crossfade(["rotate", ...args], { cwd });
			const all = [...live.values(), first, admin, tenant, key.identity].map((token) => ({
				token,
				fingerprint: fingerprint(token),
			}));
			expect(leaks(all, { stdout, stderr, ...filesBelow(cwd, holders) }), "a secret in output or journal").toEqual([]);
			expect(code, stdout + stderr).toBe(exitCodes[exit][0]);
			return stdout + stderr;
		},
	};
}

const REVOKE = (url: string) => [
	`issue: POST ${url}/tokens`,
	`issue-json: '{"name": "ingest-{operation}-{attempt}", "replaces": "{token-id}"}'`,
	"token-at: /data/value",
	"id-at: /data/id",
	"token-id: t-1",
	`end: DELETE ${url}/tokens/{token-id}`,
];

describe("custom, by a declared API", () => {
	test("issues, and ends the old token by its id; the next rotation knows the new id", async () => {
		const api = await backend((value, id) => ({ data: { value, id } }));
		const it = await world(api, "api-revoke", REVOKE(api.url));
		await it.rotate("personNeeded", "start");
		expect(it.read()).toBe(api.live.get("t-2"));
		expect(JSON.parse(api.seen[0]?.body ?? "")).toMatchObject({
			replaces: "t-1",
			name: expect.stringMatching(/^ingest-[0-9a-f-]{36}-1$/),
		});
		await it.rotate("personNeeded", "resume", "--confirmed", "file", "--because", "seen");
		await it.rotate("ok", "retire", "--despite", "a rehearsal");
		expect([...api.live.keys()]).toEqual(["t-2"]);
		await it.rotate("personNeeded", "start");
		expect(JSON.parse(api.seen.at(-1)?.body ?? "")).toMatchObject({ replaces: "t-2" });
		await it.rotate("waiting", "rollback");
		expect([...api.live.keys()]).toEqual(["t-2", "t-3"]);
		api.later(120_000);
		await it.rotate("ok", "resume");
		expect([...api.live.keys()]).toEqual(["t-2"]);
		expect(fingerprint(it.read())).toBe(fingerprint(api.live.get("t-2") ?? ""));
	});

	test("reads from the answer when the old token ends", async () => {
		const ends = Math.floor(Date.now() / 1000) + 1800;
		const api = await backend((key) => ({ key, grace_period_ends_at: ends, expires_at: "2031-01-31T12:00:00Z" }));
		const lines = [
			`issue: POST ${api.url}/rotate`,
			`issue-json: '{"grace_period_minutes": 60}'`,
			"token-at: /key",
			"old-ends-at: /grace_period_ends_at",
			"expires-at: /expires_at",
			"overlap: 1h",
		];
		const it = await world(api, "api-clock", lines);
		await it.rotate("personNeeded", "start");
		const { deadline } = JSON.parse((await it.rotate("personNeeded", "status", "--json")).split("\nwarning")[0] ?? "");
		expect(deadline).toEqual({ at: ends * 1000, source: "the provider's answer" });
	});

	test("whose answer is lost is for a person, and no second call is made", async () => {
		const api = await backend(() => ({}));
		const it = await world(api, "api-revoke", REVOKE(api.url));
		api.fail();
		await it.rotate("unknownState", "start");
		expect(await it.rotate("unknownState", "resume")).toContain("look at your backend which token was made last");
		expect(api.seen).toHaveLength(1);
		it.write("new.token", api.live.get("t-2") ?? "");
		await it.rotate("personNeeded", "resume", "--token", "file:new.token");
		expect(it.read()).toBe(api.live.get("t-2"));
	});

	test.each([
		["admin", "file:nothing", "io", "cannot read it"],
		["token-at", "/data/other", "unknownState", "has no token in it"],
		["token-at", "data", "usage", "token-at is a JSON pointer"],
		["issue", "POST http://example.com/tokens", "usage", "issue is a method and an https URL"],
		["issue", "BREW https://example.com/tokens", "usage", "issue is a method and an https URL"],
		["issue-json", "'{'", "usage", "issue-json is no JSON"],
		["headers", "{ X-Tenant: a-token-and-no-reference }", "usage", "file:PATH, env:NAME"],
		["end", undefined, "usage", "end is missing"],
	] as const)("with a wrong %s (%s) is one clear error", async (key, value, exit, says) => {
		const api = await backend((token, id) => ({ data: { value: token, id } }));
		const it = await world(api, "api-revoke", REVOKE(api.url));
		const file = (text: string) =>
			text.replace(new RegExp(`^    ${key}: .*\n`, "m"), value === undefined ? "" : `    ${key}: ${value}\n`);
		it.edit(file);
		expect(await it.rotate(exit, "start")).toContain(says);
	});

	test("fills in and reads only what is declared", () => {
		const about = {
			settings: { issue: "POST https://a.example/{token-id}/{x}" },
			operation: "o",
			attempt: 2,
			slowestMs: 0,
			isLeaked: false,
		};
		const odd = { ...about, tokenId: "a/../{operation}" };
		expect(requestOf(odd, "issue", '{"a": ["{attempt}{token-id}"], "__proto__": 1}')).toMatchObject({
			method: "POST",
			path: "https://a.example/a%2F..%2F%7Boperation%7D/{x}",
			json: { a: ["2a/../{operation}"] },
		});
		const body = '{"a": {"b/c": ["x", 7], "": "empty"}, "at": "2026-01-31T12:00:00Z", "n": null}';
		expect(
			["/a/b~1c/0", "/a/b~1c/1", "/a/", "/n", "/a", "/toString", "/a/b~1c/length"].map((at) => declaredText(body, at)),
		).toEqual(["x", "7", "empty", undefined, undefined, undefined, undefined]);
		expect(declaredText("<html>", "/a")).toBeUndefined();
		expect(declaredTime(body, "/at")).toBe(Date.UTC(2026, 0, 31, 12));
		expect([declaredTime('{"t": 1800000000}', "/t"), declaredTime('{"t": 1800000000000}', "/t")]).toEqual([
			1.8e12, 1.8e12,
		]);
		expect(declaredTime('{"t": "2026-01-31 12:00"}', "/t")).toBeUndefined();
	});
});

describe("a pair, of which both fields change together", () => {
	const STORE =
		"kind: env-file, path: app.env, key: LANGFUSE_SECRET_KEY, public-key: LANGFUSE_PUBLIC_KEY, reader: dotenv";

	async function paired() {
		const it = await rotationWorld("activitylog", { settings: { tier: "pro" } });
		it.write("app.env", `A=1\nLANGFUSE_PUBLIC_KEY=pk-old\nLANGFUSE_SECRET_KEY=${it.first}\n`);
		const fleet = it.fleet.replace(/\{ kind: token-file[^}]*\}/, `{ ${STORE}, confirm: person, within: 1m }`);
		it.write("crossfade.yaml", fleet.replace("store:file", "file:live.token"));
		await it.rotate("personNeeded", "start");
		const fresh = await it.click();
		return { it, fresh };
	}

	test("is asked as two fields, written in one write, and put back as one", async () => {
		const { it, fresh } = await paired();
		const paste = ["resume", "--token", "file:new.token"] as const;
		expect(await it.rotate("usage", ...paste)).toContain("the public id of the new token is missing");
		expect(await it.rotate("usage", ...paste, "--public-id", "not one")).toContain("not a public id");
		const id = String((await it.status()).tokens[0]?.id);
		await it.rotate("personNeeded", ...paste, "--public-id", id);
		expect(it.read("app.env")).toBe(`A=1\nLANGFUSE_PUBLIC_KEY=${id}\nLANGFUSE_SECRET_KEY=${fresh}\n`);
		await it.rotate("waiting", "rollback");
		expect(await it.rotate("ok", "log")).toMatch(/ rollback it$/m);
		expect(it.read("app.env")).toBe(`A=1\nLANGFUSE_PUBLIC_KEY=pk-old\nLANGFUSE_SECRET_KEY=${it.first}\n`);
	});

	test("is told from a token alone", async () => {
		const it = await rotationWorld("activitylog");
		await it.rotate("personNeeded", "start");
		await it.click();
		expect(await it.rotate("usage", "resume", "--token", "file:new.token", "--public-id", "pk-new")).toContain(
			"no store has a field",
		);
	});
});
