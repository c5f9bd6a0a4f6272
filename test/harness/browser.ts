import { type Browser, chromium, type Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import { program } from "./parts.ts";

export const chromiumBrowser = program("chromium");
let running: Promise<Browser> | undefined;

/** A page in a fresh profile of the real Chromium, and everything that went wrong in it. */
export interface Visit {
	readonly page: Page;
	/** Console errors, exceptions, broken policies, and requests that left the page's own origin. */
	readonly faults: string[];
	/** All that it loaded and was sent: addresses, headers, bodies, events. Grows. */
	readonly received: string[];
}

/** A name that a page's owner pointed at this machine. */
export const REBOUND = "rebound.test";

interface VisitOptions {
	readonly width?: number;
	readonly dark?: boolean;
	/** What the test provokes, such as a connection that is refused. */
	readonly expected?: RegExp;
}

/** Opens a page in Chromium; after the test nothing may have gone wrong in it. */
export async function visit(url: string, options: VisitOptions = {}): Promise<Visit> {
	const { width = 1200, dark = false, expected } = options;
	running ??= chromium.launch({
		executablePath: chromiumBrowser.path,
		args: [`--host-resolver-rules=MAP ${REBOUND} 127.0.0.1`, ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])],
	});
	const browser = await running;
	const profile = await browser.newContext({
		viewport: { width, height: 800 },
		timezoneId: "Europe/Berlin",
		colorScheme: dark ? "dark" : "light",
		reducedMotion: "reduce",
	});
	onTestFinished(() => profile.close());
	const page = await profile.newPage();
	const faults: string[] = [];
	page.on("console", (message) => {
		if (message.type() === "error" || message.type() === "warning") faults.push(message.text());
	});
	page.on("pageerror", ({ message }) => faults.push(message));
	page.on("dialog", (dialog) => {
		faults.push(`dialog ${dialog.message()}`);
		void dialog.dismiss();
	});
	const { origin, href } = new URL(url);
	page.on("request", (request) => {
		const asked = new URL(request.url());
		const own = origin === "null" ? asked.href === href : asked.origin === origin;
		if (!own && asked.protocol !== "data:") faults.push(`asked for ${asked.href}`);
	});
	const received = await recorded(page);
	await page.goto(url);
	onTestFinished(() => {
		expect(faults.filter((fault) => !expected?.test(fault))).toEqual([]);
	});
	return { page, faults, received };
}

/** As in a HAR, and the events of a stream that has no end. https://chromedevtools.github.io/devtools-protocol/tot/Network/ */
async function recorded(page: Page): Promise<string[]> {
	const received: string[] = [];
	const network = await page.context().newCDPSession(page);
	await network.send("Network.enable");
	network.on("Network.eventSourceMessageReceived", (event) => received.push(JSON.stringify(event)));
	network.on("Network.responseReceivedExtraInfo", (event) => received.push(JSON.stringify(event)));
	network.on("Network.responseReceived", ({ response }) => received.push(JSON.stringify(response)));
	network.on("Network.loadingFinished", ({ requestId }) => {
		network.send("Network.getResponseBody", { requestId }).then(
			({ body }) => received.push(body),
			// Another page is there by now.
			() => undefined,
		);
	});
	return received;
}

/** Ends the browser that the visits of a file shared. */
export async function closeBrowser(): Promise<void> {
	await (await running)?.close();
	running = undefined;
}
