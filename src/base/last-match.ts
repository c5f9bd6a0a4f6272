/**
 * V8 keeps the last text in which a pattern was found, for `RegExp.input`: while nothing else happens, a request with its token. To be called
 * when one was looked at. https://tc39.es/proposal-regexp-legacy-features/
 */
export function forgetLastMatch(): void {
	/^/.test("");
}
