import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Page } from "playwright-core";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import type { OverlapView } from "../../src/prove/overlap/view.ts";
import { reportHtml } from "../../src/prove/web/report.ts";
import { startWatchPage, type WatchPage } from "../../src/prove/web/server.ts";
import { chromiumBrowser, closeBrowser, visit } from "../harness/browser.ts";
import { scratch, startCrossfade } from "../harness/cli.ts";
import { measureContrast } from "../harness/contrast.ts";
import { quietEffects } from "../harness/effects.ts";
import { sent, writeEvidence } from "../harness/evidence.ts";
import { demoOverlap, hostile, NEW, OLD } from "../harness/overlap.ts";
import { needs } from "../harness/parts.ts";

const names = Object.values(hostile);
const REFUSED = /Failed to load resource|ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY/;

afterAll(closeBrowser);

async function serve(view = demoOverlap(), { port = 0, seed }: { port?: number; seed?: string } = {}) {
	const page = await startWatchPage(quietEffects(seed), { host: "127.0.0.1", port, view });
	onTestFinished(() => page.close());
	return page;
}

function watched(view?: OverlapView, options?: Parameters<typeof visit>[1]) {
	return serve(view).then(async (watch) => ({ watch, ...(await visit(watch.url, options)) }));
}

/** The script has drawn once it says the local time, which the server does not know. */
function drawn(page: Page): Promise<void> {
	return page.getByText("06:43 CEST here").waitFor();
}

/** A view that differs in its answer. */
function answered(safeToRetire: "yes" | "not yet", reason: string, view = demoOverlap()): OverlapView {
	const { judgement } = view;
	return { ...view, judgement: { ...judgement, fleet: { ...judgement.fleet, safeToRetire, reason } } };
}

/** Rows of the senders' table, without its head. */
function rows(page: Page) {
	return page.locator(".senders tbody tr");
}

