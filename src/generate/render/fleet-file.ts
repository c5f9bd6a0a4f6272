import template from "../../../templates/yaml/crossfade.yaml.hbs";
import type { Provider } from "../../adapters/providers/provider.ts";
import { renderTemplate } from "./template.ts";

/** A commented fleet file to begin with: every key there is, those that need a decision as comments. */
export function fleetFile({ id, title, endpoint }: Provider): string {
	return renderTemplate(template, { name: `${title} token`, provider: id, needsEndpoint: endpoint === undefined });
}
