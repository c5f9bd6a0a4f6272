/** A file as a text; a `.ts` file is bundled for browsers first. See scripts/bundling.mjs. */
declare module "*?text" {
	const text: string;
	export default text;
}
