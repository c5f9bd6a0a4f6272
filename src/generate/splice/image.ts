import { type Document, isMap, isScalar, isSeq, type Node } from "yaml";
import { compareVersions, parseVersion, type Version } from "../../base/versions.ts";
import { keyOf } from "./yaml-document.ts";

/** An image that a file names, as `image: name:tag` or as a map of repository and tag. */
interface Image {
	readonly document: Document;
	/** Keys and positions that lead to what has the image. */
	readonly path: readonly (string | number)[];
	/** Undefined where only a tag is given: a chart's own default. */
	readonly repository: string | undefined;
	readonly tag: string | undefined;
}

/** Where a config is, for the image beside it. */
interface Beside {
	readonly document: Document;
	/** Keys from the top of the document. */
	readonly path: readonly (string | number)[];
}

/**
 * The release that a file's image says the config is for: that of the image beside or above it, otherwise the only one the file names of
 * these images (names without tag). Undefined if there is none, or if it has no release in its tag.
 */
export function imageRelease(
	documents: readonly Document[],
	names: readonly string[],
	beside: Beside | undefined,
): Version | undefined {
	const all = imagesIn(documents);
	const near = nearest(all, beside);
	if (near) return near.repository === undefined || isOneOf(near, names) ? releaseOf(near) : undefined;
	const [first, ...others] = all.filter((image) => isOneOf(image, names)).map(releaseOf);
	return first && others.every((each) => each && compareVersions(each, first) === 0) ? first : undefined;
}

/** What a file says about the image beside a config: whether it names one, and the name if it is none of these. */
export function imageBeside(documents: readonly Document[], names: readonly string[], beside: Beside | undefined) {
	const near = nearest(imagesIn(documents), beside);
	const isForeign = near?.repository !== undefined && !isOneOf(near, names);
	return { isNamed: near !== undefined, foreign: isForeign ? near.repository : undefined };
}

function imagesIn(documents: readonly Document[]): Image[] {
	return documents.flatMap((document) => imagesBelow(document, document.contents as Node | null, []));
}

/** The image beside a config, or next above it. */
function nearest(images: readonly Image[], beside: Beside | undefined): Image | undefined {
	return images
		.filter(({ document, path }) => document === beside?.document && path.every((key, at) => beside.path[at] === key))
		.sort((a, b) => b.path.length - a.path.length)[0];
}

function isOneOf({ repository }: Image, names: readonly string[]): boolean {
	return repository !== undefined && names.some((name) => baseOf(name) === baseOf(repository));
}

function releaseOf({ tag }: Image): Version | undefined {
	return tag === undefined ? undefined : parseVersion(tag);
}

/** The last part of an image's name: a mirror keeps it. */
function baseOf(name: string): string {
	return name.split("/").at(-1) ?? name;
}

function imagesBelow(document: Document, node: Node | null, path: readonly (string | number)[]): Image[] {
	if (isSeq(node)) return node.items.flatMap((item, index) => imagesBelow(document, item as Node, [...path, index]));
	if (!isMap(node)) return [];
	return node.items.flatMap((pair): Image[] => {
		const key = keyOf(pair);
		const value = pair.value as Node | null;
		if (key === undefined) return [];
		if (key !== "image") return imagesBelow(document, value, [...path, key]);
		if (isScalar(value) && typeof value.value === "string") return [{ document, path, ...splitImage(value.value) }];
		if (!isMap(value)) return [];
		const text = (name: string) => {
			const found = value.get(name);
			return typeof found === "string" && found !== "" ? found : undefined;
		};
		const tag = value.get("tag", true);
		// A tag without quotes may be a number: its text is what was meant.
		const written = isScalar(tag) ? (tag.source ?? String(tag.value)) : undefined;
		return [{ document, path, repository: text("repository") ?? text("name"), tag: written || undefined }];
	});
}

/** `registry:5000/name:tag@digest` -> name and tag. */
function splitImage(image: string): { repository: string; tag: string | undefined } {
	const match = /^(.*?)(?::([\w][\w.-]*))?(?:@sha256:[0-9a-f]+)?$/.exec(image);
	const tag = match?.[2];
	return { repository: match?.[1] ?? image, tag };
}
