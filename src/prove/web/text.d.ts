/** A file as text; `.ts` files are bundled for browsers first. See scripts/bundling.mjs. */
declare module "*?text" {
	const text: string;
	export default text;
}
