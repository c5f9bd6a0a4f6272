import { win32 } from "node:path";
import { CrossfadeError } from "../../base/errors.ts";

/** Names that are devices in every folder, whatever extension follows. https://learn.microsoft.com/windows/win32/fileio/naming-a-file */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])$/i;

/**
 * Throws `CrossfadeError` (refused) for a path of Windows that would not be the file it names: a device, a stream of another file, or a name
 * that Windows shortens. Both separators, drive-relative (`C:x`), UNC and `\\?\` paths are taken.
 */
export function refuseOddName(path: string): void {
	const why = oddity(path);
	if (why === undefined) return;
	throw new CrossfadeError("refused", {
		what: why,
		expected: "a path of a file that Windows keeps under this very name",
		where: { file: path },
		fix: "choose another name",
	});
}

const rules: readonly (readonly [is: (name: string) => boolean, why: string])[] = [
	[
		(name) => DEVICE.test((name.split(/[.:]/, 1)[0] ?? "").trimEnd()),
		"the name of a device is no file name on Windows",
	],
	[(name) => name.includes(":"), "a colon names a stream beside the content of a file"],
	[(name) => /[<>"|?*\u0000-\u001f]/.test(name), "the name has a character that Windows takes in no file name"],
	[(name) => /[. ]$/.test(name) && !/^\.\.?$/.test(name), "Windows drops a dot or a space at the end of a name"],
];

function oddity(path: string): string | undefined {
	if (/^[\\/]{2}\.[\\/]/.test(path)) return "a path that begins with \\\\.\\ names a device";
	const plain = path.replace(/^\\\\\?\\(?:UNC\\)?/i, "");
	const { root } = win32.parse(plain);
	const names = plain.slice(root.length).split(/[\\/]/);
	return rules.find(([is]) => names.some(is))?.[1];
}
