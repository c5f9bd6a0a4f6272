import { request } from "node:http";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Effects } from "../../../src/effects/effects.ts";
import type { ServeOptions, ServerRequest } from "../../../src/effects/net/http-server.ts";
import { newAccess } from "../../../src/prove/web/access.ts";
import { startWatchPage, type WatchPage } from "../../../src/prove/web/server.ts";
import { Secret } from "../../../src/token/secret.ts";
import { canary, leaks } from "../../harness/canary.ts";
import { quietEffects } from "../../harness/effects.ts";
import { demoOverlap, NEW } from "../../harness/overlap.ts";
import { waitFor } from "../../harness/wait.ts";

async function watchPage(view = demoOverlap()): Promise<WatchPage> {
	const page = await startWatchPage(quietEffects(), { host: "127.0.0.1", port: 0, view });
	onTestFinished(() => page.close());
	return page;
}

/** What a page says whose answer nobody looked at again in time. */
const LOST = 'class="link lost"';

interface PageAnswer {
	readonly status: number;
	readonly headers: Readonly<Record<string, string | string[] | undefined>>;
	readonly body: string;
}

function ask(url: string, headers: Record<string, string> = {}, method = "GET"): Promise<PageAnswer> {
	return new Promise((done, fail) => {
		const outgoing = request(url, { method, headers }, (answer) => {
			let body = "";
			answer.setEncoding("utf8").on("data", (chunk: string) => {
				body += chunk;
			});
			answer.on("end", () => done({ status: answer.statusCode ?? 0, headers: answer.headers, body }));
		});
		outgoing.on("error", fail).end();
	});
}

/** The session that the key of a page gives, and the page's address without the key. */
async function enter(page: WatchPage): Promise<{ cookie: string; base: string; first: PageAnswer }> {
	const first = await ask(page.url);
	const [cookie = ""] = first.headers["set-cookie"] ?? [];
	return { cookie: cookie.split(";")[0] ?? "", base: new URL("/", page.url).href, first };
}

/** What a page is sent, as it comes; `text` grows. */
async function listen(base: string, cookie: string): Promise<{ text: string; ended: boolean }> {
	const heard = { text: "", ended: false };
	await new Promise<void>((done, fail) => {
		const outgoing = request(`${base}events`, { headers: { cookie } }, (answer) => {
			answer.setEncoding("utf8").on("data", (chunk: string) => {
				heard.text += chunk;
			});
			answer.on("close", () => {
				heard.ended = true;
			});
			done();
		});
		outgoing.on("error", fail).end();
		onTestFinished(() => {
			outgoing.destroy();
		});
	});
	return heard;
}

