import template from "../../../templates/yaml/crossfade.yaml.hbs";
import type { Provider } from "../../adapters/providers/provider.ts";
import { renderTemplate } from "./template.ts";

/** A commented starter fleet file: every key, with those that need a decision commented out. */
export function fleetFile({ id, title, endpoint }: Provider): string {
	return renderTemplate(template, { name: `${title} token`, provider: id, needsEndpoint: endpoint === undefined });
}
