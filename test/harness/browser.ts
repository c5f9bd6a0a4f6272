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
}

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
		args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
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
	await page.goto(url);
	onTestFinished(() => {
		expect(faults.filter((fault) => !expected?.test(fault))).toEqual([]);
	});
	return { page, faults };
}

/** Ends the browser that the visits of a file shared. */
export async function closeBrowser(): Promise<void> {
	await (await running)?.close();
	running = undefined;
}
