import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { secretForms } from "../../../src/token/forms.ts";
import { chromiumBrowser, closeBrowser, REBOUND, visit } from "../../harness/browser.ts";
import { awkwardCanary, type Canary, canary, filesBelow, leaks } from "../../harness/canary.ts";
import { scratch, startCrossfade } from "../../harness/cli.ts";
import { needs } from "../../harness/parts.ts";
import { waitFor } from "../../harness/wait.ts";

afterAll(closeBrowser);

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<number> {
	const server = createServer(answer);
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	onTestFinished(() => {
		server.closeAllConnections();
		server.close();
	});
	return (server.address() as { port: number }).port;
}

const label = (value: string) => value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

/** The real command with its page, and a gateway whose clients call themselves by tokens, in every form. */
async function watching() {
	const [old, fresh, stranger] = [canary(), awkwardCanary(), canary()];
	const forms = ({ token }: Canary) => [...secretForms(token), `mac-${token}.lan`, Buffer.from(token).toString("hex")];
	// Of a token that it does not know it goes by the shape alone, which one case hides.
	const isOtherCase = (form: string) => form !== stranger.token && form.toLowerCase() === stranger.token.toLowerCase();
	const asGiven = forms(stranger).filter((form) => !isOtherCase(form));
	const names = [...forms(old), ...forms(fresh), ...asGiven];
	let looks = 0;
	const port = await serve((_request, response) => {
		looks++;
		const row = (host: string, index: number) =>
			`crossfade_tap_requests_total{fingerprint="${index % 2 ? old.fingerprint : fresh.fingerprint}",signal="logs",host="${label(host)}",cli="${label(host)}"} ${looks}\n`;
		response.end([...names, "mac-1"].map(row).join(""));
	});
	const cwd = scratch({ "old.token": old.token, "new.token": fresh.token });
	const tokens = ["--token", "old=file:old.token", "--token", "new=file:new.token"];
	const gateway = ["--gateway", `gw=http://127.0.0.1:${port}/metrics`];
	const watch = startCrossfade(["watch", "--web", "--every", "200ms", ...tokens, ...gateway], { cwd });
	const url = await watch.find(/open {2}(http:\S+)/);
	return { url, cwd, canaries: [old, fresh, stranger], looks: () => looks };
}

describe("the live page of the real command, in a real Chromium", needs(chromiumBrowser), () => {
	test("no token in anything it loaded, was sent, keeps or shows, nor in the evidence", async () => {
		const { url, cwd, canaries, looks } = await watching();
		const { page, received } = await visit(url);
		await page.getByRole("cell", { name: "mac-1" }).first().waitFor();
		const before = looks();
		await waitFor("more events", () => looks() > before + 5 && received.some((each) => each.includes("eventName")));
		const kept = JSON.stringify([
			await page.context().storageState(),
			await page.evaluate("[location.href, document.title, performance.getEntries().map((each) => each.name)]"),
		]);
		const shown = await page.content();
		expect(received.join("")).toContain("mac-1");
		const folder = join(cwd, "crossfade-evidence");
		expect(leaks(canaries, { received: received.join("\n"), shown, kept, ...filesBelow(folder) })).toEqual([]);
	});

	/** What a page can try, each giving what it could read, or nothing. */
	const TRIES: Readonly<Record<string, string>> = {
		fetch: "fetch(url, { credentials: 'include' }).then((answer) => answer.text())",
		"fetch without CORS": "fetch(url, { credentials: 'include', mode: 'no-cors' }).then((answer) => answer.text())",
		"fetch of a header of its own":
			"fetch(url, { credentials: 'include', headers: { 'x-a': '1' } }).then((answer) => answer.text())",
		events:
			"new Promise((done, fail) => { const source = new EventSource(url, { withCredentials: true }); source.addEventListener('view', (event) => done(event.data)); source.onerror = fail; })",
		frame:
			"new Promise((done) => { const frame = document.createElement('iframe'); frame.onload = () => { try { done(frame.contentDocument?.body?.innerText ?? ''); } catch { done(''); } }; frame.src = url; document.body.append(frame); })",
		script:
			"new Promise((done, fail) => { const script = document.createElement('script'); script.onload = () => done('it was loaded'); script.onerror = fail; script.src = url; document.body.append(script); })",
		window:
			"new Promise((done) => { const opened = window.open(url); setTimeout(() => { try { done(opened.document.body.innerText); } catch { done(''); } }, 1_000); })",
	};

	test.each(["127.0.0.1", "localhost", REBOUND])(
		"another page, of %s, reads nothing of it, though the browser has its session",
		async (name) => {
			const { url } = await watching();
			const { page } = await visit(url, { expected: /./ });
			await page.getByRole("cell", { name: "mac-1" }).first().waitFor();
			const own = new URL(url);
			const hostile = await serve((_request, response) => {
				response.setHeader("content-type", "text/html").end("<body>hostile</body>");
			});
			const answers: string[] = [];
			page.context().on("response", (response) => {
				if (response.url().includes(`:${own.port}/`)) answers.push(JSON.stringify(response.headers()));
			});
			const other = await page.context().newPage();
			await other.goto(`http://${name}:${hostile}/`);
			for (const target of ["127.0.0.1", name]) {
				for (const path of ["/", "/events"]) {
					for (const [what, attempt] of Object.entries(TRIES)) {
						const there = JSON.stringify(`http://${target}:${own.port}${path}`);
						const read = await other.evaluate(`(async (url) => ${attempt})(${there}).catch(() => "")`);
						expect({ what, target, path, read }).toEqual({ what, target, path, read: "" });
					}
				}
			}
			expect(answers.length).toBeGreaterThan(0);
			expect(answers.filter((headers) => headers.includes("access-control"))).toEqual([]);
		},
	);

	test("a name that was pointed here shows nothing, whatever it asks for", async () => {
		const { url } = await watching();
		const { page } = await visit(url, { expected: /./ });
		await page.getByRole("cell", { name: "mac-1" }).first().waitFor();
		for (const path of ["/", "/events", `/${new URL(url).search}`]) {
			const response = await page.goto(`http://${REBOUND}:${new URL(url).port}${path}`);
			expect([path, response?.status()]).toEqual([path, 403]);
			expect(await page.content()).not.toContain("mac-1");
		}
	});
});
