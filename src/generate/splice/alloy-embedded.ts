import { CrossfadeError } from "../../base/errors.ts";
import { type AlloyRequest, manualAlloy, spliceAlloy } from "./alloy.ts";
import { blockText, inFile } from "./block-text.ts";
import { alloyTexts } from "./locate.ts";
import type { SpliceOutcome } from "./request.ts";
import { parseYaml } from "./yaml-document.ts";

/** `spliceAlloy` for an Alloy config embedded as a block of text in a YAML file: Helm values, or a ConfigMap. */
export function spliceAlloyInYaml(text: string, file: string, request: AlloyRequest): SpliceOutcome {
	const scalars = parseYaml(text, file).documents.flatMap((document) => alloyTexts(document));
	const [scalar] = scalars;
	const refused = (what: string) =>
		new CrossfadeError("refused", {
			what,
			expected: "one block of text (|) with the config, as in alloy.configMap.content",
			got: `${scalars.length} of them`,
			where: { file },
			fix: `save the Alloy config to a separate file, and name that; or ${manualAlloy(request)}`,
		});
	if (!scalar || scalars.length > 1) throw refused("expected exactly one Alloy config in this file");
	const block = blockText(text, scalar);
	if (!block) throw refused("the Alloy config in this file could not be restored byte for byte");
	try {
		const inner = spliceAlloy(block.text, file, request);
		return { ...inner, text: block.put(inner.text) };
	} catch (error) {
		throw error instanceof CrossfadeError ? inFile(error, block) : error;
	}
}
