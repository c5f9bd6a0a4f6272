import runtime from "handlebars/runtime.js";
import { md, ps, sh, xml, yaml } from "../../base/quote.ts";

type TemplateSpecification = Parameters<typeof import("handlebars")["template"]>[0];

/** A template's view: plain data, every name defined. */
export type View = Readonly<Record<string, unknown>>;

/** The package has no typings for its runtime-only entry, which has the same functions without the compiler. */
const engine = (runtime as unknown as typeof import("handlebars")).create();

/** A sentence for running text: one line, without markup that would end a comment or open a tag. */
function prose(text: string): string {
	if (/[\r\n<>]/.test(text)) throw new TypeError("prose is one line without angle brackets");
	return text;
}

/** A command or path in a fenced code block: one line that cannot end the fence. */
function code(text: string): string {
	if (/[\r\n]|```/.test(text)) throw new TypeError("code is one line without a fence");
	return text;
}

/** A program of our own from templates/, as it is: never a value. */
function part(text: string): string {
	if (!text.endsWith("\n")) throw new TypeError("a part is whole lines");
	return text;
}

for (const [name, quote] of Object.entries({ sh, ps, xml, md, yaml, prose, code, part })) {
	engine.registerHelper(name, (value: unknown) => {
		if (typeof value !== "string" && typeof value !== "number") throw new TypeError(`{{${name}}} is not text`);
		return quote(String(value));
	});
}

/** Fills a precompiled template; a name missing from the view is an error. */
export function renderTemplate(template: unknown, view: View): string {
	return engine.template(template as TemplateSpecification)(view, {
		allowProtoPropertiesByDefault: false,
		allowProtoMethodsByDefault: false,
	});
}
