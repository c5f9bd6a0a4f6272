import type { OverlapView } from "../overlap/view.ts";
import { reportDocument } from "./document.ts";
import { pageData } from "./state.ts";

/** The overlap as one HTML file that needs nothing else: no script, no request, no font. Very long lists of senders are cut, and say so. */
export function reportHtml(view: OverlapView): string {
	return reportDocument(pageData(view));
}
