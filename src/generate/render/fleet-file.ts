import template from "../../../templates/yaml/crossfade.yaml.hbs";
import type { Provider } from "../../adapters/providers/provider.ts";
import { renderTemplate } from "./template.ts";

/** A commented starter fleet file: every key, with those that need a decision commented out; with `rotates`, not those of rotations. */
export function fleetFile({ id, title, endpoint }: Provider, { rotates } = { rotates: false }): string {
	const text = renderTemplate(template, {
		name: `${title} token`,
		provider: id,
		needsEndpoint: endpoint === undefined,
	});
	const [head = "", tail = ""] = text.split(ROTATE);
	return rotates ? head + ROTATE + tail.replaceAll(/^# (?=stores:|rotations:| )/gm, "") : text;
}

/** The comment at which the blocks of rotations begin. */
const ROTATE = "# For crossfade rotate:";
