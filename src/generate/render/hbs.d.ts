/** A template, precompiled at build time by scripts/bundling.mjs. */
declare module "*.hbs" {
	const template: unknown;
	export default template;
}

/** A shell program, as text. */
declare module "*.sh" {
	const program: string;
	export default program;
}

/** An awk program, as text. */
declare module "*.awk" {
	const program: string;
	export default program;
}

/** A PowerShell program, as text. */
declare module "*.ps1" {
	const program: string;
	export default program;
}
