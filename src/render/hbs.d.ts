/** A template, precompiled at build time by scripts/templates.mjs. */
declare module "*.hbs" {
	const template: unknown;
	export default template;
}
