/** Names that make a shell or its programs something else, whatever script they run. */
const NOT_OURS = new Set([
	"PATH",
	"HOME",
	"IFS",
	"LC_ALL",
	"PS4",
	"ENV",
	"BASH_ENV",
	"CDPATH",
	"SHELLOPTS",
	"http_proxy",
	"HTTP_PROXY",
]);

/** Every name that a shell script gives a value anywhere, as an assignment, to read into or as the variable of a loop; not the text of a pattern. */
export function inheritable(script: string): string[] {
	const names = new Set<string>();
	for (const [, name = ""] of script.matchAll(/(?<![\w$"'./*-])([A-Za-z_]\w*)=/g)) names.add(name);
	for (const [, name = ""] of script.matchAll(/\bfor ([A-Za-z_]\w*) in\b/g)) names.add(name);
	for (const [, list = ""] of script.matchAll(/\bread -r ([\w ]+)/g))
		for (const name of list.split(" ")) names.add(name);
	return [...names].filter((name) => name !== "" && !NOT_OURS.has(name)).sort();
}
