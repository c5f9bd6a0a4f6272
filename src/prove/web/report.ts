import type { OverlapView } from "../overlap/view.ts";
import { reportDocument } from "./document.ts";
import { pageData } from "./state.ts";

/** The overlap as one self-contained HTML file: no scripts, requests or fonts. Very long lists of senders are cut, with a note. */
export function reportHtml(view: OverlapView): string {
	return reportDocument(pageData(view));
}
