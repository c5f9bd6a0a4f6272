import { isMap } from "yaml";
import { CrossfadeError } from "../../base/errors.ts";
import { secretForms } from "../../token/forms.ts";
import { protect } from "../../token/guard.ts";
import { parseAlloy, stringValue } from "../splice/alloy-syntax.ts";
import { configsIn } from "../splice/locate.ts";
import { parseYaml } from "../splice/yaml-document.ts";
import { configModel, textsBelow } from "./config-model.ts";
import { isCredentialKey, literalCredential } from "./credentials.ts";

/** Masks literal credentials of a config in all output from now on: lines around a change can contain one. */
export function protectLiterals(text: string, file: string, dialect: "otelcol" | "alloy"): void {
	for (const literal of literalsIn(text, file, dialect)) protect(secretForms(literal), "[masked]");
}

/** Every literal credential in a config. */
function literalsIn(text: string, file: string, dialect: "otelcol" | "alloy"): string[] {
	if (dialect === "alloy") {
		return alloyTexts(text, file).flatMap((value) => literalCredential(value) ?? []);
	}
	return configsIn(parseYaml(text, file).documents).flatMap(({ document, node }) => {
		if (!isMap(node)) return literalsInText(String(node.value), file);
		const texts = configModel(document, node).components.flatMap(({ value }) => textsBelow(document, value));
		return texts
			.filter(({ path }) => isCredentialKey(path.at(-1) ?? ""))
			.flatMap((each) => literalCredential(each.text) ?? []);
	});
}

/** A text that is no YAML only looked like a config. */
function literalsInText(text: string, file: string): string[] {
	try {
		return literalsIn(text, file, "otelcol");
	} catch (error) {
		if (error instanceof CrossfadeError) return [];
		throw error;
	}
}

/** Strings in Alloy attributes and object entries with a credential's name. */
function alloyTexts(text: string, file: string): string[] {
	const found: string[] = [];
	const walk = (statements: ReturnType<typeof parseAlloy>) => {
		for (const each of statements) {
			if (each.kind === "block") walk([...each.body]);
			else {
				for (const [index, token] of each.value.entries()) {
					const key = each.value[index - 1]?.text === "=" ? each.value[index - 2] : undefined;
					const name = key ? (key.kind === "string" ? stringValue(key) : key.text) : each.name;
					if (token.kind === "string" && isCredentialKey(name)) found.push(stringValue(token));
				}
			}
		}
	};
	walk(parseAlloy(text, file));
	return found;
}