describe("access", () => {
	test("the key opens it once and leaves a session that scripts and other sites cannot use", async () => {
		const page = await watchPage();
		const { cookie, base, first } = await enter(page);
		expect(first.status).toBe(200);
		expect(first.headers["set-cookie"]).toEqual([
			expect.stringMatching(/^crossfade_[0-9a-f]{12}=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Strict$/),
		]);
		expect((await ask(page.url)).status).toBe(403);
		expect((await ask(base, { cookie })).status).toBe(200);
		expect((await ask(page.url, { cookie })).status).toBe(200);
	});

	test("is refused without key and session, with a wrong one, elsewhere, or with another method", async () => {
		const page = await watchPage();
		const { cookie, base } = await enter(page);
		const wrong = cookie.replace(/.$/, (last) => (last === "A" ? "B" : "A"));
		for (const [url, headers] of [
			[base, {}],
			[`${base}?key=`, {}],
			[`${base}?key=${"A".repeat(43)}`, {}],
			[`${base}events`, {}],
			[base, { cookie: wrong }],
			[base, { cookie: cookie.split("=")[0] ?? "" }],
			[`${base}favicon.ico`, { cookie }],
			[`${base}%2e%2e/etc/passwd`, { cookie }],
		] as const) {
			const answer = await ask(url, headers);
			expect([url, answer.status]).toEqual([url, 403]);
			expect(answer.headers["set-cookie"]).toBeUndefined();
			expect(answer.body).not.toContain("gw-eu-1");
		}
		expect((await ask(base, { cookie }, "HEAD")).status).toBe(405);
		expect((await ask(base, { cookie }, "POST")).status).toBe(405);
	});

	test("HEAD requests do not use up the link", async () => {
		const page = await watchPage();
		expect((await ask(page.url, {}, "HEAD")).status).toBe(405);
		expect((await ask(page.url)).status).toBe(200);
	});

	test.each([
		["evil.example", 403],
		["evil.example:80", 403],
		["127.0.0.1.evil.example", 403],
		["localhost.evil.example", 403],
		["user@127.0.0.1", 403],
		["localhost:9999", 200],
		["127.0.0.1", 200],
		["[::1]:4000", 200],
	])("under the name %j the answer is %i: no foreign name can be pointed here", async (host, status) => {
		const { cookie, base } = await enter(await watchPage());
		expect((await ask(base, { cookie, host })).status).toBe(status);
	});

	test("other origins are refused, and none is ever allowed", async () => {
		const { cookie, base } = await enter(await watchPage());
		for (const origin of ["http://evil.example", "null", base.replace("http:", "https:").slice(0, -1)]) {
			expect((await ask(base, { cookie, origin })).status).toBe(403);
		}
		const own = await ask(base, { cookie, origin: base.slice(0, -1) });
		expect(own.status).toBe(200);
		expect(Object.keys(own.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
	});

	test("a name that was chosen to listen on is known", () => {
		const access = newAccess("k", "s", "gateway.internal");
		const admit = (host: string) => access.admit({ query: "key=k", headers: { host } });
		expect(admit("other.internal:8080")).toBe("refused");
		expect(admit("gateway.internal:8080")).toHaveProperty("set-cookie");
	});
});

describe("what is sent", () => {
	test("the page forbids itself everything but its own script, style and events", async () => {
		const { first } = await enter(await watchPage());
		expect(first.headers["content-security-policy"]).toMatch(
			/^default-src 'none'; style-src 'sha256-[^']+'; img-src data:; base-uri 'none'; form-action 'none'; script-src 'sha256-[^']+'; connect-src 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'$/,
		);
		expect(first.headers).toMatchObject({
			"cache-control": "no-store",
			"x-content-type-options": "nosniff",
			"referrer-policy": "no-referrer",
			"x-frame-options": "DENY",
			"cross-origin-opener-policy": "same-origin",
			"cross-origin-resource-policy": "same-origin",
		});
	});

	test("a view at once, another when it changed, none when only its clock did, and a word at the end", async () => {
		const page = await watchPage();
		const { cookie, base } = await enter(page);
		const heard = await listen(base, cookie);
		const events = () => heard.text.match(/^event: \w+$/gm) ?? [];
		await waitFor("the first view", () => events().length === 1);
		const view = demoOverlap();
		page.update({ ...view, rotation: { ...view.rotation, now: view.rotation.now + 5_000 } });
		const gateways = view.gateways.map((gateway) => ({ ...gateway, at: view.rotation.now + 5_000 }));
		const series = view.series.map((each) => ({ ...each, until: view.rotation.now + 5_000 }));
		page.update({ ...view, gateways, series, rotation: { ...view.rotation, now: view.rotation.now + 5_000 } });
		page.update(demoOverlap({ change: { names: { [NEW]: "something new" } } }));
		await waitFor("the change", () => heard.text.includes("something new"));
		await page.close();
		await waitFor("the end of the stream", () => heard.ended);
		expect(events()).toEqual(["event: view", "event: view", "event: end"]);
	});

	test("no token, even where a host is called like one", async () => {
		const token = canary();
		Secret.of(token.token);
		const page = await watchPage(demoOverlap({ names: [token.token, `host-${token.token}.lan`] }));
		const { cookie, base, first } = await enter(page);
		const heard = await listen(base, cookie);
		await waitFor("the first view", () => heard.text.endsWith("\n\n"));
		expect(leaks([token], { page: first.body, events: heard.text })).toEqual([]);
	});

	test("a hundred pages, and no more until one is closed, so that those which read nothing fill no memory", async () => {
		const { cookie, base } = await enter(await watchPage());
		const open = await Promise.all(Array.from({ length: 100 }, () => listen(base, cookie)));
		await waitFor("a hundred views", () => open.every(({ text }) => text !== ""));
		expect((await ask(`${base}events`, { cookie })).status).toBe(503);
	});

	test("a word whenever the watch looked again, and every 15 seconds how old the answer is", async () => {
		let answer: ServeOptions["answer"] | undefined;
		let at = 0;
		const real = quietEffects("seed");
		const fake: Effects = {
			...real,
			clock: { ...real.clock, now: () => at },
			serve: async (options) => {
				answer = options.answer;
				return { url: "http://127.0.0.1:1", close: async () => undefined };
			},
		};
		const view = demoOverlap();
		const page = await startWatchPage(fake, { host: "127.0.0.1", port: 1, view, holdsMs: 50_000 });
		const query = new URL(page.url).search.slice(1);
		const asked = { method: "GET", query, headers: { host: "127.0.0.1:1" }, body: new Uint8Array() };
		const stream = await answer?.({ ...asked, path: "/events" });
		if (!stream || !("start" in stream)) throw new Error("the events are a stream");
		const written: string[] = [];
		stream.start((text) => {
			if (text !== "") written.push(text);
			return 0;
		});
		expect(written.join()).toContain('"ageMs":0,"holdsMs":50000');
		at = 20_000;
		expect(stream.heartbeat?.()).toBe('event: here\ndata: {"ageMs":20000,"holdsMs":50000}\n\n');
		page.update(view);
		page.update(view);
		expect(written.slice(1)).toEqual(['event: here\ndata: {"ageMs":0,"holdsMs":50000}\n\n']);
	});

	test("a page is drawn once for all who ask for it, and anew when its answer no longer holds or another view came", async () => {
		let answer: ServeOptions["answer"] | undefined;
		let at = 0;
		const real = quietEffects("seed");
		const fake: Effects = {
			...real,
			clock: { ...real.clock, now: () => at },
			serve: async (options) => {
				answer = options.answer;
				return { url: "http://127.0.0.1:1", close: async () => undefined };
			},
		};
		const page = await startWatchPage(fake, { host: "127.0.0.1", port: 1, view: demoOverlap(), holdsMs: 50_000 });
		const get = async (query: string, cookie: string) => {
			const headers = { host: "127.0.0.1:1", cookie };
			const given = await answer?.({ method: "GET", path: "/", query, headers, body: new Uint8Array() });
			if (!given || !("body" in given)) throw new Error("the page is one answer");
			return given;
		};
		const first = await get(new URL(page.url).search.slice(1), "");
		const [cookie = ""] = String(first.headers?.["set-cookie"]).split(";");
		const again = await get("", cookie);
		expect(again.status).toBe(200);
		expect(again.body).toBe(first.body);
		at = 50_001;
		const late = await get("", cookie);
		const isLost = ({ body }: { readonly body: unknown }) => String(body).includes(LOST);
		expect([isLost(first), isLost(late)]).toEqual([false, true]);
		page.update(demoOverlap({ change: { names: { [NEW]: "something new" } } }));
		const next = await get("", cookie);
		expect([isLost(next), String(next.body).includes("something new")]).toEqual([false, true]);
	});

	test("nothing more to a page that lags behind, until it has caught up", async () => {
		let answer: ServeOptions["answer"] | undefined;
		const fake: Effects = {
			...quietEffects("seed"),
			serve: async (options) => {
				answer = options.answer;
				return { url: "http://127.0.0.1:1", close: async () => undefined };
			},
		};
		const page = await startWatchPage(fake, { host: "127.0.0.1", port: 1, view: demoOverlap() });
		const asked: ServerRequest = {
			method: "GET",
			path: "/events",
			query: new URL(page.url).search.slice(1),
			headers: { host: "127.0.0.1:1" },
			body: new Uint8Array(),
		};
		const stream = await answer?.(asked);
		if (!stream || !("start" in stream)) throw new Error("the events are a stream");
		let backlog = 1;
		const written: string[] = [];
		stream.start((text) => {
			if (text !== "") written.push(text);
			return backlog;
		});
		const changed = demoOverlap({ change: { names: { [NEW]: "something new" } } });
		page.update(changed);
		expect(written).toHaveLength(1);
		backlog = 0;
		page.update(changed);
		page.update(changed);
		expect(written).toHaveLength(2);
		expect(written[1]).toContain("something new");
	});
});
