import { createHash } from "node:crypto";
import script from "../../../templates/web/client.ts?text";
import style from "../../../templates/web/page.css?text";
import type { OverlapView } from "../overlap/view.ts";
import { html } from "./html.ts";
import { pageBody, pageTitle } from "./page.ts";
import type { PageData, PageState } from "./state.ts";
import { h } from "./tree.ts";

/** Loads nothing; the only style sheet and script are allowed by hash. */
const REPORT_POLICY = [
	"default-src 'none'",
	`style-src '${hash(style)}'`,
	"img-src data:",
	"base-uri 'none'",
	"form-action 'none'",
];
const LIVE_POLICY = [
	...REPORT_POLICY,
	`script-src '${hash(script)}'`,
	"connect-src 'self'",
	"frame-ancestors 'none'",
	"require-trusted-types-for 'script'",
	"trusted-types 'none'",
].join("; ");

function hash(text: string): string {
	return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

/** The page's icon: two crossing curves. */
const ICON = `data:image/svg+xml,${encodeURIComponent(
	'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke-width="5" stroke-linecap="round"><path d="M3 7C17 7 15 25 29 25" stroke="#c07a1d"/><path d="M3 25C17 25 15 7 29 7" stroke="#16848c"/></svg>',
)}`;

/** The report as one self-contained HTML file: no scripts, requests or fonts. */
export function reportDocument(data: PageData): string {
	const policy = h("meta", { "http-equiv": "Content-Security-Policy", content: REPORT_POLICY.join("; ") });
	return page(data.view, html(policy), pageBody(data).map(html).join(""));
}

/** The live page, with its required headers. It is complete before its script runs. */
export function liveDocument(data: PageData, state: PageState): { body: string; policy: string } {
	const body = pageBody(data, state).map(html).join("");
	return { body: page(data.view, "", `${body}<script>${script}</script>`), policy: LIVE_POLICY };
}

function page(view: OverlapView, policy: string, body: string): string {
	const head = [
		h("meta", { charset: "utf-8" }),
		h("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }),
		h("meta", { name: "referrer", content: "no-referrer" }),
		h("meta", { name: "color-scheme", content: "light dark" }),
		h("title", {}, pageTitle(view)),
		h("link", { rel: "icon", href: ICON }),
	];
	const top = `${policy}${head.map(html).join("")}<style>${style}</style>`;
	return `<!doctype html>\n<html lang="en"><head>${top}</head><body>${body}</body></html>\n`;
}
