/** A template, precompiled at build time by scripts/bundling.mjs. */
declare module "*.hbs" {
	const template: unknown;
	export default template;
}