describe("the live page in a real Chromium", needs(chromiumBrowser), () => {
	test("draws itself and drops the used key from the address", async () => {
		const { page, watch } = await watched();
		await drawn(page);
		expect(page.url()).toBe(new URL("/", watch.url).href);
		expect(await page.title()).toBe("not yet · prod-eu · crossfade");
		expect(await rows(page).count()).toBe(25);
		expect(await page.getByRole("status").first().textContent()).toBe("Live");
		await page.reload();
		await drawn(page);
	});

	test("the script draws what the server sent: nothing moves when it begins", async () => {
		const view = demoOverlap({ names });
		const watch = await serve(view);
		const { page } = await visit(watch.url);
		await drawn(page);
		const fromScript = (await page.evaluate("document.querySelector('.senders').outerHTML")) as string;
		const [fromServer = ""] =
			/<table class="senders".*?<\/table>/s.exec(await (await page.request.get(page.url())).text()) ?? [];
		const timeless = (html: string) =>
			html
				.replace(/\d+ (s|min|h) ago|now/g, "ago")
				.replaceAll("&#39;", "'")
				.replaceAll("&quot;", '"');
		expect(fromServer.length).toBeGreaterThan(5_000);
		expect(timeless(fromScript)).toBe(timeless(fromServer));
	});

	test("shows changes while the user types, without losing input", async () => {
		const { page, watch } = await watched();
		await drawn(page);
		const filter = page.getByLabel("Filter");
		await filter.pressSequentially("mbp-l");
		watch.update(answered("yes", "all moved"));
		await page.getByRole("heading", { name: "Safe to retire the old token: yes" }).waitFor();
		await page.keyboard.type("ena");
		expect(await filter.inputValue()).toBe("mbp-lena");
		expect(await rows(page).count()).toBe(8);
		expect(await page.title()).toBe("yes · prod-eu · crossfade");
	});

	test("hostile names are text and nothing else", async () => {
		const gateways = names.map((place) => ({ place, url: place, state: "down" as const, detail: place }));
		const { page, watch } = await watched();
		await drawn(page);
		watch.update(
			demoOverlap({
				names,
				change: {
					gateways,
					rotation: { ...demoOverlap().rotation, name: hostile.html, provider: hostile.script },
				},
			}),
		);
		await page.getByRole("cell", { name: hostile.html }).waitFor();
		await page.getByRole("button", { name: "Show more" }).click();
		const shown = await page.evaluate("document.body.innerText");
		expect(shown).toContain(hostile.formula);
		expect(shown).toContain("laptop-\\u202egnp.exe");
		const elements = await page.evaluate(
			"[...new Set([...document.querySelectorAll('body *')].map((node) => node.localName))].sort().join(' ')",
		);
		expect(elements).toBe(
			"a b bdi button caption div footer g h1 h2 header input label li line main p polygon polyline rect script section span strong svg table tbody td text th thead tr ul",
		);
		expect(await page.evaluate("document.scripts.length")).toBe(1);
		expect(await page.title()).toBe(`not yet · ${hostile.html} · crossfade`);
	});

	test("can be used with the keyboard alone, and shows where one is", async () => {
		const { page } = await watched();
		await drawn(page);
		const focused = () =>
			page.evaluate(
				"[document.activeElement.textContent || document.activeElement.id, getComputedStyle(document.activeElement).outlineStyle, document.activeElement.matches(':focus-visible')]",
			);
		const walk: string[] = [];
		for (let step = 0; step < 15; step++) {
			await page.keyboard.press("Tab");
			const [name, outline, visible] = (await focused()) as [string, string, boolean];
			expect([name, outline, visible]).toEqual([name, "solid", true]);
			walk.push(name);
		}
		expect(walk).toEqual([
			"Skip to the senders",
			"OLD ONLY 3",
			"MIXED 2",
			"UNATTRIBUTED 2",
			"SILENT 2",
			"NEW SEEN 1",
			"MIGRATED 42",
			"filter",
			"Verdict",
			"Host",
			"CLI",
			"Version",
			"Old seen",
			"New seen",
			"Show more",
		]);
		await page.keyboard.press("Enter");
		expect(await rows(page).count()).toBe(52);
		await page.getByRole("button", { name: "SILENT 2" }).focus();
		await page.keyboard.press("Space");
		expect(await rows(page).count()).toBe(2);
		expect(await page.getByRole("button", { name: "SILENT 2", pressed: true }).count()).toBe(1);
		await page.getByRole("button", { name: "Host" }).focus();
		await page.keyboard.press("Enter");
		await page.keyboard.press("Enter");
		expect(await page.getByRole("columnheader", { name: "Host" }).getAttribute("aria-sort")).toBe("descending");
		expect(await rows(page).first().textContent()).toContain("mbp-on-holiday");
	});

	test.for([
		["light", 1200],
		["dark", 1200],
		["light", 360],
		["dark", 360],
	] as const)("every text stands out enough, %s at %i pixels", async ([scheme, width]) => {
		const { page, watch } = await watched(undefined, { dark: scheme === "dark", width });
		await drawn(page);
		const deadline = demoOverlap().rotation.deadline ?? 0;
		for (const hoursLeft of [13, 11, 3, 0.5, -1]) {
			const rotation = { ...demoOverlap().rotation, now: deadline - hoursLeft * 3_600_000 };
			watch.update(demoOverlap({ change: { rotation, names: { [NEW]: `view with ${hoursLeft} h` } } }));
			await page.getByText(`view with ${hoursLeft} h`).first().waitFor();
			const { weak, measured } = (await page.evaluate(measureContrast)) as { weak: string[]; measured: number };
			expect(measured).toBeGreaterThan(150);
			expect(weak).toEqual([]);
		}
	});

	test.for([320, 360, 768, 993, 1024])("nothing has to be scrolled sideways at %i pixels", async (width) => {
		const view = demoOverlap({ names, change: {} });
		const { page } = await watched(view, { width });
		await drawn(page);
		expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
	});

	test("a screen reader finds landmarks, names for all controls, and tables with heads", async () => {
		const { page } = await watched(undefined, { width: 360 });
		await drawn(page);
		const tree = await page.locator("body").ariaSnapshot();
		for (const expected of [
			"- banner:",
			"- main:",
			"- contentinfo:",
			"- 'heading \"Safe to retire the old token: not yet\" [level=1]'",
			'- region "Old token expires in"',
			'- region "Requests with the old token"',
			"- 'img \"Requests with the old token per 15 minutes, from 2026-05-04 04:45 UTC: most",
			'- table "The two tokens side by side"',
			'- table "Senders, those that need a person first"',
			'- columnheader "Verdict"',
			'- cell "ci-runner-47"',
			'- list "Senders by verdict"',
			'- searchbox "Filter"',
			'- button "Show more"',
		]) {
			expect(tree).toContain(expected);
		}
		expect(tree).not.toMatch(/^ *- (button|searchbox|link|img|table|region|heading)(:| \[|$)/m);
	});

	test("says that the connection is lost, keeps what it has, and is live again when the watch is back", async () => {
		const first = await serve(undefined, { seed: "same" });
		const { page } = await visit(first.url, { expected: REFUSED });
		await drawn(page);
		await first.close();
		await page.getByText("The watch has ended. Below is its last state.").waitFor();
		expect(await rows(page).count()).toBe(25);
		const port = Number(new URL(first.url).port);
		await serve(answered("yes", "all moved"), { port, seed: "same" });
		await page.getByRole("heading", { name: "Safe to retire the old token: yes" }).waitFor();
		expect(await page.locator(".link").textContent()).toBe("Live");
	});

	/** The built program's page, with a yes on it. */
	async function yesOnScreen() {
		const cwd = scratch({
			"crossfade.yaml": `version: 1\ntokens: { old: "fp:${OLD}", new: "fp:${NEW}" }\nhosts: { expected: [mac-1] }\nevery: 1h\n`,
		});
		const traffic = [sent(OLD, 190), ...[160, 120, 80, 40, 2].map((minutes) => sent(NEW, minutes))];
		writeEvidence(join(cwd, "crossfade-evidence"), { traffic, interval: 4 * 60_000 });
		const watch = startCrossfade(["watch", "--web", "--every", "1s"], { cwd });
		const url = await watch.find(/open +(http:\/\/127\.0\.0\.1:\d+\/\?key=\S+)/);
		const { page } = await visit(url, { expected: REFUSED });
		await page.getByText("Live", { exact: true }).waitFor();
		await heading(page, "yes");
		expect(await page.title()).toBe("yes · crossfade");
		return { watch, page };
	}

	const heading = (page: Page, answer: string, timeout = 30_000) =>
		page.getByRole("heading", { name: `Safe to retire the old token: ${answer}` }).waitFor({ timeout });

	async function withdrawn(page: Page, timeout: number) {
		await heading(page, "no answer", timeout);
		expect(await page.title()).toBe("no answer · crossfade");
		expect(await page.getByText("Safe to retire the old token: yes").count()).toBe(0);
	}

	test("a yes is gone six seconds after its watch was killed", async () => {
		const { watch, page } = await yesOnScreen();
		await watch.kill();
		await withdrawn(page, 6_000);
	});

	test("a yes is gone within a minute after its watch began to hang, and there again once that goes on", async () => {
		const { watch, page } = await yesOnScreen();
		watch.signal("SIGSTOP");
		await withdrawn(page, 60_000);
		watch.signal("SIGCONT");
		await heading(page, "yes");
	});

	test("a yes is gone when the watch answers but looks no more, also for who opens the page then", async () => {
		const view = answered("yes", "all moved");
		const watch = await startWatchPage(quietEffects(), { host: "127.0.0.1", port: 0, view, holdsMs: 4_000 });
		onTestFinished(() => watch.close());
		const { page } = await visit(watch.url);
		await heading(page, "yes");
		await heading(page, "no answer");
		expect(await page.title()).toBe("no answer · prod-eu · crossfade");
		await page.reload();
		await heading(page, "no answer");
		await drawn(page);
		expect(await page.title()).toBe("no answer · prod-eu · crossfade");
		watch.update(view);
		await heading(page, "yes");
	});

	test("a watch started anew asks for its new link, and the old page comes back once that is opened", async () => {
		const first = await serve();
		const { page } = await visit(first.url, { expected: REFUSED });
		await drawn(page);
		await first.close();
		const port = Number(new URL(first.url).port);
		const second: WatchPage = await serve(answered("yes", "all moved"), { port });
		await page.waitForResponse((answer) => answer.status() === 403);
		expect(await page.getByRole("heading", { level: 1 }).textContent()).toContain("no answer");
		const other = await page.context().newPage();
		await other.goto(second.url);
		await page.getByRole("heading", { name: "Safe to retire the old token: yes" }).waitFor();
	});

	test("5,000 senders: only the chosen rows are in the page, and all can be found", async () => {
		const view = demoOverlap();
		const [row] = view.judgement.senders;
		if (!row) throw new Error("the demo has senders");
		const senders = Array.from({ length: 5_000 }, (_each, index) => ({ ...row, host: `host-${index}` }));
		const { page } = await watched({ ...view, judgement: { ...view.judgement, senders } });
		await drawn(page);
		expect(await rows(page).count()).toBe(25);
		expect(await page.getByText("25 of 5,000 shown.").count()).toBe(1);
		await page.getByRole("button", { name: "Show more" }).click();
		expect(await rows(page).count()).toBe(125);
		await page.getByLabel("Filter").fill("host-4999");
		expect(await rows(page).count()).toBe(1);
	});
});

describe("the report in a real Chromium", needs(chromiumBrowser), () => {
	test.for(["light", "dark"] as const)("opens from a file, asks for nothing, reads well when %s", async (scheme) => {
		const folder = scratch({ "report.html": reportHtml(demoOverlap({ names, change: {} })) });
		const url = pathToFileURL(join(folder, "report.html")).href;
		const { page } = await visit(url, { dark: scheme === "dark", width: 360 });
		expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Safe to retire the old token: not yet");
		expect(await rows(page).count()).toBe(52 + names.length);
		expect(await page.evaluate("document.querySelectorAll('script, img, iframe, button, input').length")).toBe(0);
		expect(await page.evaluate("getComputedStyle(document.querySelector('.panel')).borderRadius")).toBe("10px");
		expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
		const { weak } = (await page.evaluate(measureContrast)) as { weak: string[] };
		expect(weak).toEqual([]);
	});
});
